"""Random histories, each on an empty ledger of its own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from google.cloud.firestore import Client
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from shared.embedded import open_embedded
from shared.store.clients import emulator_client
from tests.backends import new_project


def run_histories(
    machine: Any, request: pytest.FixtureRequest, backend: str, *, examples: int, steps: int
) -> None:
    """Run a state machine, which is made with a client, on the embedded store or the emulator."""
    with ExitStack() as stack:
        host = request.getfixturevalue("emulator") if backend == "emulator" else None

        def new_client() -> Client:
            if host is None:
                return stack.enter_context(open_embedded(None, project=new_project())).client()
            client = emulator_client(host, project=new_project())
            stack.callback(client._firestore_api.transport.close)
            return client

        class OnBackend(machine):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__(new_client())

        run_state_machine_as_test(
            OnBackend, settings=settings(max_examples=examples, stateful_step_count=steps)
        )
