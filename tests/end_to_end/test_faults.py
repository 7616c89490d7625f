"""A bad network between the functions and Firestore: nothing is lost, and nothing counts twice.

Each case is a fault and a way to record or void. The client gets the right answer or a 503 that
says when to come again, in time; when it has come again, every contribution is there once and every
total is the sum of them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest
from google.cloud.firestore import Client

from shared.store.clients import emulator_client
from shared.store.connection import Connection
from shared.store.reconciling import Reconciler
from tests.backends import new_project
from tests.contract.books import assert_balanced, documents
from tests.end_to_end.fault_proxy import Fault, GrpcProxy, TcpProxy
from tests.end_to_end.function_process import KEY, FunctionProcess
from tests.end_to_end.local_run import eventually

pytestmark = pytest.mark.long

# The functions give up after 9 seconds; the rest is for a machine that is busy.
PATIENCE = 15.0
COST = 5_000_000
PASSING = [
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
]
FOR_EVER = 100_000


class Network:
    """The functions, Firestore, and what lies between them."""

    def __init__(self, emulator: str, folder: Any, stack: ExitStack) -> None:
        project = new_project()
        self.ledger: Client = emulator_client(emulator, project=project)
        stack.callback(self.ledger._firestore_api.transport.close)
        self.calls = stack.enter_context(GrpcProxy(emulator))
        self.connections = stack.enter_context(TcpProxy(self.calls.host))
        self._numbers = itertools.count(1)
        self._clients = {}
        for target in ("track_github", "contributions"):
            function = FunctionProcess(
                target,
                folder,
                FIRESTORE_EMULATOR_HOST=self.connections.host,
                GOOGLE_CLOUD_PROJECT=project,
            )
            stack.enter_context(function)
            self._clients[target] = stack.enter_context(function.client(**KEY))

    def heal(self) -> None:
        self.calls.heal()
        self.connections.heal()

    def request(
        self, target: str, method: str, path: str, body: Any, **headers: str
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._clients[target].request(method, path, json=body, headers=named)

    def next_number(self) -> int:
        """Another one each time, for what must not have been seen before."""
        return next(self._numbers)


class Operation:
    """Something that a client does to a person and a repository of its own."""

    # What the live contributions come to in the end.
    contributions = 1
    statuses = frozenset({200, 201})

    def __init__(self, network: Network) -> None:
        number = network.next_number()
        self.network = network
        self.email = f"person{number}@example.com"
        self.repository = f"octo/repository-{number}"
        self.prepare()

    def prepare(self) -> None:
        """What has to be there before anything fails."""

    def send(self) -> httpx.Response:
        """Do it; the same request each time."""
        raise AssertionError("to be defined")

    def track(self, commit_hash: str) -> httpx.Response:
        report = {"repository": self.repository} | self.commit(commit_hash)
        return self.network.request("track_github", "POST", "/", report)

    def commit(self, commit_hash: str) -> dict[str, Any]:
        return {"contributor_email": self.email, "commit_hash": commit_hash, "cost_amount": "5.00"}

    def assert_answered(self, answer: httpx.Response) -> None:
        assert answer.status_code in self.statuses, (type(self).__name__, answer.text)

    def assert_counted_once(self) -> None:
        """Contributions, person and repository agree, and are what was asked for."""
        ledger = self.network.ledger
        kept = [
            contribution
            for contribution in documents(ledger, "contributions").values()
            if contribution["repository"] == self.repository and not contribution["voided"]
        ]
        person = documents(ledger, "contributors")[self.email]
        asset = documents(ledger, "assets")[self.repository.replace("/", ":")]
        assert len(kept) == self.contributions, type(self).__name__
        for account in (person, asset):
            assert account["contribution_count"] == self.contributions, type(self).__name__
            assert account["total_cost_micros"] == self.contributions * COST, type(self).__name__


class FirstCommit(Operation):
    def send(self) -> httpx.Response:
        return self.track("abc123")


class SecondCommit(FirstCommit):
    contributions = 2

    def prepare(self) -> None:
        self.assert_answered(self.track("bbbbbb"))


class Batch(Operation):
    contributions = 3
    statuses = frozenset({200})

    def send(self) -> httpx.Response:
        commits = [self.commit(commit_hash) for commit_hash in ("abc123", "bbbbbb", "cccccc")]
        batch = {"repository": self.repository, "commits": commits}
        return self.network.request("track_github", "POST", "/v1/contributions/github/batch", batch)

    def assert_answered(self, answer: httpx.Response) -> None:
        super().assert_answered(answer)
        counts = answer.json()["counts"]
        assert counts["recorded"] + counts["replayed"] == 3, counts


class ByIds(SecondCommit):
    def prepare(self) -> None:
        recorded = self.track("bbbbbb").json()
        self.request = {
            "contributor_id": recorded["contributor_id"],
            "asset_id": recorded["asset_id"],
            "cost_amount": "5.00",
        }

    def send(self) -> httpx.Response:
        return self.network.request(
            "contributions", "POST", "/", self.request, Idempotency_Key=self.email
        )


class Void(Operation):
    contributions = 0
    statuses = frozenset({200})

    def prepare(self) -> None:
        self.path = f"/v1/contributions/{self.track('abc123').json()['id']}"

    def send(self) -> httpx.Response:
        return self.network.request("contributions", "DELETE", self.path, {"reason": "a test"})

    def assert_answered(self, answer: httpx.Response) -> None:
        super().assert_answered(answer)
        assert answer.json()["voided"] is True


OPERATIONS = (FirstCommit, SecondCommit, Batch, ByIds, Void)


@dataclass(frozen=True)
class Timed:
    """An answer, and the seconds it took."""

    answer: httpx.Response
    seconds: float


def send(operation: Operation) -> Timed:
    began = time.monotonic()
    answer = operation.send()
    return Timed(answer, time.monotonic() - began)


def send_all(operations: Sequence[Operation]) -> list[Timed]:
    """What each gets, all sent at the same time."""
    with ThreadPoolExecutor(len(operations)) as threads:
        return list(threads.map(send, operations))


def come_again(operation: Operation) -> httpx.Response:
    """What a client gets who comes again after each 503."""
    answers: list[httpx.Response] = []

    def answered() -> bool:
        answers.append(operation.send())
        return answers[-1].status_code != 503

    eventually(answered, what=f"{type(operation).__name__} is answered again")
    return answers[-1]


def assert_told_to_come_again(result: Timed) -> None:
    answer = result.answer
    assert answer.status_code == 503, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1
    assert result.seconds < PATIENCE


@pytest.fixture(scope="module")
def network(emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with ExitStack() as stack:
        network = Network(emulator, tmp_path_factory.mktemp("faults"), stack)
        yield network
        # Whatever happened, and in whatever order: the books are right.
        assert len(assert_balanced(network.ledger)) > len(OPERATIONS)
        reconciler = Reconciler(Connection(network.ledger))
        assert list(reconciler.findings(repair=False, progress=lambda *_: None)) == []


@pytest.fixture(autouse=True)
def _healed(network: Network) -> Iterator[None]:
    network.heal()
    yield
    network.heal()


@pytest.mark.parametrize("make", OPERATIONS)
class TestPassingFault:
    """One that is over before the functions give up: the client hears nothing of it."""

    @pytest.mark.parametrize("status", PASSING, ids=lambda status: status.name)
    def test_of_a_status_is_waited_out(
        self, network: Network, make: type[Operation], status: grpc.StatusCode
    ) -> None:
        operation = make(network)
        network.calls.fail(Fault(status), times=3)
        operation.assert_answered(operation.send())
        assert network.calls.pending == 0
        operation.assert_counted_once()

    @pytest.mark.parametrize("status", PASSING, ids=lambda status: status.name)
    def test_that_loses_the_answer_to_a_commit_is_found_out(
        self, network: Network, make: type[Operation], status: grpc.StatusCode
    ) -> None:
        operation = make(network)
        network.calls.fail(Fault(status, carried_out=True), times=1)
        operation.assert_answered(operation.send())
        assert network.calls.pending == 0
        operation.assert_counted_once()
        # A client that did not hear the answer either comes again.
        again = operation.send()
        operation.assert_answered(again)
        operation.assert_counted_once()

    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_that_resets_the_connection_in_mid_answer_is_found_out(
        self, network: Network, make: type[Operation], times: int
    ) -> None:
        operation = make(network)
        network.connections.cut_answers(times)
        operation.assert_answered(operation.send())
        assert network.connections.cuts == 0
        operation.assert_counted_once()


def test_an_answer_that_never_comes_is_not_waited_for_to_the_end(network: Network) -> None:
    operations = [make(network) for make in OPERATIONS]
    network.calls.fail(Fault(None, carried_out=True), times=len(operations))
    for operation, result in zip(operations, send_all(operations), strict=True):
        operation.assert_answered(result.answer)
        assert result.seconds < PATIENCE
        operation.assert_counted_once()
    assert network.calls.pending == 0


def refuse(network: Network) -> None:
    network.connections.refuse()


def fall_silent(network: Network) -> None:
    network.connections.fall_silent()


def cut(network: Network) -> None:
    network.connections.cut_answers(FOR_EVER)


def never_answer(network: Network) -> None:
    network.calls.fail(Fault(None), times=FOR_EVER)


def answer_with(status: grpc.StatusCode) -> Callable[[Network], None]:
    return lambda network: network.calls.fail(Fault(status), times=FOR_EVER)


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(refuse, id="refused connections"),
        pytest.param(fall_silent, id="silent connections"),
        pytest.param(never_answer, id="calls that hang"),
        # Each commit may have been carried out, and no answer tells.
        pytest.param(cut, id="answers cut off"),
        *(pytest.param(answer_with(status), id=status.name) for status in PASSING),
    ],
)
def test_a_fault_that_stays_is_a_503_in_time_and_the_next_try_counts_once(
    network: Network, begin: Callable[[Network], None]
) -> None:
    operations = [make(network) for make in OPERATIONS]
    begin(network)
    for result in send_all(operations):
        assert_told_to_come_again(result)
    network.heal()
    for operation in operations:
        operation.assert_answered(come_again(operation))
        operation.assert_counted_once()


def test_many_clients_with_one_report_through_a_bad_network_count_once(network: Network) -> None:
    operation = FirstCommit(network)
    for status in PASSING * 5:
        network.calls.fail(Fault(status), times=1)
        network.calls.fail(Fault(status, carried_out=True), times=1)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: come_again(operation), range(8)))
    for answer in answers:
        operation.assert_answered(answer)
    operation.assert_counted_once()
