"""Reports for one repository that meet: one Commit for all of them, and for each what is due."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest
from google.api_core.exceptions import Aborted, InvalidArgument, ServiceUnavailable
from google.cloud.firestore import Client
from pydantic_core import PydanticSerializationError

from shared.domain.contribution import Commit, Outcome
from shared.domain.errors import Conflict, Unavailable
from shared.domain.repository import Repository
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.books import assert_balanced
from tests.contract.fake_time import BUDGET, FakeTime
from tests.contract.reports import ledger_of, outcome_of, report
from tests.contract.spy import After, Before, Crash, Spy

Results = Sequence[Recorded | Conflict]
_T = TypeVar("_T")

REPOSITORY = Repository.parse("seeker71/Coherence-Network")
PATIENCE = 60  # seconds; ends only a test that has failed


class Waiting:
    """A deadline for one request, which tells when the request waits for its turn.

    What goes on alone asks how much time is left too, but for a call that it then makes: here the
    calls are under way, so whoever asks is about to wait, and stands in the queue already.
    """

    def __init__(self, budget: float = PATIENCE) -> None:
        self._asked = threading.Event()
        self.deadline = Timing(
            budget=budget, rpc_timeout=budget, monotonic=self._monotonic
        ).deadline()
        self._asked.clear()

    def _monotonic(self) -> float:
        self._asked.set()
        return time.monotonic()

    def begun(self) -> None:
        """Come back when it waits."""
        assert self._asked.wait(PATIENCE)


@pytest.fixture
def settled(ledger: Ledger, spy: Spy) -> Ledger:
    """A ledger that knows the author and the repository of the reports."""
    ledger.commits.record(report("000000"), recorded_by="ci")
    spy.forget()
    return ledger


@pytest.fixture
def under_way(settled: Ledger, spy: Spy) -> Iterator[threading.Event]:
    """The next call to Firestore is under way until this event is set; the later ones pass."""
    arrived, go_on = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        if not arrived.is_set():
            arrived.set()
            assert go_on.wait(PATIENCE)

    spy.on_call = hold
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(settled.commits.record, report("aaaaaa"), recorded_by="ci")
        assert arrived.wait(PATIENCE)
        yield go_on
        go_on.set()
        assert not first.result().replayed


def batch(*hashes: str, **changes: object) -> list[Commit]:
    return [report(commit_hash, **changes) for commit_hash in hashes]


def outcomes(future: Future[Results]) -> list[Outcome]:
    return [outcome_of(result) for result in future.result()]


def hashes(future: Future[Results]) -> list[str | None]:
    kept = [result for result in future.result() if isinstance(result, Recorded)]
    return [result.contribution.commit_hash for result in kept]


@dataclass
class Posts:
    """Sends requests, each from a thread of its own, and comes back when it waits for its turn."""

    ledger: Ledger
    threads: ThreadPoolExecutor

    def __call__(self, commit_hash: str, **changes: object) -> Future[Recorded]:
        one = report(commit_hash, **changes)
        return self._send(self.ledger.commits.record, one)

    def batch(self, *commits: Commit, budget: float = PATIENCE) -> Future[Results]:
        return self._send(self.ledger.commits.record_all, REPOSITORY, commits, budget=budget)

    def _send(
        self, record: Callable[..., _T], *what: object, budget: float = PATIENCE
    ) -> Future[_T]:
        waiting = Waiting(budget)
        future = self.threads.submit(record, *what, recorded_by="x", deadline=waiting.deadline)
        waiting.begun()
        return future


@pytest.fixture
def post(settled: Ledger) -> Iterator[Posts]:
    with ThreadPoolExecutor(48) as threads:
        yield Posts(settled, threads)


def test_what_meets_is_one_commit(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client
) -> None:
    posted = [post(f"bbbbb{n}", cost_amount=n) for n in range(8)]
    under_way.set()
    contributions = [future.result().contribution for future in posted]
    assert [(e.commit_hash, e.cost_amount) for e in contributions] == [
        (f"bbbbb{n}", n * 1_000_000) for n in range(8)
    ]
    assert all(contribution.recorded_at for contribution in contributions)
    assert [(call.method, call.writes) for call in spy.calls] == [("commit", 4), ("commit", 8 + 3)]
    assert len(assert_balanced(client)) == 10


def test_other_repositories_do_not_wait(
    under_way: threading.Event, settled: Ledger, client: Client
) -> None:
    elsewhere = report("bbbbbb", repository="octo/elsewhere")
    assert not settled.commits.record(elsewhere, recorded_by="ci").replayed
    assert not under_way.is_set()
    assert_balanced(client)


def test_the_same_commit_twice_is_recorded_once(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client
) -> None:
    posted = [post("bbbbbb") for _ in range(3)]
    under_way.set()
    assert sorted(future.result().replayed for future in posted) == [False, True, True]
    # None of them made the Commit fail that they went into.
    assert [call.writes for call in spy.calls if call.method == "commit"] == [4, 4]
    assert len(assert_balanced(client)) == 3


def test_one_that_is_kept_already_does_not_take_the_others_along(
    under_way: threading.Event, post: Posts, client: Client
) -> None:
    new, replay, foreign, stranger = (
        post("bbbbb1"),
        post("000000"),
        post("000000", contributor_email="other@example.com"),
        post("bbbbb2", contributor_email="new@example.com"),
    )
    under_way.set()
    assert not new.result().replayed
    assert replay.result().replayed
    with pytest.raises(Conflict):
        foreign.result()
    assert not stranger.result().replayed
    assert len(assert_balanced(client)) == 4


@pytest.mark.parametrize("fault", [Before, After])
def test_a_fault_leaves_each_recorded_once(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client, fault: type[Before | After]
) -> None:
    posted = [post(f"bbbbb{n}") for n in range(5)]
    spy.fail("commit", None, fault(ServiceUnavailable("away")), fault(Aborted("contended")))
    under_way.set()
    assert len({future.result().contribution.id for future in posted}) == 5
    assert len(assert_balanced(client)) == 7


def test_the_end_of_one_thread_is_not_the_end_of_the_others(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client
) -> None:
    posted = [post(f"bbbbb{n}") for n in range(3)]
    spy.fail("commit", None, Before(Crash()))
    under_way.set()
    ends = [type(future.exception()).__name__ for future in posted]
    assert sorted(ends) == ["Crash", "NoneType", "NoneType"]
    assert len(assert_balanced(client)) == 4


def test_whose_time_is_up_leaves_the_others_theirs(
    client: Client, spy: Spy, open_client: OpenClient
) -> None:
    ledger_of(open_client()).commits.record(report("000000"), recorded_by="ci")
    waiter = threading.current_thread()
    # At the second look of the one that waits its time is nearly up, and at the third it is.
    looks = itertools.chain([0.0, BUDGET - 0.01], itertools.repeat(BUDGET))

    def monotonic() -> float:
        return next(looks) if threading.current_thread() is waiter else 0.0

    hurried = ledger_of(client, timing=replace(FakeTime().timing, monotonic=monotonic))
    arrived, go_on = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        arrived.set()
        assert go_on.wait(PATIENCE)

    spy.on_call = hold
    recorder = hurried.commits
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(recorder.record, report("aaaaaa"), recorded_by="ci")
        assert arrived.wait(PATIENCE)
        with pytest.raises(Unavailable):
            recorder.record(report("bbbbbb"), recorded_by="ci")
        go_on.set()
        assert not first.result().replayed
    assert set(assert_balanced(client)) == {
        f"seeker71:coherence-network@{commit_hash}" for commit_hash in ("000000", "aaaaaa")
    }


def test_what_is_too_much_for_one_request_is_two(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client
) -> None:
    metadata = {"log": "x" * 16_000}
    posted = [post(f"bbbb{n:02d}", metadata=metadata) for n in range(48)]
    under_way.set()
    assert not any(future.result().replayed for future in posted)
    assert spy.methods == ["commit"] * 3
    assert len(assert_balanced(client)) == 50


def test_what_cannot_be_recorded_fails_alone(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client
) -> None:
    posted = [post(f"bbbbb{n}") for n in range(4)]
    # The merged Commit, and then one of those that go on alone.
    spy.fail("commit", None, Before(InvalidArgument("too large")), Before(InvalidArgument("again")))
    under_way.set()
    ends = [type(future.exception()) for future in posted]
    assert sorted(end.__name__ for end in ends) == ["InvalidArgument", *["NoneType"] * 3]
    assert len(assert_balanced(client)) == 5


def test_one_replay_costs_the_others_a_read_and_they_stay_together(
    under_way: threading.Event, post: Posts, spy: Spy, client: Client
) -> None:
    posted = [post("000000"), *(post(f"bbbbb{n}") for n in range(6))]
    under_way.set()
    assert [future.result().replayed for future in posted] == [True, *[False] * 6]
    # The first of theirs fails, all that is known of them is read, and the rest go on together.
    assert spy.methods == ["commit", "commit", "batch_get_documents", "commit"]
    assert spy.calls[-1].writes == 6 + 3
    assert len(assert_balanced(client)) == 8


def test_the_report_with_the_most_time_left_leads(
    under_way: threading.Event, settled: Ledger, spy: Spy
) -> None:
    with ThreadPoolExecutor(3) as threads:
        posted = []
        for number, budget in enumerate((PATIENCE, 3 * PATIENCE, 2 * PATIENCE)):
            waiting = Waiting(budget)
            one = report(f"bbbbb{number}")
            record = settled.commits.record
            posted.append(threads.submit(record, one, recorded_by="ci", deadline=waiting.deadline))
            waiting.begun()
        under_way.set()
        assert not any(future.result().replayed for future in posted)
    timeout = spy.calls[-1].timeout
    assert timeout is not None
    assert 2 * PATIENCE < timeout <= 3 * PATIENCE


class TestSmallBatches:
    def test_are_recorded_with_single_reports_that_they_meet(
        self, under_way: threading.Event, post: Posts, spy: Spy, client: Client
    ) -> None:
        ten, three = [f"bbbbb{n}" for n in range(10)], ["cccccc", "dddddd", "eeeeee"]
        posted = [post.batch(*batch(*ten)), post.batch(*batch(*three))]
        single = post("ffffff")
        under_way.set()
        assert [hashes(future) for future in posted] == [ten, three]
        assert single.result().contribution.commit_hash == "ffffff"
        assert [call.writes for call in spy.calls] == [4, 10 + 3 + 1 + 3]
        assert len(assert_balanced(client)) == 2 + 14

    def test_are_those_of_up_to_10_commits_and_larger_ones_do_not_wait(
        self, under_way: threading.Event, settled: Ledger, client: Client
    ) -> None:
        eleven = batch(*(f"bbbb{n:02}" for n in range(11)))
        done = settled.commits.record_all(REPOSITORY, eleven, recorded_by="ci")
        assert [outcome_of(result) for result in done] == [Outcome.RECORDED] * 11
        assert not under_way.is_set()
        assert_balanced(client)

    def test_have_the_outcomes_of_their_own_commits(
        self, under_way: threading.Event, post: Posts, client: Client
    ) -> None:
        mixed = post.batch(*batch("000000", "bbbbbb", "bbbbbb"))
        theft = post.batch(*batch("cccccc", "000000", contributor_email="thief@example.com"))
        under_way.set()
        recorded, replayed, conflict = Outcome.RECORDED, Outcome.REPLAYED, Outcome.CONFLICT
        assert outcomes(mixed) == [replayed, recorded, replayed]
        assert outcomes(theft) == [recorded, conflict]
        assert len(assert_balanced(client)) == 4

    @pytest.mark.parametrize("fault", [Before, After])
    def test_that_share_a_commit_have_recorded_it_once_whatever_answer_is_lost(
        self,
        under_way: threading.Event,
        post: Posts,
        spy: Spy,
        client: Client,
        fault: type[Before | After],
    ) -> None:
        posted = [post.batch(*batch("bbbbbb", f"ccccc{n}")) for n in range(3)]
        spy.fail("commit", None, fault(ServiceUnavailable("away")))
        under_way.set()
        told = [outcomes(future) for future in posted]
        assert sorted(shared for shared, _ in told) == ["recorded", "replayed", "replayed"]
        assert [own for _, own in told] == [Outcome.RECORDED] * 3
        assert len(assert_balanced(client)) == 2 + 4

    def test_fail_alone_where_they_cannot_be_recorded(
        self, under_way: threading.Event, post: Posts, spy: Spy, client: Client
    ) -> None:
        posted = [post.batch(*batch(f"bbbbb{n}", f"ccccc{n}")) for n in range(3)]
        # The Commit of all, and then one of those that go on alone.
        spy.fail("commit", None, *[Before(InvalidArgument("too large"))] * 2)
        under_way.set()
        failed = [future for future in posted if future.exception()]
        assert [type(future.exception()) for future in failed] == [InvalidArgument]
        for future in set(posted) - set(failed):
            assert outcomes(future) == [Outcome.RECORDED] * 2
        assert len(assert_balanced(client)) == 2 + 4

    def test_whose_time_is_up_leave_the_others_theirs(
        self, under_way: threading.Event, post: Posts, client: Client
    ) -> None:
        hurried = post.batch(*batch("bbbbbb", "cccccc"), budget=0.05)
        patient = post.batch(*batch("cccccc", "dddddd"))
        with pytest.raises(Unavailable):
            hurried.result()
        under_way.set()
        assert outcomes(patient) == [Outcome.RECORDED] * 2
        assert len(assert_balanced(client)) == 4

    def test_go_on_when_the_one_that_leads_ends(
        self, under_way: threading.Event, post: Posts, spy: Spy, client: Client
    ) -> None:
        posted = [post.batch(*batch(f"bbbbb{n}", f"ccccc{n}")) for n in range(3)]
        # Carried out, and nobody is told.
        spy.fail("commit", None, After(Crash()))
        under_way.set()
        ends = sorted(type(future.exception()).__name__ for future in posted)
        assert ends == ["Crash", "NoneType", "NoneType"]
        for future in posted:
            if not future.exception():
                assert outcomes(future) == [Outcome.RECORDED] * 2
        assert len(assert_balanced(client)) == 2 + 6

    def test_whose_size_cannot_be_told_fail_before_they_wait(
        self, under_way: threading.Event, post: Posts, settled: Ledger, client: Client
    ) -> None:
        fine = post.batch(*batch("bbbbbb"))
        half_a_character = {"metadata": {"log": "\ud800"}}
        broken = [one.model_copy(update=half_a_character) for one in batch("cccccc")]
        with pytest.raises(PydanticSerializationError):
            settled.commits.record_all(REPOSITORY, broken, recorded_by="ci")
        assert not under_way.is_set()
        under_way.set()
        assert outcomes(fine) == [Outcome.RECORDED]
        assert len(assert_balanced(client)) == 3


def test_200_batches_of_one_from_16_threads_need_fewer_than_100_commits(
    under_way: threading.Event, settled: Ledger, spy: Spy, client: Client
) -> None:
    numbers = iter(range(200))

    def work(waiting: Waiting) -> None:
        for number in numbers:
            one = batch(f"{number + 1:06x}")
            settled.commits.record_all(REPOSITORY, one, recorded_by="ci", deadline=waiting.deadline)

    clients = [Waiting(PATIENCE) for _ in range(16)]
    with ThreadPoolExecutor(len(clients)) as threads:
        working = [threads.submit(work, waiting) for waiting in clients]
        for waiting in clients:
            waiting.begun()
        under_way.set()
        for future in working:
            future.result()
    assert len(assert_balanced(client)) == 2 + 200
    assert spy.methods.count("commit") < 100
