"""How commits are sent: in bounded batches, and again where trying again can help."""

from __future__ import annotations

import email.utils
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from action import run_action
from common import Runtime
from tests.github.repositories import ZEROS, Repository
from tests.github.runner import Run, Runner
from tests.github.stub_ledger import StubLedger, answer, obey, problem, record_and_reset, reset

RunnerFor = Callable[..., Runner]

NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


@dataclass
class Clock:
    """A clock that only sleeping moves, and a die that always shows the highest number."""

    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now

    def wall(self) -> float:
        return NOON + self.now - 1000.0

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def uniform(self, low: float, high: float) -> float:
        return high


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def push(
    origin: Repository, runner_for: RunnerFor, ledger: StubLedger, clock: Clock
) -> Callable[..., Run]:
    """Return what reports the repository's `main` in this process, on the test's clock."""

    def run(url: str = "") -> Run:
        runner = runner_for(origin.head)
        event = {
            "ref": "refs/heads/main",
            "before": ZEROS,
            "after": origin.head,
            "repository": {"default_branch": "main"},
        }
        environ = runner.environ(event, inputs=ledger.inputs | {"url": url or ledger.url})
        stdout, stderr = io.StringIO(), io.StringIO()
        runtime = Runtime(
            environ=environ,
            stdout=stdout,
            stderr=stderr,
            clock=clock.read,
            wall_clock=clock.wall,
            sleep=clock.sleep,
            uniform=clock.uniform,
        )
        status = run_action(runtime)
        return runner.collect(environ, status, stdout.getvalue(), stderr.getvalue())

    return run


Push = Callable[..., Run]


class TestTryingAgain:
    def test_after_server_errors_waits_twice_as_long_each_time(
        self, push: Push, ledger: StubLedger, clock: Clock
    ) -> None:
        ledger.then(*(answer(status) for status in (500, 502, 503, 504, 599, 500, 500)))

        run = push()

        assert run.counts == (1, 0, 0, 0)
        assert clock.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
        assert "HTTP 503; next try in 4.0 s" in run.stderr

    def test_jitter_is_full(self, push: Push, ledger: StubLedger, clock: Clock) -> None:
        asked: list[tuple[float, float]] = []

        def lowest(low: float, high: float) -> float:
            asked.append((low, high))
            return low

        clock.uniform = lowest  # type: ignore[method-assign]
        ledger.then(answer(500), answer(500), answer(500))

        push()

        assert asked == [(0.0, 1.0), (0.0, 2.0), (0.0, 4.0)]
        assert clock.pauses == [0.0, 0.0, 0.0]

    def test_after_too_many_requests_waits_as_long_as_asked_and_a_little(
        self, push: Push, ledger: StubLedger, clock: Clock
    ) -> None:
        ledger.then(answer(429, Retry_After="20"))

        run = push()

        assert run.counts == (1, 0, 0, 0)
        assert clock.pauses == [pytest.approx(22.0)]

    def test_takes_a_date_in_retry_after(
        self, push: Push, ledger: StubLedger, clock: Clock
    ) -> None:
        ledger.then(
            answer(503, Retry_After=email.utils.formatdate(NOON + 40, usegmt=True)),
            answer(503, Retry_After=email.utils.formatdate(NOON - 40, usegmt=True)),
        )

        run = push()

        assert run.counts == (1, 0, 0, 0)
        assert clock.pauses == [pytest.approx(44.0), 2.0]

    @pytest.mark.parametrize("value", ["soon", "-5", "", "Thu, 99 Xyz 2026 00:00:00 GMT", "1e9"])
    def test_falls_back_to_its_own_delay_where_retry_after_is_nonsense(
        self, push: Push, ledger: StubLedger, clock: Clock, value: str
    ) -> None:
        ledger.then(answer(503, Retry_After=value))

        assert push().counts == (1, 0, 0, 0)
        assert clock.pauses == [1.0]

    def test_after_a_lost_connection(self, push: Push, ledger: StubLedger, clock: Clock) -> None:
        ledger.then(reset)

        assert push().counts == (1, 0, 0, 0)
        assert clock.pauses == [1.0]

    def test_after_a_lost_answer_finds_the_commits_replayed(
        self, push: Push, ledger: StubLedger
    ) -> None:
        ledger.then(record_and_reset)

        assert push().counts == (0, 1, 0, 0)
        assert len(ledger.entries) == 1

    @pytest.mark.parametrize("retry_after", ["0", "2", "30", ""])
    def test_outlasts_a_ledger_that_is_away_for_eight_minutes(
        self, push: Push, ledger: StubLedger, clock: Clock, retry_after: str
    ) -> None:
        back = clock.now + 480

        def away(handler: object) -> None:
            if clock.now < back:
                ledger.then(away)
                answer(503, Retry_After=retry_after)(handler)  # type: ignore[arg-type]
            else:
                obey(handler)  # type: ignore[arg-type]

        ledger.then(away)

        assert push().counts == (1, 0, 0, 0)
        assert 480 <= sum(clock.pauses) < 540

    def test_ends_after_ten_minutes(self, push: Push, ledger: StubLedger, clock: Clock) -> None:
        ledger.then(*[answer(500, Retry_After="0")] * 100)

        run = push()

        assert run.counts == (0, 0, 0, 1)
        assert 540 < sum(clock.pauses) <= 600
        assert len(ledger.requests) == 24
        assert "HTTP 500; given up after 24 tries" in run.annotations("error")[0]

    def test_ends_before_a_pause_that_is_longer_than_its_patience(
        self, push: Push, ledger: StubLedger, clock: Clock
    ) -> None:
        ledger.then(answer(429), problem(429, title="Too Many Requests"))
        ledger.then(answer(503, Retry_After="3600"))

        run = push()

        assert clock.pauses == [1.0, 2.0]
        assert (
            "HTTP 503; given up after 3 tries, the next would be 3960 s away"
            in run.annotations("error")[0]
        )

    def test_nobody_listening_is_a_failure_with_its_reason(self, push: Push, clock: Clock) -> None:
        with StubLedger() as gone:
            url = gone.url

        run = push(url)

        assert run.counts == (0, 0, 0, 1)
        assert sum(clock.pauses) > 540
        assert "Connection refused" in run.annotations("error")[0]

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
    def test_does_not_repeat_what_would_be_refused_again(
        self, push: Push, ledger: StubLedger, clock: Clock, status: int
    ) -> None:
        ledger.then(problem(status, title="No", detail="It is wrong"))

        run = push()

        assert run.counts == (0, 0, 0, 1)
        assert clock.pauses == []
        assert len(ledger.requests) == 1
        assert f"HTTP {status}: No: It is wrong" in run.annotations("error")[0]


class TestBatches:
    def test_hold_five_hundred_commits_at_most(
        self, origin: Repository, push: Push, ledger: StubLedger
    ) -> None:
        origin.commit_many(1200)

        run = push()

        assert run.counts == (1201, 0, 0, 0)
        assert [len(request.commits) for request in ledger.requests] == [500, 500, 201]
        assert ledger.hashes == origin.git("rev-list", "--reverse", "main").split()

    def test_hold_four_mebibytes_at_most(
        self, origin: Repository, push: Push, ledger: StubLedger
    ) -> None:
        trailers = [
            f"Co-authored-by: {'名' * 256} <{'a' * 230}{number}@example.com>"
            for number in range(50)
        ]
        origin.commit_many(120, message="Together\n\n" + "\n".join(trailers) + "\n")

        run = push()

        sizes = [len(request.body) for request in ledger.requests]
        largest_commit = 60_000
        assert run.counts == (121, 0, 0, 0)
        assert len(sizes) == 2
        assert 4 * 1024 * 1024 - largest_commit < sizes[0] <= 4 * 1024 * 1024

    def test_after_a_failure_are_not_sent_and_their_commits_have_failed(
        self, origin: Repository, push: Push, ledger: StubLedger
    ) -> None:
        origin.commit_many(1200)
        ledger.then(obey, problem(403, title="Forbidden"))

        run = push()

        assert run.counts == (500, 0, 0, 701)
        assert len(ledger.requests) == 2
        (error,) = run.annotations("error")
        assert "HTTP 403: Forbidden" in error
        assert error.endswith("and 696 more.")
        assert run.summary.count("| recorded |") == 500
