"""What every test shares: deterministic generators, a clean environment, and the backends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from google.cloud.firestore import Client
from hypothesis import HealthCheck, settings

from shared.embedded import INDEX_FILE, open_embedded
from tests.backends import emulator_client, new_project, start_emulator

settings.register_profile(
    "ledger",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ledger")

# The functions read their settings when they are imported; the developer's own must not decide
# on the outcome of a test.
for _name in [name for name in os.environ if name.startswith("LEDGER_")]:
    del os.environ[_name]

OpenClient = Callable[[], Client]


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The address of a Firestore emulator: that of the environment, or one started for the run."""
    given = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if given:
        yield given
        return
    with start_emulator() as host:
        yield host


@pytest.fixture
def index_file() -> Path:
    """The composite indexes that the embedded store has; the emulator knows of none."""
    return INDEX_FILE


@pytest.fixture(params=["embedded", "emulator"])
def open_client(request: pytest.FixtureRequest, index_file: Path) -> Iterator[OpenClient]:
    """Opens clients on one empty database; a test that asks for it runs on both backends."""
    project = new_project()
    with ExitStack() as stack:
        if request.param == "embedded":
            store = open_embedded(None, project=project, index_file=index_file)
            yield stack.enter_context(store).client
            return
        host = request.getfixturevalue("emulator")

        def open_on_emulator() -> Client:
            client = emulator_client(host, project=project)
            # An open channel would be found by the garbage collector, and warned of.
            stack.callback(client._firestore_api.transport.close)
            return client

        yield open_on_emulator


@pytest.fixture
def client(open_client: OpenClient) -> Client:
    """A client on an empty database."""
    return open_client()
