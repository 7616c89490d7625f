"""What one Commit is to hold: contributions, and what they add to totals or take out of them.

Contributions are created (they must not exist) in the same Commit that adds to their people, their
asset and each one's part in it: totals and contributions can never disagree, whatever fails when.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#commitrequest
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, Increment, Maximum, Minimum
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from shared.domain.asset import Asset, asset_of_repository
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.credits import weight
from shared.domain.drift import Kind
from shared.domain.email import name_from_email
from shared.domain.identifiers import (
    asset_document_id,
    contributor_document_id,
    contributor_id,
    part_document_id,
    repository_of,
)
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import Fields, to_fields
from shared.store.registration import Registration
from shared.store.write_batch import WriteBatch

# Firestore takes 10 MiB a request, the emulator 4 MiB. How many writes there are does not matter.
# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
# https://cloud.google.com/firestore/docs/release-notes#March_29_2023
MAX_BYTES = 3_500_000
# Firestore takes 500 transforms of one document in a Commit. An asset takes 6, and 5 a month.
# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
MAX_MONTHS = 88

# The fields of an account, by what they sum up.
TOTALS = {
    "count": "contribution_count",
    "micros": "total_cost_micros",
    "assisted": "assisted_count",
    "weight": "weight_micros",
}
# Of a month those are there that say something, and these.
ALWAYS = ("count", "micros")


@dataclass(frozen=True, slots=True)
class Addition:
    """What one contribution adds to one account: to its totals, and to those of a month.

    `amounts` are by their names in `months`: `count`, `micros`, `assisted`, of a participation
    `weight`, of an asset `bots` and `agents`. `credit` is the one by which somebody is credited.
    """

    kind: Kind
    document_id: str
    amounts: Mapping[str, int]
    credit: Mapping[str, Any] = field(default_factory=dict)


def additions(contribution: Mapping[str, Any]) -> Iterator[Addition]:
    """What a contribution adds, told from its document; to its asset first."""
    asset = asset_document_id(contribution)
    by = contribution.get("author_type")
    helped = bool(contribution.get("assistance"))
    cost = {"count": 1, "micros": int(contribution["cost_micros"]), "assisted": int(helped)}
    types = {"bots": int(by == ContributorType.BOT), "agents": int(by == ContributorType.AGENT)}
    yield Addition(Kind.ASSET, asset, cost | types)
    agents = contribution.get("agent_ids") or ()
    for credit in contribution.get("credits", ()):
        person, share = contributor_document_id(credit["email"]), int(credit["share_micros"])
        assisted = int(helped and credit["contributor_id"] not in agents)
        amounts = {"count": 1, "micros": share, "assisted": assisted}
        yield Addition(Kind.CONTRIBUTOR, person, amounts, credit)
        if contribution.get("month") is None:
            # Recorded by a version without parts: it is in none.
            continue
        weighed = {"weight": weight(share, contribution["coherence_score"])}
        yield Addition(Kind.PART, part_document_id(asset, person), amounts | weighed, credit)


@dataclass(slots=True)
class Figures:
    """What additions come to; first and last time are in microseconds since 1970."""

    totals: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    first_at: int | None = None
    last_at: int | None = None

    def add(self, addition: Addition, contribution: Mapping[str, Any], sign: int = 1) -> None:
        """Add what a contribution adds, or take it out with `sign` -1: then times stay."""
        month, at = contribution.get("month"), contribution.get("counted_at_micros")
        for name, amount in addition.amounts.items():
            if name in TOTALS:
                self.totals[name] += sign * amount
            if month is not None:
                self.months[month][name] += sign * amount
        if sign > 0 and at is not None:
            self.first_at = at if self.first_at is None else min(self.first_at, at)
            self.last_at = at if self.last_at is None else max(self.last_at, at)

    def changes(self, *, recorded: bool, totals: bool = True) -> dict[str, Any]:
        """The transforms that add all this to an account's document.

        `recorded`: it was recorded just now. Without `totals`, those are right already.
        """
        change: dict[str, Any] = {}
        if totals:
            for name, amount in self.totals.items():
                change[TOTALS[name]] = Increment(amount)
        if recorded:
            change["last_recorded_at"] = SERVER_TIMESTAMP
        if self.first_at is not None and self.last_at is not None:
            change["first_at_micros"] = Minimum(self.first_at)
            change["last_at_micros"] = Maximum(self.last_at)
        for month, amounts in self.months.items():
            for name, amount in amounts.items():
                if amount or name in ALWAYS:
                    change[f"months.`{month}`.{name}"] = Increment(amount)
        return change


@dataclass(slots=True)
class _Account:
    """A contributor, an asset or a participation, with what changes in it.

    `opening` makes the fields that it begins with.
    """

    reference: DocumentReference
    kind: Kind
    opening: Callable[[], Fields]
    figures: Figures = field(default_factory=Figures)


@dataclass
class Posting:
    """Contributions for one Commit, and their accounts; with `sign` -1 they are taken out.

    `building`: they are in the totals already, and are to go into months and parts.
    """

    connection: Connection
    classify: Callable[[str], ContributorType]
    sign: int = 1
    building: bool = False
    contributions: list[tuple[DocumentReference, Fields]] = field(default_factory=list)
    # By path.
    accounts: dict[str, _Account] = field(default_factory=dict)
    registration: Registration | None = None

    def add(self, reference: DocumentReference, contribution: Fields, **new: Any) -> None:
        """Create a contribution, given as its document, and count it; `new` as for `count`."""
        self.contributions.append((reference, contribution))
        self.count(contribution, **new)

    def count(
        self,
        contribution: Fields,
        *,
        asset: DocumentReference | None = None,
        author: DocumentReference | None = None,
        opening: Asset | None = None,
        names: Mapping[str, str | None] | None = None,
    ) -> None:
        """Count a contribution in its asset and for everybody credited with it.

        `asset` and `author` are those accounts' documents, where they were found. Where an account
        turns out to be missing, `opening` is the asset's first state if it is no repository's, and
        `names` holds those of co-authors.
        """
        author_email = contribution["contributor_email"]
        names = {**(names or {}), author_email: contribution.get("contributor_name")}
        new: Callable[[], Fields]
        for addition in additions(contribution):
            found = None
            match addition.kind:
                case Kind.ASSET:
                    collection, found = self.connection.assets, asset
                    new = partial(_new_asset, contribution, opening)
                case Kind.CONTRIBUTOR:
                    email = addition.credit["email"]
                    collection = self.connection.contributors
                    found = author if email == author_email else None
                    new = partial(_new_person, email, names.get(email), self.classify)
                case Kind.PART:
                    collection = self.connection.participations
                    new = partial(_new_part, contribution, addition)
            # A reference takes its time, and most of a batch's contributions share accounts.
            path = found.path if found else f"{collection.id}/{addition.document_id}"
            account = self.accounts.get(path)
            if account is None:
                reference = found or collection.document(addition.document_id)
                account = self.accounts[path] = _Account(reference, addition.kind, new)
            account.figures.add(addition, contribution, self.sign)

    def missing(self, deadline: Deadline) -> set[str]:
        """The paths of those accounts that are not there and have to be. One read."""
        must_exist = filter(self._must_exist, self.accounts.values())
        references = [account.reference for account in must_exist]
        found = self.connection.read(references, deadline, fields=("id",)) if references else {}
        return {path for path, document in found.items() if not document.exists}

    def writes(
        self, missing: Collection[str] = (), *, behind: WriteBatch | None = None
    ) -> WriteBatch:
        """The writes, contributions first; accounts at the paths in `missing` are created.

        They go `behind` what is to be written before them.
        """
        created = [
            (reference, contribution | {"recorded_at": SERVER_TIMESTAMP})
            for reference, contribution in self.contributions
        ]
        changed: list[tuple[DocumentReference, Fields, Timestamp | None]] = []
        merged: list[tuple[DocumentReference, Fields]] = []
        forbidden: list[DocumentReference] = []
        adds = self.sign > 0
        new = self.registration
        for path, account in self.accounts.items():
            is_part = account.kind is Kind.PART
            change = account.figures.changes(
                recorded=adds and not is_part and not self.building,
                totals=is_part or not self.building,
            )
            read_at = None
            if new and new.fields and path == new.asset.path:
                change |= new.fields
                read_at = new.read_at
            if not self._must_exist(account):
                merged.append((account.reference, account.opening() | change))
            elif path not in missing:
                changed.append((account.reference, change, read_at))
            elif not is_part and not self.building:
                opening = account.opening() | {"created_at": SERVER_TIMESTAMP}
                # Nothing can be taken out of what is not there; it begins with nothing.
                created.append((account.reference, opening | change if adds else opening))
                if account.kind is Kind.ASSET and ":" in account.reference.id:
                    # A repository's, whose name may then lead to no other one.
                    forbidden.append(self.connection.further_name(account.reference.id))
        writes = behind or WriteBatch(self.connection.client)
        for reference, fields in created:
            writes.create(reference, fields)
        for reference, fields, unchanged_since in changed:
            writes.update(reference, fields, unchanged_since=unchanged_since)
        for reference, fields in merged:
            writes.merge(reference, fields)
        for reference in forbidden:
            writes.forbid(reference)
        if new:
            new.write(writes)
        return writes

    def _must_exist(self, account: _Account) -> bool:
        # What is added to a participation makes it, so that a first touch costs no read.
        return self.sign < 0 or account.kind is not Kind.PART


def _new_asset(contribution: Fields, opening: Asset | None) -> Fields:
    if opening is None and (repository := repository_of(asset_document_id(contribution))):
        shown = Repository.parse(contribution["repository"])
        _, opening = asset_of_repository(repository, shown)
    return to_fields(opening or Asset(id=contribution["asset_id"]))


def _new_person(email: str, name: str | None, classify: Callable[[str], ContributorType]) -> Fields:
    return to_fields(
        Contributor(
            id=contributor_id(email),
            email=email,
            name=name or name_from_email(email),
            contributor_type=classify(email),
        )
    )


def _new_part(contribution: Fields, addition: Addition) -> Fields:
    person = addition.credit["contributor_id"]
    return {"asset_id": contribution["asset_id"], "contributor_id": person}
