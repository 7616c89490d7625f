"""The Firestore emulator for tests, and what happens where there is none."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from shared.commands.emulator import Emulator, EmulatorMissing, Installation, find_emulator
from tests.watchdog import watched


def unavailable(reason: str) -> NoReturn:
    """Leave out a test that cannot run on this machine; under CI=true nothing may be left out."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI must run every test", pytrace=False)
    pytest.skip(reason)


def installed_emulator() -> Installation:
    """The emulator of this machine; without one, the test is `unavailable`."""
    try:
        return find_emulator(os.environ, home=Path.home())
    except EmulatorMissing as missing:
        unavailable(f"no Firestore emulator: {missing}")


@contextmanager
def start_emulator() -> Iterator[str]:
    """An emulator, empty at first, as `address:port`. Each test takes a `new_project` of it."""
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator.start(installed_emulator(), log=Path(folder, "emulator.log"))
        try:
            with watched(emulator.pid):
                yield emulator.host
        finally:
            emulator.stop()


def new_project() -> str:
    """A project id that no other test uses: the emulator keeps projects apart."""
    return f"demo-{uuid.uuid4().hex[:20]}"
