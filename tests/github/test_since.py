"""Since when: all that is not before a date, and all that a branch got since then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from common import ConfigurationError
from since import read_since
from tests.github.repositories import Repository
from tests.github.runner import Backfill, Runner
from tests.github.stub_ledger import StubLedger

RunnerFor = Callable[..., Runner]

NOW = datetime(2026, 3, 15, 12, 30, tzinfo=UTC)


class TestADate:
    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ("2024-01-01", datetime(2024, 1, 1, tzinfo=UTC)),
            (" 2024-01-01 ", datetime(2024, 1, 1, tzinfo=UTC)),
            ("2024-02-29T10:11:12Z", datetime(2024, 2, 29, 10, 11, 12, tzinfo=UTC)),
            ("2024-02-29t10:11:12.5z", datetime(2024, 2, 29, 10, 11, 12, tzinfo=UTC)),
            ("2024-02-29 10:11", datetime(2024, 2, 29, 10, 11, tzinfo=UTC)),
            ("2024-02-29 10:11:12 +0200", datetime(2024, 2, 29, 8, 11, 12, tzinfo=UTC)),
            ("2024-02-29T10:11:12-05:30", datetime(2024, 2, 29, 15, 41, 12, tzinfo=UTC)),
            ("1969-12-31", datetime(1969, 12, 31, tzinfo=UTC)),
            ("30 days", NOW - timedelta(days=30)),
            ("1 day ago", NOW - timedelta(days=1)),
            ("2.weeks.ago", NOW - timedelta(weeks=2)),
            ("36 hours", NOW - timedelta(hours=36)),
            ("6 months", NOW - timedelta(days=180)),
            ("1 Year", NOW - timedelta(days=365)),
        ],
    )
    def test_is_read_as_a_moment_in_utc(self, written: str, meant: datetime) -> None:
        assert read_since(written, NOW.timestamp()) == meant.timestamp()

    @pytest.mark.parametrize(
        "written",
        [
            *("yesteryear", "yesterday", "never", "now", "days", "-3 days", "3 fortnights"),
            *("2024", "2024-13-01", "2024-02-30", "2024-1-1", "01/02/2024", "20240101"),
            *("2024-01-01T25:00:00Z", "2024-01-01T10:00:00+99:00", "1700000000", "2024-01-01\n2"),
        ],
    )
    def test_that_is_none_is_an_error_before_anything_is_sent(
        self, backfill: Backfill, ledger: StubLedger, written: str
    ) -> None:
        with pytest.raises(ConfigurationError, match="is no date; it is written like 2024-01-31"):
            read_since(written, NOW.timestamp())

        if written == "yesteryear":
            assert backfill.run("--since", written).returncode == 2
            assert ledger.requests == []


@pytest.fixture
def odd(origin: Repository) -> dict[str, str]:
    """Return the commits of a history in which clocks were wrong."""
    return {
        name: origin.commit(name, at=at)
        for name, at in (
            ("old", "2020-01-01T00:00:00Z"),
            ("eve", "2023-12-31T23:59:59Z"),
            ("first", "2024-01-01T00:00:00Z"),
            ("local", "2024-01-01T00:30:00 +0100"),
            ("wanted", "2024-02-01T00:00:00Z"),
            ("clock was wrong", "2001-01-01T00:00:00Z"),
            ("clock was in the future", "2037-01-01T00:00:00Z"),
            ("newest", "2024-03-01T00:00:00Z"),
            ("tip with a wrong date", "1970-01-01T00:00:01Z"),
        )
    }


class TestABackfillSinceADate:
    def test_reports_each_commit_that_is_not_before_it_whatever_stands_around_it(
        self, odd: dict[str, str], backfill: Backfill, ledger: StubLedger
    ) -> None:
        done = backfill.run("--since", "2024-01-01")

        assert {name for name, made in odd.items() if made in ledger.hashes} == {
            *("first", "wanted", "newest", "clock was in the future"),
        }
        assert done.stdout == "Done. 4 recorded, 0 replayed, 0 rejected.\n"
        assert "4 of 4 commits" in done.stderr

    def test_goes_by_the_committers_time(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger
    ) -> None:
        picked = origin.commit_object(b"Ada <ada@example.com> 1 +0000")

        backfill.run("--since", "2023-11-14T22:14:00Z")

        assert ledger.hashes == [picked]
        assert ledger.sent[0]["timestamp"] == "1970-01-01T00:00:01Z"

    def test_that_is_to_come_reports_nothing(
        self, odd: dict[str, str], backfill: Backfill, ledger: StubLedger
    ) -> None:
        assert backfill.run("--since", "2999-01-01").returncode == 0
        assert ledger.requests == []


class TestCatchingUp:
    """Events that bring no commits: what the default branch got is reported, replays and all."""

    @pytest.mark.parametrize("event", ["schedule", "workflow_dispatch", "repository_dispatch"])
    @pytest.mark.parametrize("depth", [0, 1])
    def test_reports_what_the_branch_got_since_then(
        self,
        odd: dict[str, str],
        origin: Repository,
        runner_for: RunnerFor,
        ledger: StubLedger,
        event: str,
        depth: int,
    ) -> None:
        inputs = ledger.inputs | {"since": "2024-01-01"}

        run = runner_for(origin.head, depth=depth).catch_up(event, origin.head, inputs=inputs)

        assert run.annotations("error") == []
        # A clock that was wrong does not leave a gap that no run would heal.
        assert ledger.hashes == [odd[name] for name in odd if name not in ("old", "eve")]
        assert "Reporting what main got since 2024-01-01T00:00:00Z.\n" in run.stdout

    def test_reports_older_commits_of_a_branch_that_was_merged_since(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.commit(at="2020-01-01T00:00:00Z")
        origin.branch("feature")
        feature = origin.commit(files={"f.txt": "1\n"}, at="2020-02-01T00:00:00Z")
        origin.switch("main")
        origin.commit(at="2020-03-01T00:00:00Z")
        merge = origin.merge("feature", at="2024-01-05T00:00:00Z")

        runner_for(merge).catch_up(
            "schedule", merge, inputs=ledger.inputs | {"since": "2024-01-01"}
        )

        assert ledger.hashes == [feature]

    def test_reports_the_last_thirty_days_unless_told_otherwise(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        now = datetime.now(UTC)
        for days in (400, 31, 29, 1):
            origin.commit(f"{days} days ago", at=(now - timedelta(days=days)).isoformat())
        recent = origin.git("rev-list", "--reverse", "HEAD~2..HEAD").split()
        runner = runner_for(origin.head)

        first = runner.catch_up("schedule", origin.head, inputs=ledger.inputs)
        again = runner.catch_up("schedule", origin.head, inputs=ledger.inputs | {"since": ""})

        assert ledger.hashes == recent * 2
        assert (first.counts, again.counts) == ((2, 0, 0, 0), (0, 2, 0, 0))

    def test_on_another_branch_reports_the_default_branch(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.branch("feature")
        feature = origin.commit()
        origin.switch("main")
        main = origin.commit()
        runner = runner_for(feature, branch="feature", depth=1)

        run = runner.catch_up(
            "workflow_dispatch",
            feature,
            branch="feature",
            default_branch="main",
            inputs=ledger.inputs | {"since": "2023-11-14T22:14:00Z"},
        )

        assert run.annotations("error") == []
        assert ledger.hashes == [main]

    def test_of_nothing_new_says_so(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        run = runner_for(origin.head).catch_up("schedule", origin.head, inputs=ledger.inputs)

        assert run.annotations("notice") == [
            "Skipped: there are no commits that were not here before"
        ]

    def test_since_no_date_is_an_error(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        inputs = ledger.inputs | {"since": "yesteryear"}

        run = runner_for(origin.head).catch_up("schedule", origin.head, inputs=inputs)

        (error,) = run.annotations("error")
        assert "since: yesteryear is no date" in error
        assert ledger.requests == []
