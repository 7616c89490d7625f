"""Reports for one repository that meet: one Commit for all of them, and for each what is due."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest
from google.api_core.exceptions import Aborted, InvalidArgument, ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.errors import Conflict, Unavailable
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.books import assert_balanced
from tests.contract.fake_time import BUDGET, LONGEST_CALL, FakeTime
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Crash, Spy

Post = Callable[..., Future[Recorded]]
PATIENCE = 60  # seconds; ends only a test that has failed


def wait_until(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline
        time.sleep(0.001)


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


@pytest.fixture
def post(settled: Ledger) -> Iterator[Post]:
    """Post a report from a thread of its own, and come back when it waits for its turn."""
    recorder = settled.commits
    with ThreadPoolExecutor(48) as threads:

        def post(commit_hash: str, **changes: object) -> Future[Recorded]:
            waiting = recorder.group_commit.waiting
            future = threads.submit(
                recorder.record, report(commit_hash, **changes), recorded_by="x"
            )
            wait_until(lambda: recorder.group_commit.waiting > waiting)
            return future

        yield post


def test_what_meets_is_one_commit(
    under_way: threading.Event, post: Post, spy: Spy, client: Client
) -> None:
    posted = [post(f"bbbbb{n}", cost_amount=n) for n in range(8)]
    under_way.set()
    contributions = [future.result().contribution for future in posted]
    assert [(e.commit_hash, e.cost_amount) for e in contributions] == [
        (f"bbbbb{n}", n * 1_000_000) for n in range(8)
    ]
    assert all(contribution.recorded_at for contribution in contributions)
    assert [(call.method, call.writes) for call in spy.calls] == [("commit", 3), ("commit", 8 + 2)]
    assert len(assert_balanced(client)) == 10


def test_other_repositories_do_not_wait(
    under_way: threading.Event, settled: Ledger, client: Client
) -> None:
    elsewhere = report("bbbbbb", repository="octo/elsewhere")
    assert not settled.commits.record(elsewhere, recorded_by="ci").replayed
    assert not under_way.is_set()
    assert_balanced(client)


def test_the_same_commit_twice_is_recorded_once(
    under_way: threading.Event, post: Post, spy: Spy, client: Client
) -> None:
    posted = [post("bbbbbb") for _ in range(3)]
    under_way.set()
    assert sorted(future.result().replayed for future in posted) == [False, True, True]
    # None of them made the Commit fail that they went into.
    assert [call.writes for call in spy.calls if call.method == "commit"] == [3, 3]
    assert len(assert_balanced(client)) == 3


def test_one_that_is_kept_already_does_not_take_the_others_along(
    under_way: threading.Event, post: Post, client: Client
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
    under_way: threading.Event, post: Post, spy: Spy, client: Client, fault: type[Before | After]
) -> None:
    posted = [post(f"bbbbb{n}") for n in range(5)]
    spy.fail("commit", None, fault(ServiceUnavailable("away")), fault(Aborted("contended")))
    under_way.set()
    assert len({future.result().contribution.id for future in posted}) == 5
    assert len(assert_balanced(client)) == 7


def test_the_end_of_one_thread_is_not_the_end_of_the_others(
    under_way: threading.Event, post: Post, spy: Spy, client: Client
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
        assert recorder.group_commit.waiting == 0
        go_on.set()
        assert not first.result().replayed
    assert set(assert_balanced(client)) == {
        f"seeker71:coherence-network@{commit_hash}" for commit_hash in ("000000", "aaaaaa")
    }


def test_what_is_too_much_for_one_request_is_two(
    under_way: threading.Event, post: Post, spy: Spy, client: Client
) -> None:
    metadata = {"log": "x" * 16_000}
    posted = [post(f"bbbb{n:02d}", metadata=metadata) for n in range(48)]
    under_way.set()
    assert not any(future.result().replayed for future in posted)
    assert spy.methods == ["commit"] * 3
    assert len(assert_balanced(client)) == 50


def test_what_cannot_be_recorded_fails_alone(
    under_way: threading.Event, post: Post, spy: Spy, client: Client
) -> None:
    posted = [post(f"bbbbb{n}") for n in range(4)]
    # The merged Commit, and then one of those that go on alone.
    spy.fail("commit", None, Before(InvalidArgument("too large")), Before(InvalidArgument("again")))
    under_way.set()
    ends = [type(future.exception()) for future in posted]
    assert sorted(end.__name__ for end in ends) == ["InvalidArgument", *["NoneType"] * 3]
    assert len(assert_balanced(client)) == 5


def test_one_replay_costs_the_others_a_read_and_they_stay_together(
    under_way: threading.Event, post: Post, spy: Spy, client: Client
) -> None:
    posted = [post("000000"), *(post(f"bbbbb{n}") for n in range(6))]
    under_way.set()
    assert [future.result().replayed for future in posted] == [True, *[False] * 6]
    assert spy.methods.count("batch_get_documents") == 7
    assert sum(call.writes for call in spy.calls if call.carried_out) <= 3 + 6 + 2 * 6
    assert len(assert_balanced(client)) == 8


def test_the_report_with_the_most_time_left_leads(
    client: Client, spy: Spy, open_client: OpenClient
) -> None:
    ledger_of(open_client()).commits.record(report("000000"), recorded_by="ci")
    time_passing = FakeTime()
    recorder = ledger_of(client, timing=time_passing.timing).commits
    arrived, go_on = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        arrived.set()
        assert go_on.wait(PATIENCE)

    spy.on_call = hold
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(recorder.record, report("aaaaaa"), recorded_by="ci")
        assert arrived.wait(PATIENCE)
        hurried = threads.submit(recorder.record, report("bbbbbb"), recorded_by="ci")
        wait_until(lambda: recorder.group_commit.waiting == 1)
        time_passing.now += BUDGET - 0.5
        patient = threads.submit(recorder.record, report("cccccc"), recorded_by="ci")
        wait_until(lambda: recorder.group_commit.waiting == 2)
        go_on.set()
        assert not any(future.result().replayed for future in (first, hurried, patient))
    assert [call.timeout for call in spy.calls] == [LONGEST_CALL, LONGEST_CALL]
