"""What each person has contributed to an asset, for sharing an amount out among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import FieldFilter, Query

from shared.domain.asset import Asset
from shared.domain.contributor import Contributor
from shared.domain.distribution import Part
from shared.domain.identifiers import (
    contributor_document_id,
    contributor_of_part,
)
from shared.domain.person import Joined
from shared.store.aliases import Aliases
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.lookup import Found
from shared.store.older_ledger import require_built
from shared.store.reading import Document

# Seconds for which an instance answers from what it has read, and for how many assets.
_KEPT_S = 15.0
_MOST_KEPT = 8
_OF_A_PERSON = ("id", "email", "name", "contributor_type")
_OF_A_PART = ("contributor_id", "total_cost_micros", "weight_micros")


@dataclass(frozen=True, slots=True)
class Parts:
    """Everybody's part in an asset, as it was at this time of the server's.

    `addresses` is how many have one; those of one person are one part.
    """

    parts: tuple[Part, ...]
    addresses: int
    as_of: datetime


@dataclass(frozen=True, slots=True)
class _Read:
    """The participations in an asset, and who these are of, as they were at a time."""

    found: Sequence[Document]
    people: Mapping[str, Contributor]
    joined: Joined
    as_of: datetime
    read_at: float

    def parts(self, until: str | None) -> Parts:
        """The parts up to the end of a month."""
        parts = _together(self.found, self.people, self.joined, until)
        return Parts(tuple(parts), len(self.found), self.as_of)


@dataclass
class Distributor:
    """Reads parts over one connection."""

    connection: Connection
    aliases: Aliases
    # By asset, with months or without.
    _kept: dict[tuple[str, bool], _Read] = field(default_factory=dict, init=False, repr=False)

    def parts(self, asset: Found[Asset], *, until: str | None, most: int | None) -> Parts:
        """The parts up to the end of the month `until`, at most 15 seconds old.

        Where more than `most` addresses have one, there are none. Raises `BeingBuilt` where
        contributions of an older version are not in them yet.
        """
        require_built(asset.document.fields)
        deadline = self.connection.timing.deadline()
        joined = self.aliases.joined(deadline)
        now, key = self.connection.timing.monotonic(), (asset.stored.id, until is not None)
        fresh = {k: kept for k, kept in self._kept.items() if now - kept.read_at <= _KEPT_S}
        if key in fresh and fresh[key].joined is joined:
            return fresh[key].parts(until)
        as_of = asset.document.read_time.ToDatetime(tzinfo=UTC)
        found = self._read_parts(*key, deadline, most)
        if most is not None and len(found) > most:
            return Parts((), len(found), as_of)
        read = _Read(found, self._read_people(found, joined, deadline), joined, as_of, now)
        self._kept = dict([*fresh.items()][-_MOST_KEPT + 1 :]) | {key: read}
        return read.parts(until)

    def _read_parts(
        self, asset_id: str, months: bool, deadline: Deadline, most: int | None
    ) -> list[Document]:
        """The participations in an asset, or one more than `most` of them."""
        query = parts_query(self.connection, asset_id, months=months)
        query = query if most is None else query.limit(most + 1)
        return self.connection.patiently(lambda d: self.connection.query(query, d), deadline)

    def _read_people(
        self, parts: Iterable[Document], joined: Joined, deadline: Deadline
    ) -> dict[str, Contributor]:
        """Who has a part, by document id; of joined people the first address too."""
        ids = {contributor_of_part(part.id) for part in parts}
        for part in parts:
            person = joined.person(part.fields["contributor_id"])
            if person:
                ids.add(contributor_document_id(person.head.email))
        references = [self.connection.contributors.document(an_id) for an_id in ids]
        found = self.connection.existing(references, deadline, fields=_OF_A_PERSON)
        return {an_id: Contributor.model_validate(one.fields) for an_id, one in found.items()}


def parts_query(connection: Connection, asset_id: str, *, months: bool) -> Query:
    """All participations in an asset."""
    query = connection.participations.where(filter=FieldFilter("asset_id", "==", asset_id))
    return query.order_by("__name__").select([*_OF_A_PART, *(("months",) if months else ())])


def _together(
    parts: Collection[Document],
    people: Mapping[str, Contributor],
    joined: Joined,
    until: str | None,
) -> Iterable[Part]:
    """The parts, those of one person's addresses put together."""
    sums: dict[str, tuple[Contributor, int, int]] = {}
    for part in parts:
        person = joined.person(part.fields["contributor_id"])
        own = people.get(contributor_of_part(part.id))
        head = people.get(contributor_document_id(person.head.email)) if person else own
        contributor = head or own
        if contributor is None:
            # Taken away by hand, and nobody is left to give it to.
            continue
        if person:
            others = [a.email for a in person.addresses if a.email != contributor.email]
            contributor = contributor.model_copy(update={"aliases": tuple(others)})
        _, share, weight = sums.get(contributor.id, (contributor, 0, 0))
        more = _amounts(part.fields, until)
        sums[contributor.id] = contributor, share + more[0], weight + more[1]
    return (Part(*of) for of in sums.values())


def _amounts(part: Mapping[str, Any], until: str | None) -> tuple[int, int]:
    """The sum of shares and that of weights, up to the end of a month."""
    if until is None:
        return part.get("total_cost_micros") or 0, part.get("weight_micros") or 0
    counted = [month for name, month in (part.get("months") or {}).items() if name <= until]
    return (
        sum(month.get("micros", 0) for month in counted),
        sum(month.get("weight", 0) for month in counted),
    )
