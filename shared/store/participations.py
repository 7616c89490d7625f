"""Parts: who contributed how much to an asset, and to which assets somebody did.

A page is one query that an index serves, and one read of whom or what the parts are of. People with
several addresses have one part, the sum of theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from google.cloud.firestore import FieldFilter, Query

from shared.domain.asset import Asset
from shared.domain.drift import Kind
from shared.domain.identifiers import part_document_id, split_part
from shared.domain.participation import (
    AssetContributor,
    ContributorAsset,
    ContributorMonth,
    by_month,
)
from shared.domain.sort import PartSort
from shared.domain.timestamps import time_of
from shared.store.connection import DOCUMENTS_A_READ, Connection
from shared.store.documents import Fields, asset_from, contributor_from, months_of
from shared.store.listing import Cursor, Page
from shared.store.lookup import Found
from shared.store.older_ledger import require_built
from shared.store.people import KEPT_S, Accounts, People, Together
from shared.store.posting import TOTALS
from shared.store.reading import Document

_T = TypeVar("_T")

# Of how many assets, and of how many people, an instance keeps what joined people contributed.
_MOST_KEPT = 32

_SORT_FIELDS = {
    PartSort.TOTAL_COST: "total_cost_micros",
    PartSort.CONTRIBUTIONS: "contribution_count",
    PartSort.RECENT: "last_at_micros",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A part, or the sum of several: whose or of what it is by id, and by the document."""

    key: str
    document_id: str
    fields: Fields

    def place(self, field: str) -> tuple[int, str]:
        """Where it stands in an order, which goes down."""
        return self.fields[field], self.key


_PartsOfJoined = Sequence[tuple[Document, Fields]]


@dataclass
class Participations:
    """Lists parts over one connection."""

    connection: Connection
    people: People
    # By asset: the parts of joined people, and who these were.
    _kept: dict[str, tuple[Together, _PartsOfJoined]] = field(
        default_factory=dict, init=False, repr=False
    )
    # By the ids of somebody's addresses: all their parts, and when they were read.
    _of_people: dict[tuple[str, ...], tuple[float, Sequence[_Part]]] = field(
        default_factory=dict, init=False, repr=False
    )

    def of_asset(
        self, asset: Found[Asset], sort: PartSort, *, limit: int, after: Cursor | None = None
    ) -> Page[AssetContributor]:
        """Who contributed to an asset, largest part first; raises `BeingBuilt`."""
        return self._of_asset(asset, sort, limit, after, _contributor)

    def months_of_asset(
        self, asset: Found[Asset], sort: PartSort, *, limit: int, after: Cursor | None = None
    ) -> Page[tuple[ContributorMonth, ...]]:
        """The same, and of each person what they contributed in each month."""
        return self._of_asset(asset, sort, limit, after, _months)

    def _of_asset(
        self,
        asset: Found[Asset],
        sort: PartSort,
        limit: int,
        after: Cursor | None,
        build: Callable[[_Part, Document], _T],
    ) -> Page[_T]:
        require_built(asset.document.fields)
        order, together = _SORT_FIELDS[sort], self.people.together()
        query = parts_query(self.connection, "asset_id", asset.stored.id, sort)
        parts = self._first(query, "contributor_id", order, limit, after, left_out=together.of)
        joined: dict[str, list[Fields]] = {}
        for head, fields in self._parts_of_joined(asset, together):
            joined.setdefault(head.id, []).append(fields)
        by_id = {head.id: head for head in together.documents}
        for head_id, some in joined.items():
            key = by_id[head_id].fields["id"]
            parts.append(_Part(key, head_id, _sum(some)))
        page = _cut(parts, order, limit, after)
        others = [part.document_id for part in page.items if part.document_id not in by_id]
        people = self._read(Kind.CONTRIBUTOR, others) | by_id
        found = [(part, people.get(part.document_id)) for part in page.items]
        items = [build(part, document) for part, document in found if document]
        return Page(tuple(items), page.next)

    def people_of(self, asset: Found[Asset]) -> int:
        """How many people contributed to an asset, as `of_asset` lists them."""
        require_built(asset.document.fields)
        query = parts_query(self.connection, "asset_id", asset.stored.id, PartSort.CONTRIBUTIONS)
        live = query.where(filter=FieldFilter("contribution_count", ">=", 1))
        addresses = self.connection.patiently(lambda d: self.connection.count(live, d))
        joined = [
            head.id
            for head, fields in self._parts_of_joined(asset, self.people.together())
            if fields["contribution_count"]
        ]
        return addresses - len(joined) + len(set(joined))

    def of_contributor(
        self, accounts: Accounts, sort: PartSort, *, limit: int, after: Cursor | None = None
    ) -> Page[ContributorAsset]:
        """To which assets somebody contributed, largest part first; raises `BeingBuilt`."""
        for document in accounts.documents:
            require_built(document.fields)
        order = _SORT_FIELDS[sort]
        ids = tuple(document.fields["id"] for document in accounts.documents)
        parts: Sequence[_Part]
        if len(ids) == 1:
            query = parts_query(self.connection, "contributor_id", ids[0], sort)
            parts = self._first(query, "asset_id", order, limit, after)
        else:
            parts = self._of_all_addresses(ids, sort)
        page = _cut(parts, order, limit, after)
        assets = self._read(Kind.ASSET, [part.document_id for part in page.items])
        found = [(part, assets.get(part.document_id)) for part in page.items]
        items = [_asset(part, document) for part, document in found if document]
        return Page(tuple(items), page.next)

    def _parts_of_joined(self, asset: Found[Asset], together: Together) -> _PartsOfJoined:
        """The parts of all their addresses in an asset, each with whose it is.

        Kept as long as their figures are: `People.together` gives others when they are older.
        """
        kept_for, parts = self._kept.get(asset.document.id, (None, ()))
        if kept_for is together:
            return parts
        wanted = [part_document_id(asset.document.id, person) for person in together.of]
        parts = tuple(
            (together.of[split_part(document_id)[1]], document.fields)
            for document_id, document in self._read(Kind.PART, wanted).items()
        )
        others = [(key, kept) for key, kept in self._kept.items() if kept[0] is together]
        self._kept = dict(others[-_MOST_KEPT + 1 :]) | {asset.document.id: (together, parts)}
        return parts

    def _of_all_addresses(self, ids: tuple[str, ...], sort: PartSort) -> Sequence[_Part]:
        """All parts of somebody, at most 15 seconds old: each page of them needs all."""
        now = self.connection.timing.monotonic()
        kept = {key: kept for key, kept in self._of_people.items() if now - kept[0] <= KEPT_S}
        if ids in kept:
            return kept[ids][1]
        by_asset: dict[tuple[str, str], list[Fields]] = {}
        for contributor_id in ids:
            query = parts_query(self.connection, "contributor_id", contributor_id, sort)
            for part in self._first(query, "asset_id", _SORT_FIELDS[sort], None, None):
                by_asset.setdefault((part.key, part.document_id), []).append(part.fields)
        parts = [_Part(*names, _sum(fields)) for names, fields in by_asset.items()]
        self._of_people = dict([*kept.items()][-_MOST_KEPT + 1 :]) | {ids: (now, parts)}
        return parts

    def _first(
        self,
        query: Query,
        name: str,
        field: str,
        limit: int | None,
        after: Cursor | None,
        left_out: Collection[str] = (),
    ) -> list[_Part]:
        """The first of a query, one more than `limit`, without those that came to nothing."""
        number = DOCUMENTS_A_READ if limit is None else limit + 1
        deadline = self.connection.timing.deadline()
        parts: list[_Part] = []
        page = query.start_after({field: after.value, name: after.key}) if after else query
        while True:
            page = page.limit(number)
            found = self.connection.patiently(lambda d: self.connection.query(page, d), deadline)  # noqa: B023
            for document in found:
                names = split_part(document.id)
                whose = names[name == "contributor_id"]
                if document.fields["contribution_count"] and whose not in left_out:
                    parts.append(_Part(document.fields[name], whose, document.fields))
            if len(found) < number or (limit is not None and len(parts) > limit):
                return parts
            last = found[-1].fields
            page = query.start_after({field: last[field], name: last[name]})

    def _read(self, kind: Kind, ids: Sequence[str]) -> dict[str, Document]:
        """Documents by their ids, where there are any."""
        documents = self.connection.accounts(kind)
        references = [documents.document(an_id) for an_id in ids]
        return self.connection.existing(references, self.connection.timing.deadline())


def parts_query(connection: Connection, of: str, an_id: str, sort: PartSort) -> Query:
    """The parts of an asset, or of a contributor, in one order."""
    last = "contributor_id" if of == "asset_id" else "asset_id"
    query = connection.participations.where(filter=FieldFilter(of, "==", an_id))
    query = query.order_by(_SORT_FIELDS[sort], direction=Query.DESCENDING)
    return query.order_by(last, direction=Query.DESCENDING)


def _cut(parts: Sequence[_Part], field: str, limit: int, after: Cursor | None) -> Page[_Part]:
    """The page behind a place."""
    live = [part for part in parts if part.fields["contribution_count"]]
    if after:
        # Nothing is behind a place without a value, which somebody has made up.
        value = after.value if isinstance(after.value, int) else -1
        live = [part for part in live if part.place(field) < (value, after.key)]
    live.sort(key=lambda part: part.place(field), reverse=True)
    items = tuple(live[:limit])
    return Page(items, Cursor(*items[-1].place(field)) if len(live) > limit else None)


def _sum(parts: Sequence[Fields]) -> Fields:
    """The part that several addresses have together."""
    sums: Fields = {name: sum(part.get(name) or 0 for part in parts) for name in TOTALS.values()}
    # Of those that came to nothing the times say nothing.
    live = [part for part in parts if part["contribution_count"]] or parts
    firsts = [part["first_at_micros"] for part in live if part.get("first_at_micros") is not None]
    lasts = [part["last_at_micros"] for part in live if part.get("last_at_micros") is not None]
    return sums | {
        "months": months_of(live),
        "first_at_micros": min(firsts, default=None),
        "last_at_micros": max(lasts, default=None),
    }


def _figures(fields: Fields) -> Fields:
    first, last = fields.get("first_at_micros"), fields.get("last_at_micros")
    return {
        "contribution_count": fields["contribution_count"],
        "assisted_count": fields.get("assisted_count") or 0,
        "total_cost": fields["total_cost_micros"],
        "weight": fields.get("weight_micros") or 0,
        "first_contribution_at": None if first is None else time_of(first),
        "last_contribution_at": None if last is None else time_of(last),
        "months": dict(sorted((+_counts(fields)).items())),
    }


def _counts(fields: Fields) -> Counter[str]:
    """How many contributions count in each month."""
    months = (fields.get("months") or {}).items()
    return Counter({month: amounts.get("count", 0) for month, amounts in months})


def _contributor(part: _Part, document: Document) -> AssetContributor:
    person = contributor_from(document.fields)
    return AssetContributor(
        contributor_id=person.id,
        email=person.email,
        aliases=person.aliases,
        name=person.name,
        contributor_type=person.contributor_type,
        **_figures(part.fields),
    )


def _months(part: _Part, document: Document) -> tuple[ContributorMonth, ...]:
    return by_month(contributor_from(document.fields), months_of([part.fields]))


def _asset(part: _Part, document: Document) -> ContributorAsset:
    asset = asset_from(document.fields)
    return ContributorAsset(
        asset_id=asset.id, name=asset.name, asset_type=asset.asset_type, **_figures(part.fields)
    )
