"""Lists: every page is one query, and a walk through the pages meets everything once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

import pytest
from google.cloud.firestore import Client

from shared.domain.contributor import NewContributor
from shared.domain.fields import Stored, parse
from shared.domain.sort import Sort
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter, Cursor, Page
from tests.contract.reports import report
from tests.contract.spy import Spy

_S = TypeVar("_S", bound=Stored)

Read = Callable[[int, Cursor | None], Page[_S]]

MOST_PAGES = 50
MONDAY = datetime(2024, 5, 6, tzinfo=UTC)
FIELDS = {
    Sort.CREATED: "created_at",
    Sort.RECENT: "last_at_micros",
    Sort.TOTAL_COST: "total_cost_micros",
    Sort.CONTRIBUTIONS: "contribution_count",
    Sort.NAME: "name",
}
SHAPES = [(sort, limit) for sort in Sort for limit in (1, 2, 3, 8, 9, 10)]


def pages(read: Read[_S], limit: int) -> Iterator[Page[_S]]:
    """All pages, one after the other."""
    after = None
    for _ in range(MOST_PAGES):
        page = read(limit, after)
        yield page
        after = page.next
        if after is None:
            return
    raise AssertionError("the pages go round in circles")


def put_accounts(client: Client, collection: str) -> list[dict[str, Any]]:
    """Nine accounts, three of which agree in each field that lists are ordered by."""
    accounts = [
        {
            "id": f"{(number * 7) % 10:08}-0000-5000-8000-000000000000",
            "email": f"person-{number}@example.com",
            "name": [None, "Ann", "Bea"][number % 3],
            "contribution_count": number // 3,
            "total_cost_micros": number % 3 * 500_000,
            "created_at": MONDAY + timedelta(microseconds=number // 3),
            "last_at_micros": [None, 1_714_953_600_000_000, 1_715_040_000_000_000][number % 3],
            "parts": 1,
        }
        for number in range(9)
    ]
    batch = client.batch()
    for account in accounts:
        batch.set(client.collection(collection).document(str(account["email"])), account)
    batch.commit()
    return accounts


def in_order(accounts: list[dict[str, Any]], sort: Sort) -> list[str]:
    """The ids as they are to be listed; nothing is less than something."""
    name = FIELDS[sort]
    nothing = sorted(account["id"] for account in accounts if account[name] is None)
    something = sorted((a[name], a["id"]) for a in accounts if a[name] is not None)
    ascending = nothing + [account_id for _, account_id in something]
    return ascending if sort is Sort.NAME else ascending[::-1]


class TestAccounts:
    def test_are_none_at_first(self, ledger: Ledger) -> None:
        for sort in Sort:
            assert ledger.lists.contributors(sort, limit=10) == Page((), None)
            assert ledger.lists.assets(sort, limit=10) == Page((), None)

    @pytest.mark.parametrize(("sort", "limit"), SHAPES)
    def test_come_page_by_page_in_order_though_values_tie(
        self, ledger: Ledger, client: Client, sort: Sort, limit: int
    ) -> None:
        expected = in_order(put_accounts(client, "contributors"), sort)
        walked = list(
            pages(lambda n, after: ledger.lists.contributors(sort, limit=n, after=after), limit)
        )
        assert [record.id for page in walked for record in page.items] == expected
        assert [len(page.items) for page in walked[:-1]] == [limit] * (len(walked) - 1)
        assert 0 < len(walked[-1].items) <= limit

    @pytest.mark.parametrize("sort", list(Sort))
    def test_of_assets_come_in_the_same_orders(
        self, ledger: Ledger, client: Client, sort: Sort
    ) -> None:
        expected = in_order(put_accounts(client, "assets"), sort)
        walked = pages(lambda n, after: ledger.lists.assets(sort, limit=n, after=after), 4)
        assert [record.id for page in walked for record in page.items] == expected

    @pytest.mark.parametrize("sort", [sort for sort in Sort if sort is not Sort.NAME])
    def test_cost_one_query_and_one_document_more_than_they_show(
        self, ledger: Ledger, spy: Spy, client: Client, sort: Sort
    ) -> None:
        put_accounts(client, "contributors")
        # Who is one person is read once a minute.
        ledger.aliases.joined()
        spy.forget()
        for page in pages(
            lambda n, after: ledger.lists.contributors(sort, limit=n, after=after), 4
        ):
            *before, call = spy.calls
            assert call.method == "run_query"
            assert call.documents <= len(page.items) + 1
            # By the contributions' own times: whether an older version has recorded some.
            assert [one.documents for one in before] == [0] * (sort is Sort.RECENT)
            spy.forget()

    def test_by_name_cost_one_document_more_to_find_the_place_again(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        put_accounts(client, "contributors")
        # Who is one person is read once a minute.
        ledger.aliases.joined()
        spy.forget()
        read: list[tuple[int, int]] = []
        for page in pages(
            lambda n, after: ledger.lists.contributors(Sort.NAME, limit=n, after=after), 4
        ):
            read.append((len(page.items), sum(call.documents for call in spy.calls)))
            spy.forget()
        assert read == [(4, 5), (4, 6), (1, 2)]

    def test_by_creation_skip_and_repeat_nobody_while_others_come(
        self, ledger: Ledger, client: Client
    ) -> None:
        before = {account["id"] for account in put_accounts(client, "contributors")}
        seen: list[str] = []
        for number, page in enumerate(
            pages(lambda n, after: ledger.lists.contributors(Sort.CREATED, limit=n, after=after), 2)
        ):
            seen += [record.id for record in page.items]
            newcomer = {"name": "N", "email": f"new-{number}@example.com", "type": "HUMAN"}
            ledger.registrar.create_contributor(parse(NewContributor, newcomer))
        assert sorted(seen) == sorted(before)

    def test_place_is_told_without_address_or_name(self, ledger: Ledger, client: Client) -> None:
        put_accounts(client, "contributors")
        for sort in Sort:
            place = ledger.lists.contributors(sort, limit=5).next
            assert place
            assert "@" not in repr(place)
            assert "Ann" not in repr(place)


@pytest.fixture
def contributions(ledger: Ledger) -> list[dict[str, Any]]:
    """Twelve of three people and two repositories, with times that tie, every fourth voided."""
    kept = []
    for number in range(12):
        contribution = ledger.commits.record(
            report(
                f"{(number * 5) % 12:06x}",
                contributor_email=f"person-{number % 3}@example.com",
                repository=f"octo/repo-{number % 2}",
                timestamp=(MONDAY + timedelta(hours=number // 4)).isoformat(),
                co_authors=[{"email": "person-0@example.com"}] if number == 5 else [],
            ),
            recorded_by="ci",
        ).contribution
        voided = number % 4 == 3
        if voided:
            ledger.voids.void(contribution.id, voided_by="ops", reason=None)
        kept.append(
            {
                "id": contribution.id,
                "asset_id": contribution.asset_id,
                "people": {credit.contributor_id for credit in contribution.credits},
                "time": contribution.timestamp,
                "name": f"octo:repo-{number % 2}@{contribution.commit_hash}",
                "voided": voided,
            }
        )
    return sorted(
        kept, key=lambda contribution: (contribution["time"], contribution["name"]), reverse=True
    )


class TestContributions:
    def read(self, ledger: Ledger, **chosen: Any) -> Read[Any]:
        return lambda n, after: ledger.lists.contributions(
            ContributionFilter(**chosen), limit=n, after=after
        )

    def walk(self, ledger: Ledger, limit: int, **chosen: Any) -> list[str]:
        walked = pages(self.read(ledger, **chosen), limit)
        return [record.id for page in walked for record in page.items]

    def test_are_none_at_first(self, ledger: Ledger) -> None:
        assert ledger.lists.contributions(ContributionFilter(), limit=10) == Page((), None)
        assert ledger.lists.contributions_of_commit("abc123", limit=10) == Page((), None)

    @pytest.mark.parametrize("limit", [1, 2, 4, 9, 12, 100])
    def test_come_newest_first_without_the_voided_ones(
        self, ledger: Ledger, contributions: list[dict[str, Any]], limit: int
    ) -> None:
        expected = [
            contribution["id"] for contribution in contributions if not contribution["voided"]
        ]
        assert self.walk(ledger, limit) == expected

    def test_come_with_the_voided_ones_where_asked(
        self, ledger: Ledger, contributions: list[dict[str, Any]]
    ) -> None:
        assert self.walk(ledger, 5, include_voided=True) == [
            contribution["id"] for contribution in contributions
        ]

    def test_come_by_any_filters_together(
        self, ledger: Ledger, contributions: list[dict[str, Any]]
    ) -> None:
        person = ledger.find.contributor("person-0@example.com").stored.id
        asset = ledger.find.asset("octo/repo-1").stored.id
        since, until = MONDAY + timedelta(hours=1), MONDAY + timedelta(hours=2)
        filters: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
            ({"contributor_ids": (person,)}, lambda contribution: person in contribution["people"]),
            ({"asset_id": asset}, lambda contribution: contribution["asset_id"] == asset),
            ({"since": since}, lambda contribution: contribution["time"] >= since),
            ({"until": until}, lambda contribution: contribution["time"] < until),
        ]
        for used in product([False, True], repeat=len(filters)):
            for include_voided in (False, True):
                chosen: dict[str, Any] = {"include_voided": include_voided}
                expected = [
                    contribution
                    for contribution in contributions
                    if include_voided or not contribution["voided"]
                ]
                for is_used, (choice, fits) in zip(used, filters, strict=True):
                    if is_used:
                        chosen |= choice
                        expected = [contribution for contribution in expected if fits(contribution)]
                found = self.walk(ledger, 2, **chosen)
                assert found == [contribution["id"] for contribution in expected], chosen

    def test_of_one_commit_hash_come_from_every_repository(self, ledger: Ledger) -> None:
        for number in range(5):
            made = report("abc123", repository=f"octo/repo-{number}")
            ledger.commits.record(made, recorded_by="ci")
        ledger.commits.record(report("abc1234"), recorded_by="ci")
        walked = pages(
            lambda n, after: ledger.lists.contributions_of_commit("abc123", limit=n, after=after), 2
        )
        names = [record.repository for page in walked for record in page.items]
        assert names == [f"octo/repo-{number}" for number in range(5)]

    def test_cost_one_query_and_one_document_more_than_they_show(
        self, ledger: Ledger, spy: Spy, contributions: list[dict[str, Any]]
    ) -> None:
        spy.forget()
        shown = 0
        for page in pages(self.read(ledger), 4):
            [call] = spy.calls
            assert call.method == "run_query"
            assert call.documents <= len(page.items) + 1
            shown += len(page.items)
            spy.forget()
        assert shown == sum(not contribution["voided"] for contribution in contributions)

    def test_skip_and_repeat_nothing_while_others_are_recorded(
        self, ledger: Ledger, contributions: list[dict[str, Any]]
    ) -> None:
        expected = [
            contribution["id"] for contribution in contributions if not contribution["voided"]
        ]
        seen: list[str] = []
        for number, page in enumerate(pages(self.read(ledger), 2)):
            seen += [record.id for record in page.items]
            # Newer than all, in the midst of those that tie, and older than all.
            for hours in (48, 1, -48):
                late = report(
                    f"{number:03x}{hours % 4096:03x}",
                    timestamp=(MONDAY + timedelta(hours=hours)).isoformat(),
                )
                ledger.commits.record(late, recorded_by="ci")
        assert [the_id for the_id in seen if the_id in expected] == expected
        assert len(seen) == len(set(seen))
