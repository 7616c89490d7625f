"""Reconciling finds every total that is not the sum of its contributions, and nothing else."""

from __future__ import annotations

import io
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count, islice
from pathlib import Path

import pytest
from google.api_core.exceptions import Aborted, ServiceUnavailable
from google.cloud.firestore import Client

from shared.commands.reconcile import EXIT_RIGHT, EXIT_UNCHECKED, EXIT_WRONG, Screen, reconcile
from shared.domain.drift import Finding, Kind, State, Totals
from shared.domain.errors import Unavailable
from shared.embedded import open_embedded
from shared.embedded.files import DATABASE
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.reconciling import Progress, Reconciler
from tests.backends import new_project
from tests.conftest import OpenClient
from tests.contract.books import assert_balanced, documents, without_zeros
from tests.contract.by_hand import new_asset, new_contributor, put
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Spy
from tests.end_to_end.local_run import clean_environment, run_command

PEOPLE = [f"person-{number}@example.com" for number in range(9)]
BROKEN_PERSON, BROKEN_ASSET = f"contributors/{PEOPLE[0]}", "assets/octo:repo-0"


def fill(ledger: Ledger, numbers: range, *, people: int = 3, repositories: int = 2) -> None:
    """A commit for each number; people and repositories take turns, one co-author each."""
    for number in numbers:
        one = report(
            f"{number:06x}",
            contributor_email=PEOPLE[number % people],
            repository=f"octo/repo-{number % repositories}",
            co_authors=[{"email": PEOPLE[(number + 1) % people]}],
            cost_amount="0.50",
        )
        ledger.commits.record(one, recorded_by="ci")


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Twelve contributions, two of them voided, and accounts without any contribution."""
    fill(ledger, range(12))
    for key in ("octo/repo-0@000000", "octo/repo-1@000005"):
        ledger.voids.void(key, voided_by="ops", reason=None)
    new_contributor(ledger, "idle@example.com")
    new_asset(ledger)
    return ledger


def findings(ledger: Ledger, *, repair: bool = False, page_size: int = 5) -> list[Finding]:
    reconciler = Reconciler(ledger.connection, page_size=page_size)
    return list(reconciler.findings(repair=repair, progress=lambda *_: None))


class TestFinding:
    @pytest.mark.parametrize("page_size", [1, 5, 12, 500])
    def test_nothing_where_every_total_is_right(self, filled: Ledger, page_size: int) -> None:
        assert findings(filled, page_size=page_size) == []

    def test_nothing_in_an_empty_ledger(self, ledger: Ledger) -> None:
        assert findings(ledger) == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("total_cost_micros", 1),
            ("contribution_count", 7),
            ("total_cost_micros", None),
            ("total_cost_micros", 2.5),
            ("contribution_count", "6"),
        ],
    )
    def test_a_total_that_was_changed_by_hand(
        self, filled: Ledger, client: Client, field: str, value: object
    ) -> None:
        before = documents(client, "assets")["octo:repo-0"]
        put(filled, BROKEN_ASSET, {field: value})
        [found] = findings(filled)
        assert (found.kind, found.id, found.label) == (Kind.ASSET, before["id"], "octo/repo-0")
        assert found.state is State.DRIFT
        assert found.actual == Totals(5, 2_500_000)
        assert found.stored != found.actual
        assert documents(client, "assets")["octo:repo-0"][field] == value

    def test_an_account_that_has_totals_and_no_contributions(self, filled: Ledger) -> None:
        put(filled, "contributors/idle@example.com", {"contribution_count": 1})
        [found] = findings(filled)
        assert (found.label, found.stored, found.actual) == (
            "idle@example.com",
            Totals(1, 0),
            Totals(0, 0),
        )

    def test_contributions_whose_account_is_not_there(self, filled: Ledger, client: Client) -> None:
        client.document(BROKEN_ASSET).delete()
        [found] = findings(filled, repair=True)
        assert (found.kind, found.state) == (Kind.ASSET, State.MISSING)
        assert (found.label, found.stored, found.actual) == (
            "octo/repo-0",
            None,
            Totals(5, 2_500_000),
        )
        assert "octo:repo-0" not in documents(client, "assets")

    def test_everything_at_once(self, filled: Ledger) -> None:
        for path in (BROKEN_ASSET, BROKEN_PERSON, f"contributors/{PEOPLE[2]}"):
            put(filled, path, {"total_cost_micros": -5})
        assert [found.label for found in findings(filled)] == [PEOPLE[0], PEOPLE[2], "octo/repo-0"]


BROKEN_PART = f"participations/octo:repo-0@{PEOPLE[0]}"
MONTH = "2020-05"


class TestDamageByHand:
    """Whatever of an account was changed is found, and mended to what it was."""

    @pytest.mark.parametrize(
        "damage",
        [
            {"months": {}},
            {"months": {MONTH: {"count": 1, "micros": 1}}},
            {"months": {MONTH: {"count": "many"}, "2020-06": {"count": 1}}},
            {"months": None},
            {"assisted_count": 1},
            {"first_at_micros": 2**60},
            {"last_at_micros": 0},
            {"first_at_micros": None},
        ],
        ids=str,
    )
    def test_is_found_and_mended(
        self, filled: Ledger, client: Client, damage: dict[str, object]
    ) -> None:
        findings(filled, repair=True)
        damaged = [BROKEN_PERSON, BROKEN_ASSET, BROKEN_PART]
        before = [client.document(path).get().to_dict() for path in damaged]
        for path in damaged:
            put(filled, path, damage)
        kinds = [Kind.CONTRIBUTOR, Kind.ASSET, Kind.PART]
        for repair, state in ((False, State.DRIFT), (True, State.MENDED)):
            found = findings(filled, repair=repair)
            assert [(one.kind, one.state) for one in found] == [(kind, state) for kind in kinds]
        for path, was in zip(damaged, before, strict=True):
            after = client.document(path).get().to_dict()
            assert without_zeros(after.pop("months")) == without_zeros(was.pop("months"))
            assert after == was
        assert_balanced(client)

    def test_of_a_weight_is_found_and_mended(self, filled: Ledger, client: Client) -> None:
        put(filled, BROKEN_PART, {"weight_micros": 1})
        assert [found.kind for found in findings(filled)] == [Kind.PART]
        findings(filled, repair=True)
        assert_balanced(client)

    def test_a_part_that_is_gone_is_made_again(self, filled: Ledger, client: Client) -> None:
        findings(filled, repair=True)
        before = client.document(BROKEN_PART).get().to_dict()
        client.document(BROKEN_PART).delete(timeout=10)
        [found] = findings(filled)
        assert (found.kind, found.state, found.stored) == (Kind.PART, State.DRIFT, None)
        assert [found.state for found in findings(filled, repair=True)] == [State.MENDED]
        after = client.document(BROKEN_PART).get().to_dict()
        assert without_zeros(after.pop("months")) == without_zeros(before.pop("months"))
        assert after == before

    def test_a_span_that_a_void_left_is_none_and_is_narrowed(
        self, filled: Ledger, client: Client
    ) -> None:
        early = report("00beef", repository="octo/repo-0", timestamp="2001-01-01T00:00:00Z")
        filled.commits.record(early, recorded_by="ci")
        filled.voids.void("octo/repo-0@00beef", voided_by="ops", reason=None)
        asset = client.document(BROKEN_ASSET)
        wide = asset.get().to_dict()["first_at_micros"]
        assert findings(filled) == []
        assert findings(filled, repair=True) == []
        assert asset.get().to_dict()["first_at_micros"] > wide


class TestRepairing:
    def test_writes_the_totals_and_touches_nothing_else(
        self, filled: Ledger, client: Client
    ) -> None:
        before = documents(client, "contributors") | documents(client, "assets")
        put(filled, BROKEN_PERSON, {"total_cost_micros": 1.5, "contribution_count": 0})
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        mended = findings(filled, repair=True)
        assert [found.state for found in mended] == [State.MENDED, State.MENDED]
        assert documents(client, "contributors") | documents(client, "assets") == before
        assert findings(filled) == []
        assert_balanced(client)

    def test_gives_an_account_made_again_its_totals_back(
        self, filled: Ledger, client: Client
    ) -> None:
        client.document(BROKEN_ASSET).delete()
        new_asset(filled, "octo/repo-0")
        [found] = findings(filled, repair=True)
        assert found.state is State.MENDED
        assert_balanced(client)

    def test_never_overwrites_what_is_recorded_meanwhile(
        self, filled: Ledger, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        other, fresh = ledger_of(open_client()), iter((1000, 1002))

        def meanwhile(_: float) -> None:
            # Twice, right before the repair is written.
            if spy.methods[-1] == "commit":
                for number in islice(fresh, 1):
                    fill(other, range(number, number + 1))

        spy.on_call = meanwhile
        [found] = findings(filled, repair=True)
        assert (found.state, found.stored) == (State.MENDED, Totals(5, 0))
        assert documents(client, "assets")["octo:repo-0"]["contribution_count"] == 7
        assert_balanced(client)

    def test_adds_what_is_recorded_between_the_sum_and_the_repair(
        self, filled: Ledger, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        other, fresh = ledger_of(open_client()), count(1000, 2)

        def meanwhile(_: float) -> None:
            # Before each read, but never again when the repair has been written.
            if spy.methods[-1] == "run_query" and "commit" not in spy.methods:
                fill(other, range(number := next(fresh), number + 1))

        spy.forget()
        spy.on_call = meanwhile
        reconciler = Reconciler(filled.connection, patience=0.2)
        found = [one.state for one in reconciler.findings(repair=True, progress=lambda *_: None)]
        # A backend that knows the present only cannot tell, and says so.
        assert found in ([State.MENDED], [State.UNSETTLED] * len(found))
        if State.MENDED in found:
            assert_balanced(client)

    @pytest.mark.parametrize("fault", [Before, After])
    def test_is_done_once_when_the_connection_breaks(
        self, filled: Ledger, spy: Spy, client: Client, fault: type[Before | After]
    ) -> None:
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        spy.fail("commit", fault(ServiceUnavailable("broken")))
        [found] = findings(filled, repair=True)
        assert (found.state, found.stored) == (State.MENDED, Totals(5, 0))
        assert_balanced(client)


class TestFaults:
    def test_that_pass_cost_one_page_and_no_false_alarm(self, filled: Ledger, spy: Spy) -> None:
        spy.forget()
        assert findings(filled) == []
        without = len(spy.calls)
        spy.forget()
        spy.fail("run_query", None, Before(ServiceUnavailable("x")), None, After(Aborted("x")))
        assert findings(filled) == []
        assert len(spy.calls) == without + 2

    def test_that_last_end_it(self, filled: Ledger, spy: Spy) -> None:
        seconds = [0.0]

        def sleep(pause: float) -> None:
            seconds[0] += pause

        timing = Timing(monotonic=lambda: seconds[0], sleep=sleep)
        spy.fail("run_query", None, *[Before(ServiceUnavailable("away"))] * 1000)
        with pytest.raises(Unavailable):
            findings(ledger_of(spy.client, timing=timing))

    def test_an_account_that_never_stands_still_is_told_exactly_or_left_open(
        self, filled: Ledger, spy: Spy, open_client: OpenClient
    ) -> None:
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        other, fresh = ledger_of(open_client()), count(1000)

        def meanwhile(_: float) -> None:
            if spy.methods[-1] == "run_query":
                fill(other, range(number := next(fresh), number + 1))

        spy.on_call = meanwhile
        reconciler = Reconciler(filled.connection, patience=0.2)
        for found in reconciler.findings(repair=False, progress=lambda *_: None):
            if found.state is not State.UNSETTLED:
                assert (found.label, found.state) == ("octo/repo-0", State.DRIFT)
                assert found.stored
                assert found.actual.micros - found.stored.micros == 2_500_000
                assert found.actual.count == found.stored.count


class TestWhileWritersGoOn:
    @contextmanager
    def writers(self, open_client: OpenClient) -> Iterator[Callable[[], None]]:
        """Threads that record and void, for the accounts of the test too; and one that waits for
        what they write."""
        done, wrote = threading.Event(), threading.Semaphore(0)
        fresh = count(0x1000)

        def write() -> None:
            ledger = ledger_of(open_client())
            while not done.is_set():
                number = next(fresh)
                fill(ledger, range(number, number + 1), people=9, repositories=8)
                if number % 3 == 0:
                    key = f"octo/repo-{number % 8}@{number:06x}"
                    ledger.voids.void(key, voided_by="ops", reason=None)
                wrote.release()
                # They leave an account alone for moments: the embedded store has no past to read.
                done.wait(0.05)

        def some_more() -> None:
            for _ in range(10):
                assert wrote.acquire(timeout=60)

        with ThreadPoolExecutor(2) as threads:
            tasks = [threads.submit(write) for _ in range(2)]
            try:
                some_more()
                yield some_more
            finally:
                done.set()
            for task in tasks:
                task.result()

    def test_no_right_total_is_called_wrong(self, filled: Ledger, open_client: OpenClient) -> None:
        with self.writers(open_client) as some_more:
            for _ in range(3):
                assert findings(filled, page_size=50) == []
                some_more()

    def test_a_broken_total_is_found_and_mended(
        self, filled: Ledger, client: Client, open_client: OpenClient
    ) -> None:
        with self.writers(open_client) as some_more:
            for path in (BROKEN_ASSET, BROKEN_PERSON):
                put(filled, path, {"total_cost_micros": 9_999_999_999})
            some_more()
            drifted = findings(filled, page_size=50)
            assert [found.label for found in drifted] == [PEOPLE[0], "octo/repo-0"]
            assert {found.state for found in drifted} == {State.DRIFT}
            mended = findings(filled, repair=True, page_size=50)
            assert [found.label for found in mended] == [PEOPLE[0], "octo/repo-0"]
            assert {found.state for found in mended} == {State.MENDED}
            some_more()
            assert findings(filled, page_size=50) == []
        assert_balanced(client)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestTheCommand:
    def run(
        self, ledger: Ledger, *, repair: bool = False, show_emails: bool = False
    ) -> tuple[int, list[str]]:
        out = io.StringIO()
        screen = Screen(out, io.StringIO())
        reconciler = Reconciler(ledger.connection)
        code = reconcile(reconciler, screen, repair=repair, show_emails=show_emails)
        return code, out.getvalue().splitlines()

    def test_says_that_every_total_is_right(self, filled: Ledger) -> None:
        code, lines = self.run(filled)
        assert code == EXIT_RIGHT
        assert lines == [
            "Of 10 contributions, 4 contributors, 3 assets, 6 parts: every total is right"
        ]

    def test_prints_each_wrong_total_without_an_address(self, filled: Ledger) -> None:
        put(filled, BROKEN_PERSON, {"total_cost_micros": 100_000_000})
        person = filled.find.contributor(PEOPLE[0]).stored.id
        asset = filled.find.asset("octo/repo-0").stored.id
        put(filled, BROKEN_ASSET, {"contribution_count": None})
        code, lines = self.run(filled)
        assert code == EXIT_WRONG
        assert lines == [
            f"drift: contributor {person} says 100.00 in 6; its contributions sum to 1.50 in 6",
            f"drift: asset {asset} (octo/repo-0) says what is no whole number; "
            "its contributions sum to 2.50 in 5",
            "Of 10 contributions, 4 contributors, 3 assets, 6 parts: 2 drift",
        ]

    def test_names_people_where_asked(self, filled: Ledger) -> None:
        put(filled, BROKEN_PERSON, {"total_cost_micros": 0})
        _, lines = self.run(filled, show_emails=True)
        assert f"({PEOPLE[0]})" in lines[0]

    def test_names_people_whose_address_is_spelt_otherwise_today(self, filled: Ledger) -> None:
        kept = {"id": "4711", "email": "p\u200berson-0@example.com"}
        totals = {"contribution_count": 0, "total_cost_micros": 0, "parts": 1}
        filled.connection.contributors.document("p").set(kept | totals, timeout=10)
        today = filled.find.contributor(PEOPLE[0]).stored.id
        code, lines = self.run(filled)
        assert code == EXIT_RIGHT
        assert lines == [
            f"spelling: contributor 4711 is spelt otherwise today, goes on as {today}",
            "Of 10 contributions, 5 contributors, 3 assets, 6 parts: every total is right",
        ]
        _, lines = self.run(filled, show_emails=True)
        assert r" 4711 (p\u200berson-0@example.com) is" in lines[0]

    def test_masks_an_address_that_is_the_name_of_an_asset(self, filled: Ledger) -> None:
        asset = new_asset(filled, "mail to secret@example.com")
        put(filled, f"assets/{asset.id}", {"contribution_count": 1})
        _, lines = self.run(filled)
        assert "(mail to s***@example.com)" in lines[0]

    def test_ends_well_when_everything_was_mended(self, filled: Ledger) -> None:
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        code, lines = self.run(filled, repair=True)
        assert code == EXIT_RIGHT
        assert lines[0].startswith("mended: asset ")
        assert lines[-1].endswith(": 1 mended")
        assert self.run(filled)[0] == EXIT_RIGHT

    def test_ends_badly_when_an_account_is_missing(self, filled: Ledger, client: Client) -> None:
        client.document(BROKEN_PERSON).delete()
        code, lines = self.run(filled, repair=True)
        assert code == EXIT_WRONG
        assert "is not there, and has contributions of 1.50 in 6" in lines[0]
        assert "@" not in "".join(lines)

    def test_says_that_an_account_could_not_be_checked(self, filled: Ledger) -> None:
        finding = Finding(Kind.ASSET, "4711", "octo/repo", None, Totals(), State.UNSETTLED)

        class Restless(Reconciler):
            def findings(self, *, repair: bool, progress: Progress) -> Iterator[Finding]:
                yield finding

        out = io.StringIO()
        code = reconcile(Restless(filled.connection), Screen(out, io.StringIO()))
        assert code == EXIT_UNCHECKED
        assert "kept changing while it was checked" in out.getvalue()

    def test_counts_up_on_a_terminal_and_leaves_whole_lines(self, filled: Ledger) -> None:
        put(filled, BROKEN_ASSET, {"total_cost_micros": 0})
        terminal = Terminal()
        reconcile(Reconciler(filled.connection, page_size=4), Screen(terminal, terminal))
        shown = terminal.getvalue()
        assert "\r\x1b[K4 contributions\r\x1b[K8 contributions" in shown
        for line in shown.split("\n"):
            left = line.rpartition("\x1b[K")[2]
            assert left.startswith(("drift: asset", "Of 10 contributions")) or left == ""


def test_says_so_where_another_version_serves_the_embedded_store(tmp_path: Path) -> None:
    directory = tmp_path / "embedded"
    with open_embedded(directory, project=new_project()) as store:
        fill(ledger_of(store.client()), range(1))
    with closing(sqlite3.connect(directory / DATABASE)) as connection, connection:
        connection.execute("UPDATE rules SET digest = x'00'")
    environment = clean_environment(LEDGER_DATA_DIR=str(tmp_path), LEDGER_BACKEND="embedded")
    done = run_command("reconcile", environment=environment)
    assert (done.returncode, done.stderr) == (EXIT_UNCHECKED, "")
    assert "another version of the program, which may still be running" in done.stdout
