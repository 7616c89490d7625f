"""Lists, a page at a time: each page is one query that an index serves, newest or largest first.

A page is found by where the one before it ended (a keyset), never by counting: contributions
recorded meanwhile neither shift nor repeat what was there. A unique key ends every order, since
times tie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from shared.domain.sort import Sort
from shared.store.connection import Connection
from shared.store.documents import asset_from, contribution_from, contributor_from
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
    Sort.RECENT: "last_contribution_at",
    Sort.TOTAL_COST: "total_cost_micros",
    Sort.CONTRIBUTIONS: "contribution_count",
    Sort.NAME: "name",
}


@dataclass(frozen=True, slots=True)
class ContributionFilter:
    """Which contributions: of a contributor, of an asset, between two times, voided or not.

    `since` is included, `until` is not.
    """

    contributor_id: str | None = None
    asset_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    include_voided: bool = False


@dataclass(frozen=True)
class Lister:
    """Lists what the ledger holds."""

    connection: Connection

    def contributions(
        self, chosen: ContributionFilter, *, limit: int, after: Cursor | None = None
    ) -> Page[StoredContribution]:
        """Contributions, newest first by their own time."""
        collection = self.connection.contributions
        query = contributions_query(collection, chosen)
        if after:
            place = {"timestamp": after.value, _DOCUMENT_ID: collection.document(after.key)}
            query = query.start_after(place)

        def cursor(document: Document) -> Cursor:
            return Cursor(document.fields.get("timestamp"), document.id)

        asked_for = chosen.asset_id is not None or chosen.contributor_id is not None
        shown = None if asked_for else _is_a_contribution
        return self._page(query, limit, contribution_from, cursor, shown=shown)

    def contributions_of_commit(
        self, commit_hash: str, *, limit: int, after: Cursor | None = None
    ) -> Page[StoredContribution]:
        """Every contribution with this commit hash, in whichever repository."""
        collection = self.connection.contributions
        query = collection.where(filter=FieldFilter("commit_hash", "==", commit_hash))
        query = query.order_by(_DOCUMENT_ID)
        if after:
            query = query.start_after({_DOCUMENT_ID: collection.document(after.key)})
        return self._page(
            query,
            limit,
            contribution_from,
            lambda d: Cursor(None, d.id),
            shown=_is_a_contribution,
        )

    def contributors(
        self, sort: Sort, *, limit: int, after: Cursor | None = None
    ) -> Page[Contributor]:
        """Contributors in one of the orders."""
        return self._accounts(self.connection.contributors, sort, limit, after, contributor_from)

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
    ) -> Page[_S]:
        field = _SORT_FIELDS[sort]
        query = accounts_query(collection, sort)
        if after:
            value = self._name_of(collection, after.key) if sort is Sort.NAME else after.value
            query = query.start_after({field: value, "id": after.key})

        def cursor(document: Document) -> Cursor:
            value = None if sort is Sort.NAME else document.fields.get(field)
            return Cursor(value, document.fields["id"])

        return self._page(
            query, limit, build, cursor, shown=lambda d: d.id not in smoke_check.ACCOUNTS
        )

    def _name_of(self, collection: CollectionReference, account_id: str) -> str | None:
        # One document more is read than a name in the cursor would cost, and no name is in a URL.
        query = collection.where(filter=FieldFilter("id", "==", account_id))
        found = self.connection.first(query, self.connection.timing.deadline())
        return found.fields.get("name") if found else None

    def _page(
        self,
        query: Query,
        limit: int,
        build: Callable[[Mapping[str, Any]], _S],
        cursor: Callable[[Document], Cursor],
        *,
        shown: Callable[[Document], bool] | None,
    ) -> Page[_S]:
        # One more than asked for tells whether there is a next page.
        query = query.limit(limit + 1)
        found = self.connection.patiently(lambda d: self.connection.query(query, d))
        items = tuple(
            build(document.fields) for document in found[:limit] if shown is None or shown(document)
        )
        return Page(items, cursor(found[limit - 1]) if len(found) > limit else None)


def _is_a_contribution(document: Document) -> bool:
    return bool(document.fields.get("asset_id") != smoke_check.ASSET_ID)


def contributions_query(collection: CollectionReference, chosen: ContributionFilter) -> Query:
    """The query of one combination of filters, without a cursor and a limit."""
    query = collection
    if chosen.asset_id is not None:
        query = query.where(filter=FieldFilter("asset_id", "==", chosen.asset_id))
    if chosen.contributor_id is not None:
        contains = FieldFilter("contributor_ids", "array_contains", chosen.contributor_id)
        query = query.where(filter=contains)
    if not chosen.include_voided:
        query = query.where(filter=FieldFilter("voided", "==", False))
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
