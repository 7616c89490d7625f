"""A ledger that a version without months and parts wrote: right, or `being_built`, and never wrong.

`older_version` writes as that version does, since both run while a new one is deployed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from google.cloud.firestore import Client

from shared.domain.drift import Finding, State
from shared.domain.errors import BeingBuilt
from shared.domain.sort import Sort
from shared.store.ledger import Ledger
from shared.store.older_ledger import require_built
from shared.store.reconciling import Reconciler
from tests.conftest import OpenClient
from tests.contract import older_version
from tests.contract.books import assert_balanced, documents
from tests.contract.reports import NOW, ledger_of, report

REPOSITORY = "seeker71:coherence-network"
TEST, BEA = "test@example.com", "bea@example.com"


@pytest.fixture
def older(ledger: Ledger, client: Client) -> Ledger:
    older_version.put_ledger(client)
    return ledger


def findings(ledger: Ledger, *, repair: bool) -> list[Finding]:
    reconciler = Reconciler(ledger.connection, page_size=3)
    return list(reconciler.findings(repair=repair, progress=lambda *_: None))


def record(ledger: Ledger, commit_hash: str, email: str = TEST, **changes: str) -> None:
    one = report(commit_hash, contributor_email=email, **changes)
    ledger.commits.record(one, recorded_by="ci")


def account(client: Client, path: str) -> dict[str, object]:
    fields: dict[str, object] = client.document(path).get().to_dict()
    return fields


def assert_built(ledger: Ledger, client: Client) -> None:
    """Everything is counted everywhere, and nothing tells of the older version any more."""
    assert findings(ledger, repair=False) == []
    assert_balanced(client)
    for collection in ("contributors", "assets"):
        for fields in documents(client, collection).values():
            require_built(fields)
    ledger.lists.contributors(Sort.RECENT, limit=9)
    ledger.lists.assets(Sort.RECENT, limit=9)


class TestBeforeTheRepair:
    def test_totals_are_answered_and_times_are_left_open(self, older: Ledger) -> None:
        person = older.people.find(TEST)
        assert (person.contribution_count, person.total_cost) == (3, 500_000 + 2 + 5_000_000)
        assert (person.first_contribution_at, person.last_contribution_at) == (None, None)
        assert person.last_recorded_at is not None
        assert len(older.lists.contributors(Sort.TOTAL_COST, limit=9).items) == 5

    @pytest.mark.parametrize("kind", ["contributors", "assets"])
    def test_the_order_of_their_own_times_is_being_built(self, older: Ledger, kind: str) -> None:
        with pytest.raises(BeingBuilt):
            getattr(older.lists, kind)(Sort.RECENT, limit=9)

    def test_tracking_works(self, older: Ledger) -> None:
        before = older.tracker.activity(NOW)
        assert before.newest_repository == "seeker71/Coherence-Network"
        record(older, "00000a", repository="octo/other")
        after = older.tracker.activity(NOW)
        assert after.newest_repository == "octo/other"
        assert before.newest_at is not None
        assert after.newest_at is not None
        assert after.newest_at > before.newest_at

    def test_reconcile_says_what_is_to_be_built_and_changes_nothing(
        self, older: Ledger, client: Client
    ) -> None:
        before = documents(client, "contributors")
        found = findings(older, repair=False)
        assert {one.state for one in found} == {State.UNBUILT}
        assert len(found) == 5 + 3
        assert documents(client, "contributors") == before


class TestTheRepair:
    def test_counts_everything_once(self, older: Ledger, client: Client) -> None:
        assert findings(older, repair=True) == []
        assert_built(older, client)
        asset = account(client, f"assets/{REPOSITORY}")
        months = asset["months"]
        assert isinstance(months, dict)
        # The one of 1969 is of the first month, the one of 2999 is of when it was recorded.
        assert sorted(months) == ["1970-01", "2019-11", "2020-01", "2020-04", "2026-11"]
        assert months["2026-11"] == {"count": 1, "micros": 4_000_000, "agents": 1}
        assert (asset["first_at_micros"], asset["parts"]) == (0, 1)

    def test_a_second_time_changes_nothing(self, older: Ledger, client: Client) -> None:
        findings(older, repair=True)
        names = ("contributions", "contributors", "assets", "participations")
        before = {name: documents(client, name) for name in names}
        assert findings(older, repair=True) == []
        assert {name: documents(client, name) for name in names} == before

    def test_counts_what_was_recorded_and_voided_by_this_version_before_it(
        self, older: Ledger, client: Client
    ) -> None:
        record(older, "00000a", BEA)
        for key in ("000001", "00000a"):
            older.voids.void(f"{REPOSITORY.replace(':', '/')}@{key}", voided_by="o", reason=None)
        record(older, "00000b", BEA)
        assert findings(older, repair=True) == []
        assert_built(older, client)


Write = Callable[[Client], None]


def record_and_void_as_much(client: Client) -> None:
    """So that no sum tells of it."""
    older_version.void(client, "000002")
    older_version.record(client, "00000c", BEA, 2_500_000)


class TestAfterTheRepair:
    @pytest.mark.parametrize(
        "write",
        [
            lambda client: older_version.record(client, "00000c", TEST, 5),
            lambda client: older_version.void(client, "000001"),
            record_and_void_as_much,
        ],
        ids=["a record", "a void", "both, of one sum"],
    )
    def test_the_older_version_leaves_nothing_wrong_behind(
        self, older: Ledger, client: Client, write: Write
    ) -> None:
        findings(older, repair=True)
        write(client)
        record(older, "00000d")
        with pytest.raises(BeingBuilt):
            require_built(account(client, f"assets/{REPOSITORY}"))
        findings(older, repair=True)
        assert_built(older, client)

    def test_a_void_takes_out_what_was_counted(self, older: Ledger, client: Client) -> None:
        findings(older, repair=True)
        older.voids.void("seeker71/coherence-network@000001", voided_by="o", reason=None)
        assert_built(older, client)


def test_while_both_versions_write_everything_is_counted_once(
    older: Ledger, client: Client, open_client: OpenClient
) -> None:
    done, numbers = threading.Event(), count(0x1000)

    def write_as_before() -> None:
        its_own = open_client()
        while not done.wait(0.02):
            number = f"{next(numbers):06x}"
            older_version.record(its_own, number, BEA, 7)
            if int(number, 16) % 3 == 0:
                older_version.void(its_own, number)

    def write() -> None:
        its_own = ledger_of(open_client())
        while not done.wait(0.02):
            number = f"{next(numbers):06x}"
            record(its_own, number, BEA)
            if int(number, 16) % 3 == 0:
                key = f"seeker71/coherence-network@{number}"
                its_own.voids.void(key, voided_by="o", reason=None)

    with ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write_as_before), threads.submit(write)]
        try:
            for _ in range(2):
                reconciler = Reconciler(older.connection, patience=0.5)
                list(reconciler.findings(repair=True, progress=lambda *_: None))
        finally:
            done.set()
        for writer in writers:
            writer.result()
    findings(older, repair=True)
    assert_built(older, client)
