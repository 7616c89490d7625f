"""What every test shares: deterministic generators, a clean environment, and the backends."""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from _pytest import runner
from _pytest.faulthandler import fault_handler_stderr_fd_key
from google.cloud.firestore import Client
from hypothesis import HealthCheck, settings

from shared.embedded import INDEX_FILE, open_embedded
from shared.store.clients import emulator_client
from tests.backends import new_project, start_emulator

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

# What functions-framework would set at every function that a test makes.
os.environ.update(FUNCTION_TARGET="function", FUNCTION_SIGNATURE_TYPE="http")

_running_tests = False


def _keep_environment(event: str, arguments: tuple[bytes, ...]) -> None:
    if not _running_tests or event not in {"os.putenv", "os.unsetenv"}:
        return
    name, *value = arguments
    if [os.environb.get(name)] != value:
        raise RuntimeError(f"A test changes the environment: {name!r}")


sys.addaudithook(_keep_environment)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Nothing changes the environment: gRPC's threads read it, and glibc moves it under them."""
    global _running_tests
    # Pytest itself would note there which test runs.
    runner._update_current_test_var = lambda *_: None
    _running_tests = True
    try:
        return (yield)
    finally:
        _running_tests = False


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item) -> None:
    """Watch the teardown of a test that failed, too: pytest has just ended its watch."""
    faulthandler.dump_traceback_later(
        float(node.config.getini("faulthandler_timeout")),
        exit=True,
        file=node.config.stash[fault_handler_stderr_fd_key],
    )


def pytest_unconfigure() -> None:
    """Let no thread that a test left behind keep the process after the last test."""
    # Not to `sys.stderr`, in whose place whoever runs pytest from Python may have put something.
    faulthandler.dump_traceback_later(60, exit=True, file=2)


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
