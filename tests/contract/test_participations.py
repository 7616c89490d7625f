"""Parts and months: exact sums in exact order, of people with all their addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from google.cloud.firestore import Client

from shared.domain.errors import BeingBuilt
from shared.domain.sort import PartSort, Sort
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter, Cursor, Page
from tests.contract import older_version
from tests.contract.reports import report
from tests.literals import REPORT

PEOPLE = [f"{name}@example.com" for name in "abcdefg"]


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Seven people in two repositories, with ties in cost, number and time."""
    for number in range(40):
        person, other = PEOPLE[number % 7 if number % 3 else 0], PEOPLE[number % 5]
        one = report(
            f"{number:06x}",
            contributor_email=person,
            co_authors=[{"email": other}],
            repository=f"octo/{'ab'[number % 4 == 0]}",
            cost_amount=f"{number % 4}",
            timestamp=f"2019-{number % 6 + 1:02}-01T00:00:00Z",
        )
        ledger.commits.record(one, recorded_by="ci")
    ledger.voids.void("octo/a@000001", voided_by="ops", reason=None)
    return ledger


def walk(read: Callable[..., Page[Any]], limit: int) -> list[Any]:
    page = read(limit=limit)
    seen = [*page.items]
    after: Cursor | None = page.next
    while after:
        page = read(limit=limit, after=after)
        seen += page.items
        after = page.next
    return seen


def order(sort: PartSort, last: str) -> Callable[[Any], tuple[Any, str]]:
    field = {
        PartSort.TOTAL_COST: "total_cost",
        PartSort.CONTRIBUTIONS: "contribution_count",
        PartSort.RECENT: "last_contribution_at",
    }[sort]
    return lambda part: (getattr(part, field), getattr(part, last))


@pytest.mark.parametrize("limit", [1, 3, 50])
@pytest.mark.parametrize("sort", PartSort)
class TestPages:
    def test_of_an_asset_hold_each_person_once_in_order(
        self, filled: Ledger, sort: PartSort, limit: int
    ) -> None:
        filled.people.join(PEOPLE[1], PEOPLE[2], joined_by="ops", reason=None)
        filled.people.join(PEOPLE[6], PEOPLE[4], joined_by="ops", reason=None)
        asset = filled.find.asset("octo/a")
        parts = walk(partial(filled.participations.of_asset, asset, sort), limit)
        assert parts == sorted(parts, key=order(sort, "contributor_id"), reverse=True)
        assert sorted(part.email for part in parts) == sorted({*PEOPLE} - {PEOPLE[2], PEOPLE[4]})
        assert sum(part.total_cost for part in parts) == asset.stored.total_cost
        assert dict.fromkeys(part.aliases for part in parts if part.email == PEOPLE[1]) == {
            (PEOPLE[2],): None
        }

    def test_of_a_contributor_hold_each_asset_once_in_order(
        self, filled: Ledger, sort: PartSort, limit: int
    ) -> None:
        for joined in (False, True):
            if joined:
                filled.people.join(PEOPLE[0], PEOPLE[1], joined_by="ops", reason=None)
            accounts = filled.people.accounts(PEOPLE[0])
            parts = walk(partial(filled.participations.of_contributor, accounts, sort), limit)
            assert parts == sorted(parts, key=order(sort, "asset_id"), reverse=True)
            assert {part.name for part in parts} == {"octo/a", "octo/b"}
            person = filled.people.find(PEOPLE[0])
            assert sum(part.total_cost for part in parts) == person.total_cost
            assert sum(part.contribution_count for part in parts) == person.contribution_count


class TestMonths:
    def test_sum_to_the_totals(self, filled: Ledger) -> None:
        filled.people.join(PEOPLE[0], PEOPLE[1], joined_by="ops", reason=None)
        months, asset = filled.months, filled.find.asset("octo/a")
        of_asset = months.of_asset(asset)
        assert sum(month.total_cost for month in of_asset) == asset.stored.total_cost
        of_person = months.of_contributor(filled.people.accounts(PEOPLE[0]))
        person = filled.people.find(PEOPLE[0])
        assert sum(month.contribution_count for month in of_person) == person.contribution_count
        names = [month.month for month in months.of_ledger()]
        assert names == sorted(names) == [f"2019-{number:02}" for number in range(1, 7)]
        assert sum(month.contribution_count for month in months.of_ledger()) == 39

    def test_stand_in_each_part_of_all_addresses_together(self, filled: Ledger) -> None:
        filled.people.join(PEOPLE[0], PEOPLE[1], joined_by="ops", reason=None)
        asset, accounts = filled.find.asset("octo/a"), filled.people.accounts(PEOPLE[0])
        of_asset = filled.participations.of_asset(asset, PartSort.TOTAL_COST, limit=9).items
        assert all(sum(part.months.values()) == part.contribution_count for part in of_asset)
        of_person = filled.participations.of_contributor(accounts, PartSort.RECENT, limit=9).items
        together = Counter[str]()
        for part in of_person:
            together.update(part.months)
        expected = {m.month: m.contribution_count for m in filled.months.of_contributor(accounts)}
        assert together == expected
        assert [*of_person[0].months] == sorted(of_person[0].months)

    def test_of_which_nothing_is_left_are_hidden(self, filled: Ledger) -> None:
        one = report("00beef", repository="octo/c", timestamp="2018-01-01T00:00:00Z")
        filled.commits.record(one, recorded_by="ci")
        assert len(filled.months.of_asset(filled.find.asset("octo/c"))) == 1
        filled.voids.void("octo/c@00beef", voided_by="ops", reason=None)
        asset = filled.find.asset("octo/c")
        assert filled.months.of_asset(asset) == []
        parts = filled.participations.of_asset(asset, PartSort.TOTAL_COST, limit=9)
        assert parts == Page((), None)

    def test_are_a_filter_of_contributions(self, filled: Ledger) -> None:
        asset = filled.find.asset("octo/a")
        for month in filled.months.of_asset(asset):
            chosen = ContributionFilter(asset_id=asset.stored.id, month=month.month)
            listed = filled.lists.contributions(chosen, limit=100).items
            assert len(listed) == month.contribution_count
            assert sum(one.cost_amount for one in listed) == month.total_cost


def test_of_an_older_ledger_all_of_it_is_being_built(ledger: Ledger, client: Client) -> None:
    older_version.put_ledger(client)
    asset = ledger.find.asset("seeker71/coherence-network")
    accounts = ledger.people.accounts("test@example.com")
    for read in (
        lambda: ledger.participations.of_asset(asset, PartSort.RECENT, limit=1),
        lambda: ledger.participations.of_contributor(accounts, PartSort.RECENT, limit=1),
        lambda: ledger.months.of_asset(asset),
        lambda: ledger.months.of_contributor(accounts),
        lambda: ledger.months.of_ledger(),
        lambda: ledger.lists.contributions(ContributionFilter(month="2019-11"), limit=1),
    ):
        with pytest.raises(BeingBuilt):
            read()


def test_months_are_listed_with_whose_they_are(ledger: Ledger) -> None:
    for number, (email, month) in enumerate(
        [
            ("ada@example.com", 1),
            ("ada@example.com", 2),
            ("bea@example.com", 2),
            ("b@example.com", 2),
        ]
    ):
        made = {"contributor_email": email, "timestamp": f"2020-0{month}-03T00:00:00Z"}
        ledger.commits.record(report(f"{number:06x}", cost_amount=number, **made), recorded_by="ci")
    ledger.people.join("bea@example.com", "b@example.com", joined_by="ops", reason=None)
    expected = {
        ("2020-01", "ada@example.com", 1, 0),
        ("2020-02", "ada@example.com", 1, 1_000_000),
        ("2020-02", "bea@example.com", 2, 5_000_000),
    }
    asset = ledger.find.asset(REPORT["repository"])
    for read in (
        partial(ledger.lists.contributor_months, Sort.CREATED),
        partial(ledger.participations.months_of_asset, asset, PartSort.TOTAL_COST),
    ):
        first = read(limit=1)
        rest = read(limit=5, after=first.next)
        rows = [
            month for items in (first.items, rest.items) for months in items for month in months
        ]
        assert rest.next is None
        assert expected == {
            (row.month, row.email, row.contribution_count, row.total_cost) for row in rows
        }
        assert len(rows) == 3
