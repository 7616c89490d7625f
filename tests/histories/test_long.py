"""Real processes that are killed again and again, over a network that fails: what clients see can
be, and in the end nothing is missing and nothing counts twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from google.cloud.firestore import Client as Firestore

from shared.embedded import open_embedded
from shared.store.aliases import KEPT_S
from shared.store.clients import emulator_client
from shared.store.connection import Connection
from shared.store.reconciling import Reconciler
from tests.backends import new_project
from tests.contract.books import assert_balanced
from tests.end_to_end.fault_proxy import Fault, GrpcProxy, TcpProxy
from tests.end_to_end.function_process import KEY, FunctionProcess, kill_in_turn
from tests.end_to_end.local_run import DEADLINE
from tests.histories.asker import Answer, Ask, Board
from tests.histories.checker import Checker
from tests.histories.history import Told, Write
from tests.histories.load import Client
from tests.histories.run import function_of

pytestmark = pytest.mark.long

SECONDS = 40.0
CLIENTS = 8
BETWEEN_FAULTS = 0.3
STATUSES = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)


class Network:
    """What lies between the functions and the emulator."""

    def __init__(self, emulator: str, stack: ExitStack) -> None:
        self._calls = stack.enter_context(GrpcProxy(emulator))
        self._connections = stack.enter_context(TcpProxy(self._calls.host))
        self.host = self._connections.host

    def fail_in_turns(self, stop: threading.Event) -> None:
        """Let one thing go wrong after the other, until it is to stop."""
        chance = random.Random(1)
        while not stop.wait(BETWEEN_FAULTS):
            fault = Fault(chance.choice(STATUSES), carried_out=chance.random() < 0.5)
            match chance.randrange(10):
                case 0:
                    self._connections.refuse()
                case 1 | 2 | 3:
                    self._connections.cut_answers(chance.randint(1, 3))
                case _:
                    self._calls.fail(fault, times=chance.randint(1, 5))
            stop.wait(BETWEEN_FAULTS)
            self._connections.heal()
        self._calls.heal()


@dataclass
class Service:
    """The functions, and their Firestore as it is without them."""

    functions: Mapping[str, FunctionProcess]
    firestore: Firestore
    network: Network | None = None


@contextmanager
def service_on_emulator(emulator: str, folder: Path) -> Iterator[Service]:
    with ExitStack() as stack:
        project, network = new_project(), Network(emulator, stack)
        firestore = emulator_client(emulator, project=project)
        stack.callback(firestore._firestore_api.transport.close)
        functions = started(
            stack, folder, FIRESTORE_EMULATOR_HOST=network.host, GOOGLE_CLOUD_PROJECT=project
        )
        yield Service(functions, firestore, network)


@contextmanager
def service_on_embedded(folder: Path) -> Iterator[Service]:
    with ExitStack() as stack:
        variables = {"LEDGER_BACKEND": "embedded", "LEDGER_DATA_DIR": str(folder / "data")}
        functions = started(stack, folder, GOOGLE_CLOUD_PROJECT="demo-histories", **variables)
        store = stack.enter_context(
            open_embedded(folder / "data" / "embedded", project="demo-histories")
        )
        yield Service(functions, store.client())


def started(stack: ExitStack, folder: Path, **variables: str) -> dict[str, FunctionProcess]:
    return {
        target: stack.enter_context(FunctionProcess(target, folder, **variables))
        for target in ("track_github", "contributions", "contributors", "assets")
    }


def asks(service: Service, client: httpx.Client) -> Ask:
    """The service by what it answers."""

    def ask(method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer | None:
        url = f"{service.functions[function_of(path)].address}{path}"
        try:
            answer = client.request(method, url, json=body, headers=dict(headers))
        except httpx.TransportError:
            # The function is starting.
            threading.Event().wait(0.1)
            return None
        told = answer.headers
        replayed = "Idempotency-Replayed" in told
        return Answer(answer.status_code, answer.json(), told.get("Link"), replayed)

    return ask


def load(service: Service, board: Board, ask: Ask) -> None:
    """All clients at once, while functions are killed and the network fails."""
    done = threading.Event()
    clients = [Client(number, ask, board) for number in range(CLIENTS)]
    clients[0].begin()

    def play(client: Client) -> None:
        while not done.is_set():
            client.step()

    with ThreadPoolExecutor(CLIENTS + 2) as threads:
        killing = threads.submit(kill_in_turn, [*service.functions.values()], done)
        running: list[Future[Any]] = [threads.submit(play, client) for client in clients]
        if service.network:
            running.append(threads.submit(service.network.fail_in_turns, done))
        # Ends early only where something failed.
        wait([killing, *running], timeout=SECONDS, return_when=FIRST_EXCEPTION)
        done.set()
        for each in running:
            each.result()
        assert killing.result() >= 3


@pytest.mark.parametrize("backend", ["embedded", "emulator"])
def test_what_clients_see_of_processes_that_are_killed_can_be(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    opened = (
        service_on_embedded(tmp_path)
        if backend == "embedded"
        else service_on_emulator(request.getfixturevalue("emulator"), tmp_path)
    )
    with opened as service, httpx.Client(headers=KEY, timeout=DEADLINE, trust_env=False) as client:
        board, ask = Board(joins_kept_s=KEPT_S), asks(service, client)
        load(service, board, ask)
        last = Client(CLIENTS, ask, board)
        last.settle()
        last.read_everything()
        assert list(Checker(board.history).wrong()) == []
        told = [event.told for event in board.history if isinstance(event, Write)]
        assert told.count(Told.NOTHING) > 0
        assert told.count(Told.DONE) > 100
        assert_balanced(service.firestore)
        findings = Reconciler(Connection(service.firestore)).findings
        assert list(findings(repair=False, progress=lambda *_: None)) == []
