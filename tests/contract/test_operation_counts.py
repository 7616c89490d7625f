"""What each operation asks of Firestore: the calls, and the reads and writes that are billed.

`COSTS` is what the README says of it; a test of the README holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from shared.domain.contribution import Commit
from shared.domain.fields import parse
from shared.domain.participation import ContributorAsset
from shared.domain.repository import Repository
from shared.domain.sort import PartSort, Sort
from shared.domain.tracking import Rejection
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter, Cursor, Page
from tests.benchmarks.billing import Bill, Cost
from tests.contract.by_hand import new_asset, new_contribution, new_contributor
from tests.contract.reports import ledger_of, report
from tests.contract.spy import Spy
from tests.literals import ASSET_ID, AUTHOR_ID

NOW = datetime(2020, 5, 1, 12, tzinfo=UTC)
AUTHOR = "test@example.com"
REPOSITORY = Repository.parse("seeker71/Coherence-Network")
LIVE, VOIDED = (f"{REPOSITORY.full_name}@{number:06x}" for number in (0, 1))

Operation = Callable[[Ledger], object]


def co_authors(number: int) -> list[dict[str, str]]:
    return [{"email": f"co{n}@example.com"} for n in range(number)]


def record(commit_hash: str, **changes: Any) -> Operation:
    return lambda ledger: ledger.commits.record(report(commit_hash, **changes), recorded_by="ci")


def batch(first: int, number: int) -> Operation:
    commits = [
        parse(Commit, {"contributor_email": AUTHOR, "commit_hash": f"{n:06x}"})
        for n in range(first, first + number)
    ]
    return lambda ledger: ledger.commits.record_all(REPOSITORY, commits, recorded_by="ci")


def void(key: str) -> Operation:
    return lambda ledger: ledger.voids.void(key, voided_by="ops", reason=None)


def by_ids(**changes: Any) -> Operation:
    return lambda ledger: new_contribution(ledger, AUTHOR_ID, ASSET_ID, **changes)


@pytest.fixture
def settled(ledger: Ledger, spy: Spy) -> Ledger:
    """120 commits of one repository, and one of another, by a person who had two co-authors once.

    One of them is voided. Who is one person was read less than a minute ago.
    """
    batch(0, 119)(ledger)
    record("00ffff", co_authors=co_authors(2))(ledger)
    record("00ffff", repository="octo/other")(ledger)
    void(VOIDED)(ledger)
    ledger.aliases.joined()
    spy.forget()
    return ledger


REJECTION = Rejection(code="invalid", reason="/cost_amount: must be at least 0")

COSTS: dict[str, tuple[Operation, Cost]] = {
    "record": (record("abc123"), Cost(reads=0, writes=4, rpcs=1)),
    "record with 2 co-authors": (
        record("abc123", co_authors=co_authors(2)),
        Cost(reads=0, writes=8, rpcs=1),
    ),
    "record of somebody new": (
        record("abc123", contributor_email="new@example.com"),
        Cost(reads=3, writes=4, rpcs=2),
    ),
    "replay": (record("000002"), Cost(reads=3, writes=0, rpcs=2)),
    "batch of 500 by one person": (batch(1000, 500), Cost(reads=0, writes=503, rpcs=1)),
    "batch of 100 replays": (batch(2, 100), Cost(reads=102, writes=0, rpcs=2)),
    "record by ids": (by_ids(), Cost(reads=2, writes=4, rpcs=3)),
    "correction": (by_ids(corrects=VOIDED), Cost(reads=4, writes=5, rpcs=5)),
    "void": (void(LIVE), Cost(reads=1, writes=4, rpcs=2)),
    "create a contributor": (new_contributor, Cost(reads=0, writes=1, rpcs=1)),
    "create an asset": (new_asset, Cost(reads=0, writes=1, rpcs=1)),
    "list of 100": (
        lambda ledger: ledger.lists.contributions(ContributionFilter(), limit=100),
        Cost(reads=101, writes=0, rpcs=1),
    ),
    "list of 2 contributors": (
        lambda ledger: ledger.lists.contributors(Sort.TOTAL_COST, limit=2),
        Cost(reads=3, writes=0, rpcs=1),
    ),
    "list of an asset's contributors": (
        lambda ledger: ledger.participations.of_asset(
            ledger.find.asset(ASSET_ID), PartSort.TOTAL_COST, limit=2
        ),
        Cost(reads=1 + 3 + 2, writes=0, rpcs=3),
    ),
    "badge of contributors": (
        lambda ledger: ledger.participations.people_of(ledger.find.asset(REPOSITORY.full_name)),
        Cost(reads=2, writes=0, rpcs=2),
    ),
    "search of 2 repositories": (
        lambda ledger: ledger.search.repositories("octo/", limit=2),
        # Nothing found is billed as one, too.
        Cost(reads=2, writes=0, rpcs=2),
    ),
    "search of 2 people": (
        lambda ledger: ledger.search.people_by_email("co", limit=2),
        Cost(reads=2, writes=0, rpcs=1),
    ),
    "look-up by id": (
        lambda ledger: ledger.people.find(AUTHOR_ID),
        Cost(reads=1, writes=0, rpcs=1),
    ),
    "look-up by commit": (
        lambda ledger: ledger.find.contribution(LIVE),
        Cost(reads=1, writes=0, rpcs=1),
    ),
    "join of an address": (
        lambda ledger: ledger.people.join(AUTHOR, "co0@example.com", joined_by="ops", reason=None),
        Cost(reads=4, writes=2, rpcs=4),
    ),
    "distribution among 3": (
        lambda ledger: ledger.distributor.parts(
            ledger.find.asset(REPOSITORY.full_name), until=None, most=None
        ),
        Cost(reads=7, writes=0, rpcs=3),
    ),
    "health/ready": (lambda ledger: ledger.probe.ready(), Cost(reads=1, writes=0, rpcs=1)),
    "health/tracking": (
        lambda ledger: ledger.tracker.activity(NOW),
        Cost(reads=10, writes=0, rpcs=7),
    ),
    "health/tracking of a repository": (
        lambda ledger: ledger.tracker.activity_of(REPOSITORY.full_name),
        Cost(reads=2, writes=0, rpcs=2),
    ),
    "note of a rejection": (
        lambda ledger: ledger.tracker.note(REJECTION),
        Cost(reads=0, writes=1, rpcs=1),
    ),
}


@pytest.mark.parametrize("name", COSTS)
def test_an_operation_costs_what_it_should(settled: Ledger, spy: Spy, name: str) -> None:
    operation, cost = COSTS[name]
    assert Bill(spy).of(lambda: operation(settled)) == cost


def test_the_very_first_record_reads_what_is_not_there(ledger: Ledger, spy: Spy) -> None:
    # The last write for that its name leads to no other repository.
    assert Bill(spy).of(lambda: record("abc123")(ledger)) == Cost(reads=3, writes=5, rpcs=2)


@pytest.mark.parametrize("number", [1, 50])
def test_each_known_co_author_is_two_writes_more(settled: Ledger, spy: Spy, number: int) -> None:
    record("aaaaaa", co_authors=co_authors(number))(settled)
    cost = Bill(spy).of(lambda: record("bbbbbb", co_authors=co_authors(number))(settled))
    assert cost == Cost(reads=0, writes=4 + 2 * number, rpcs=1)


@pytest.mark.parametrize("number", [0, 2])
def test_an_instance_reads_people_that_it_does_not_know(
    settled: Ledger, spy: Spy, number: int
) -> None:
    another = ledger_of(spy.client)
    cost = Bill(spy).of(lambda: record("abc123", co_authors=co_authors(number))(another))
    assert cost == Cost(reads=3 + number, writes=4 + 2 * number, rpcs=2)


def test_a_batch_of_many_months_is_as_many_commits_as_a_document_takes_transforms(
    settled: Ledger, spy: Spy
) -> None:
    commits = [
        parse(
            Commit,
            {
                "contributor_email": AUTHOR,
                "commit_hash": f"{0xA000 + n:06x}",
                "timestamp": f"{1971 + n // 12}-{n % 12 + 1:02}-01T00:00:00Z",
            },
        )
        for n in range(500)
    ]
    record_them = partial(settled.commits.record_all, REPOSITORY, commits, recorded_by="ci")
    assert Bill(spy).of(record_them) == Cost(reads=0, writes=500 + 3 * 6, rpcs=6)


def test_a_joined_person_is_one_read_more_for_each_address(settled: Ledger, spy: Spy) -> None:
    for number in range(2):
        settled.people.join(AUTHOR, f"co{number}@example.com", joined_by="ops", reason=None)
    lists = settled.lists
    filtered = ContributionFilter(contributor_ids=settled.people.ids(AUTHOR_ID))
    for operation, cost in (
        (lambda: settled.people.find(AUTHOR_ID), Cost(reads=3, writes=0, rpcs=1)),
        # All accounts, and those of joined people, whose figures are kept for some seconds.
        (lambda: lists.contributors(Sort.TOTAL_COST, limit=4), Cost(reads=6, writes=0, rpcs=2)),
        (lambda: lists.contributors(Sort.TOTAL_COST, limit=4), Cost(reads=3, writes=0, rpcs=1)),
        (lambda: lists.contributions(filtered, limit=100), Cost(reads=101, writes=0, rpcs=1)),
        (lambda: record("abc123")(settled), Cost(reads=0, writes=4, rpcs=1)),
    ):
        assert Bill(spy).of(operation) == cost


def test_the_parts_of_joined_people_are_read_once_for_all_pages_of_some_seconds(
    settled: Ledger, spy: Spy
) -> None:
    now = [0.0]
    ledger = ledger_of(spy.client, timing=Timing(monotonic=lambda: now[0]))
    record("00aaaa", contributor_email="z@example.com")(ledger)
    ledger.people.join("co0@example.com", "co1@example.com", joined_by="ops", reason=None)
    asset = ledger.find.asset(ASSET_ID)
    of_asset = ledger.participations.of_asset

    def page(after: Cursor | None = None) -> Cursor | None:
        return of_asset(asset, PartSort.TOTAL_COST, limit=1, after=after).next

    first = page()
    cost_of = Bill(spy).of
    # The parts of the query and who they are of.
    assert cost_of(lambda: page(first)) == Cost(reads=2 + 1, writes=0, rpcs=2)
    assert cost_of(page) == Cost(reads=2 + 1, writes=0, rpcs=2)
    assert cost_of(lambda: ledger.participations.people_of(asset)) == Cost(1, 0, 1)
    now[0] = 15.5
    # And the accounts and the parts of both addresses.
    assert cost_of(page) == Cost(reads=2 + 1 + 2 + 2, writes=0, rpcs=4)


def test_all_assets_of_joined_people_are_read_once_for_all_pages_of_some_seconds(
    settled: Ledger, spy: Spy
) -> None:
    now = [0.0]
    ledger = ledger_of(spy.client, timing=Timing(monotonic=lambda: now[0]))
    ledger.people.join(AUTHOR, "co0@example.com", joined_by="ops", reason=None)
    accounts = ledger.people.accounts(AUTHOR)
    cost_of = Bill(spy).of

    def page(sort: PartSort = PartSort.TOTAL_COST) -> Page[ContributorAsset]:
        return ledger.participations.of_contributor(accounts, sort, limit=1)

    # One address has two parts and the other one; the asset that is shown is read anew.
    assert cost_of(page) == Cost(reads=2 + 1 + 1, writes=0, rpcs=3)
    assert cost_of(lambda: page(PartSort.RECENT)) == Cost(reads=1, writes=0, rpcs=1)
    now[0] = 15.5
    assert cost_of(page) == Cost(reads=2 + 1 + 1, writes=0, rpcs=3)


def test_nothing_costs_more_where_there_is_more(settled: Ledger, spy: Spy) -> None:
    batch(1000, 400)(settled)
    for name in ("record", "list of 100", "look-up by id", "void"):
        operation, cost = COSTS[name]
        assert Bill(spy).of(lambda: operation(settled)) == cost, name  # noqa: B023
