"""Lists, a page at a time: each page is one query that an index serves, newest or largest first.

A page is found by where the one before it ended (a keyset), never by counting: contributions
recorded meanwhile neither shift nor repeat what was there. A unique key ends every order, since
times tie.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from google.cloud.firestore import (
    CollectionReference,
    FieldFilter,
    Query,
)

from shared.domain import smoke_check
from shared.domain.asset import Asset
from shared.domain.contribution import StoredContribution
from shared.domain.contributor import Contributor
from shared.domain.participation import ContributorMonth, by_month
from shared.domain.person import MOST_ADDRESSES
from shared.domain.sort import Sort
from shared.store.connection import Connection
from shared.store.documents import (
    asset_from,
    contribution_from,
    contributor_from,
    months_of,
)
from shared.store.older_ledger import require_all_recorded, require_built
from shared.store.people import People, Together
from shared.store.reading import Document

_S = TypeVar("_S")
_DOCUMENT_ID = "__name__"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the value of the order's field, and the unique key behind it.

    Neither is ever an email address or a name, since a cursor travels in URLs.
    """

    value: datetime | int | None
    key: str


@dataclass(frozen=True, slots=True)
class Page(Generic[_S]):
    """Some items, and where the next page begins; None at the end."""

    items: tuple[_S, ...]
    next: Cursor | None


_SORT_FIELDS = {
    Sort.CREATED: "created_at",
    Sort.RECENT: "last_at_micros",
    Sort.TOTAL_COST: "total_cost_micros",
    Sort.CONTRIBUTIONS: "contribution_count",
    Sort.NAME: "name",
}


@dataclass(frozen=True, slots=True)
class ContributionFilter:
    """Which contributions: of a person, of an asset, between two times, voided or not.

    `since` is included, `until` is not.
    """

    # One person's, where somebody has several addresses.
    contributor_ids: tuple[str, ...] = ()
    asset_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    include_voided: bool = False
    # Of one month, as it counts: those that are live.
    month: str | None = None


@dataclass(frozen=True)
class Lister:
    """Lists what the ledger holds."""

    connection: Connection
    people: People

    def contributions(
        self, chosen: ContributionFilter, *, limit: int, after: Cursor | None = None
    ) -> Page[StoredContribution]:
        """Contributions, newest first by their own time; of a month, it may raise `BeingBuilt`."""
        collection = self.connection.contributions
        if chosen.month is not None:
            require_all_recorded(self.connection, self.connection.assets)
        found: dict[str, Document] = {}
        for some in _as_many_as_a_query_takes(chosen):
            query = contributions_query(collection, some)
            if after:
                place = {"timestamp": after.value, _DOCUMENT_ID: collection.document(after.key)}
                query = query.start_after(place)
            found |= {document.id: document for document in self._first(query, limit + 1)}

        def order(document: Document) -> tuple[Any, str]:
            return document.fields.get("timestamp"), document.id

        asked_for = chosen.asset_id is not None or chosen.contributor_ids
        return _page(
            sorted(found.values(), key=order, reverse=True),
            limit,
            contribution_from,
            lambda document: Cursor(*order(document)),
            shown=None if asked_for else _is_a_contribution,
        )

    def contributions_of_commit(
        self, commit_hash: str, *, limit: int, after: Cursor | None = None
    ) -> Page[StoredContribution]:
        """Every contribution with this commit hash, in whichever repository."""
        collection = self.connection.contributions
        query = collection.where(filter=FieldFilter("commit_hash", "==", commit_hash))
        query = query.order_by(_DOCUMENT_ID)
        if after:
            query = query.start_after({_DOCUMENT_ID: collection.document(after.key)})
        return _page(
            self._first(query, limit + 1),
            limit,
            contribution_from,
            lambda d: Cursor(None, d.id),
            shown=_is_a_contribution,
        )

    def contributors(
        self, sort: Sort, *, limit: int, after: Cursor | None = None
    ) -> Page[Contributor]:
        """People in one of the orders, each once, however many addresses they have."""
        together = self.people.together()
        collection = self.connection.contributors
        return self._accounts(collection, sort, limit, after, contributor_from, together)

    def contributor_months(
        self, sort: Sort, *, limit: int, after: Cursor | None = None
    ) -> Page[tuple[ContributorMonth, ...]]:
        """The same, and of each what they contributed in each month; raises `BeingBuilt`."""
        together = self.people.together()
        collection = self.connection.contributors
        return self._accounts(collection, sort, limit, after, _months_from, together)

    def assets(self, sort: Sort, *, limit: int, after: Cursor | None = None) -> Page[Asset]:
        """Assets in one of the orders."""
        return self._accounts(self.connection.assets, sort, limit, after, asset_from)

    def _accounts(
        self,
        collection: CollectionReference,
        sort: Sort,
        limit: int,
        after: Cursor | None,
        build: Callable[[Mapping[str, Any]], _S],
        together: Together | None = None,
    ) -> Page[_S]:
        """A page of accounts: those of one query, merged with those that others are put into."""
        field = _SORT_FIELDS[sort]
        if sort is Sort.RECENT:
            require_all_recorded(self.connection, collection)

        def order(document: Document) -> tuple[bool, Any, str]:
            # Nothing is less than something, as in the query.
            value = document.fields.get(field)
            return value is not None, value, document.fields["id"]

        def cursor(document: Document) -> Cursor:
            value = None if sort is Sort.NAME else document.fields.get(field)
            return Cursor(value, document.fields["id"])

        descending = sort is not Sort.NAME
        query = accounts_query(collection, sort)
        others: Sequence[Document] = together.documents if together else ()
        if after:
            value = after.value if descending else self._name_of(collection, after.key)
            query = query.start_after({field: value, "id": after.key})
            place = (value is not None, value, after.key)
            others = [d for d in others if (order(d) < place) == descending and order(d) != place]
        left_out = smoke_check.ACCOUNTS | (together.instead_of if together else frozenset())
        found = [*self._first(query, limit + 1, left_out=left_out, field=field), *others]
        found.sort(key=order, reverse=descending)
        return _page(found, limit, build, cursor)

    def _name_of(self, collection: CollectionReference, account_id: str) -> str | None:
        # One document more is read than a name in the cursor would cost, and no name is in a URL.
        query = collection.where(filter=FieldFilter("id", "==", account_id))
        found = self.connection.first(query, self.connection.timing.deadline())
        return found.fields.get("name") if found else None

    def _first(
        self,
        query: Query,
        number: int,
        *,
        left_out: Collection[str] = (),
        field: str = "",
    ) -> list[Document]:
        """As many results of a query, without the documents `left_out`; its order is by `field`."""
        deadline = self.connection.timing.deadline()
        found: list[Document] = []
        page = query.limit(number)
        while True:
            read = self.connection.patiently(lambda d: self.connection.query(page, d), deadline)  # noqa: B023
            found += [document for document in read if document.id not in left_out]
            if len(found) >= number or len(read) < number:
                return found
            last = read[-1].fields
            page = query.start_after({field: last.get(field), "id": last["id"]}).limit(number)


def _months_from(fields: Mapping[str, Any]) -> tuple[ContributorMonth, ...]:
    # Somebody without contributions may have been typed in by hand, and has nothing to be built.
    if fields.get("contribution_count"):
        require_built(fields)
    return by_month(contributor_from(fields), months_of([fields]))


def _page(
    found: Sequence[Document],
    limit: int,
    build: Callable[[Mapping[str, Any]], _S],
    cursor: Callable[[Document], Cursor],
    *,
    shown: Callable[[Document], bool] | None = None,
) -> Page[_S]:
    """A page of what was found; one more than asked for tells whether there is a next one."""
    items = tuple(
        build(document.fields) for document in found[:limit] if shown is None or shown(document)
    )
    return Page(items, cursor(found[limit - 1]) if len(found) > limit else None)


def _as_many_as_a_query_takes(chosen: ContributionFilter) -> Iterator[ContributionFilter]:
    """The same, in parts where a hand in the console has left somebody too many addresses."""
    yield replace(chosen, contributor_ids=chosen.contributor_ids[:MOST_ADDRESSES])
    for start in range(MOST_ADDRESSES, len(chosen.contributor_ids), MOST_ADDRESSES):
        ids = chosen.contributor_ids[start : start + MOST_ADDRESSES]
        yield replace(chosen, contributor_ids=ids)


def _is_a_contribution(document: Document) -> bool:
    return bool(document.fields.get("asset_id") != smoke_check.ASSET_ID)


def contributions_query(collection: CollectionReference, chosen: ContributionFilter) -> Query:
    """The query of one combination of filters, without a cursor and a limit."""
    query = collection
    if chosen.asset_id is not None:
        query = query.where(filter=FieldFilter("asset_id", "==", chosen.asset_id))
    if len(chosen.contributor_ids) == 1:
        contains = FieldFilter("contributor_ids", "array_contains", chosen.contributor_ids[0])
        query = query.where(filter=contains)
    elif chosen.contributor_ids:
        any_of = FieldFilter("contributor_ids", "array_contains_any", [*chosen.contributor_ids])
        query = query.where(filter=any_of)
    if not chosen.include_voided:
        query = query.where(filter=FieldFilter("voided", "==", False))
    if chosen.month is not None:
        query = query.where(filter=FieldFilter("month", "==", chosen.month))
    if chosen.since is not None:
        query = query.where(filter=FieldFilter("timestamp", ">=", chosen.since))
    if chosen.until is not None:
        query = query.where(filter=FieldFilter("timestamp", "<", chosen.until))
    return query.order_by("timestamp", direction=Query.DESCENDING).order_by(
        _DOCUMENT_ID, direction=Query.DESCENDING
    )


def accounts_query(collection: CollectionReference, sort: Sort) -> Query:
    """The query of one order of contributors or assets, without a cursor and a limit."""
    direction = Query.ASCENDING if sort is Sort.NAME else Query.DESCENDING
    return collection.order_by(_SORT_FIELDS[sort], direction=direction).order_by(
        "id", direction=direction
    )
