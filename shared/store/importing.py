"""Bringing the plan for another store's file into the ledger, once, whatever is there already.

Every document has an id that follows from the file, and every Commit carries new contributions with
what they add to the totals. So an import that ended in the middle is simply run again, and one
may run while commits are being recorded: what is there stays, and is given its old ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    ArrayUnion,
    CollectionReference,
    DocumentReference,
)

from shared.domain.asset import Asset
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.email import spelt_as_today
from shared.domain.fields import Stored
from shared.domain.identifiers import repository_document_id, repository_of
from shared.domain.legacy.file import NotTaken
from shared.domain.legacy.plan import ImportPlan, PlannedContribution
from shared.domain.legacy.renamed import renamed
from shared.domain.repository import Repository
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import asset_from, to_fields
from shared.store.posting import MAX_BYTES, MAX_MONTHS, Posting
from shared.store.reading import Document
from shared.store.write_batch import WriteBatch

_T = TypeVar("_T")
_S = TypeVar("_S")

_DOCUMENTS_A_COMMIT = 500
# Each may be of another month.
_CONTRIBUTIONS_A_COMMIT = MAX_MONTHS
# As for a batch: the most that a character of a document's JSON takes in the request, and what the
# ledger adds.
_BYTES_A_CHARACTER = 5
_BYTES_A_DOCUMENT = 4096

_KEPT_OF_CONTRIBUTION = ("contributor_email", "author_email", "cost_micros", "legacy_ids")
_KEPT_OF_ACCOUNT = ("legacy_ids",)


@dataclass(slots=True)
class Tally:
    """How many documents of one kind were created, given old ids, and found as they should be."""

    created: int = 0
    given_ids: int = 0
    unchanged: int = 0

    def add(self, other: Tally) -> None:
        self.created += other.created
        self.given_ids += other.given_ids
        self.unchanged += other.unchanged


@dataclass(slots=True)
class Imported:
    """What an import came to.

    `not_taken` are contributions whose commit the ledger has for another author, and `differing`
    the places of those that it has with another cost. Both stay as the ledger has them.
    """

    contributors: Tally = field(default_factory=Tally)
    assets: Tally = field(default_factory=Tally)
    contributions: Tally = field(default_factory=Tally)
    not_taken: list[NotTaken] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)

    def tallies(self) -> dict[str, Tally]:
        """The tallies by collection."""
        return {
            "contributors": self.contributors,
            "assets": self.assets,
            "contributions": self.contributions,
        }

    def add(self, other: Imported) -> None:
        self.contributors.add(other.contributors)
        self.assets.add(other.assets)
        self.contributions.add(other.contributions)
        self.not_taken += other.not_taken
        self.differing += other.differing


@dataclass(frozen=True)
class Importer:
    """Imports over one connection; with `dry_run` it only reads."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    dry_run: bool = False

    def run(self, plan: ImportPlan) -> Imported:
        """Import; raises `Unavailable` when Firestore does not answer. What was written stays."""
        done = Imported()
        plan, done.not_taken = renamed(plan, self._leading_elsewhere(plan))
        people, assets = self.connection.contributors, self.connection.assets
        for some_people in _chunks(plan.contributors, _DOCUMENTS_A_COMMIT, _size):
            done.contributors.add(self._until_done(self._accounts, people, some_people))
        # Half as many: each with a name that it excludes.
        for some_assets in _chunks(plan.assets, _DOCUMENTS_A_COMMIT // 2, _size):
            done.assets.add(self._until_done(self._accounts, assets, some_assets))
        for contributions in _chunks(
            plan.contributions, _CONTRIBUTIONS_A_COMMIT, lambda p: _size(p.contribution)
        ):
            done.add(self._until_done(self._contributions, contributions))
        return done

    def _leading_elsewhere(self, plan: ImportPlan) -> dict[str, tuple[str, Asset]]:
        """The accounts of repositories that the file has under a further name."""
        deadline = self.connection.timing.deadline()
        named = {*plan.assets, *(one.asset_document_id for one in plan.contributions.values())}
        names = {f"name@{name}": name for name in sorted(named) if repository_of(name)}
        references = [self.connection.further_name(name) for name in names.values()]
        further = self.connection.existing(references, deadline)
        keys = {
            names[name]: repository_document_id(Repository.parse_key(document.fields["leads_to"]))
            for name, document in further.items()
        }
        references = [self.connection.assets.document(key) for key in dict.fromkeys(keys.values())]
        accounts = self.connection.existing(references, deadline)
        return {
            name: (key, asset_from(accounts[key].fields))
            for name, key in keys.items()
            if key in accounts
        }

    def _until_done(self, attempt: Callable[..., _T], *arguments: Any) -> _T:
        deadline = self.connection.timing.deadline()
        while True:
            try:
                return attempt(*arguments, deadline)
            except (*OVERTAKEN, *TRANSIENT):
                deadline.pause()

    def _accounts(
        self,
        collection: CollectionReference,
        accounts: Mapping[str, Contributor | Asset],
        deadline: Deadline,
    ) -> Tally:
        references = {name: collection.document(name) for name in accounts}
        found = self._read(references.values(), _KEPT_OF_ACCOUNT, deadline)
        tally = Tally()
        writes = self.connection.write_batch()
        for name, account in accounts.items():
            stored = found[references[name].path]
            if stored.exists:
                _give_ids(writes, stored, account.legacy_ids, tally)
                continue
            began = account.created_at or SERVER_TIMESTAMP
            writes.create(stored.reference, to_fields(account) | {"created_at": began})
            if collection == self.connection.assets and ":" in name:
                # A repository, which may not be a further name of another one.
                writes.forbid(self.connection.further_name(name))
            tally.created += 1
        self._commit(writes, deadline)
        return tally

    def _contributions(
        self, contributions: Mapping[str, PlannedContribution], deadline: Deadline
    ) -> Imported:
        references = {name: self.connection.contributions.document(name) for name in contributions}
        found = self._read(references.values(), _KEPT_OF_CONTRIBUTION, deadline)
        posting = Posting(self.connection, self.classify)
        there: list[tuple[Document, PlannedContribution]] = []
        for name, planned in contributions.items():
            stored = found[references[name].path]
            if stored.exists:
                there.append((stored, planned))
            else:
                asset = self.connection.assets.document(planned.asset_document_id)
                fields = to_fields(planned.contribution)
                posting.add(stored.reference, fields, asset=asset, opening=planned.asset)
        # A commit may be by somebody, or of a repository, that the file does not list.
        writes = posting.writes(posting.missing(deadline))
        done = Imported(contributions=Tally(created=len(posting.contributions)))
        for stored, planned in there:
            _keep(writes, stored, planned, done)
        self._commit(writes, deadline)
        return done

    def _read(
        self, references: Iterable[DocumentReference], fields: Sequence[str], deadline: Deadline
    ) -> dict[str, Document]:
        wanted = list(references)
        return self.connection.read(wanted, deadline, fields=fields) if wanted else {}

    def _commit(self, writes: WriteBatch, deadline: Deadline) -> None:
        if len(writes) and not self.dry_run:
            self.connection.commit(writes, deadline)


def _keep(
    writes: WriteBatch, stored: Document, planned: PlannedContribution, done: Imported
) -> None:
    """The ledger has this contribution; give it the old ids, unless it is somebody else's."""
    fields = stored.fields
    kept = (fields.get("contributor_email"), fields.get("author_email"))
    if planned.contribution.contributor_email not in map(spelt_as_today, filter(None, kept)):
        reason = "the ledger has this commit for another author"
        done.not_taken.append(NotTaken(planned.place, reason))
        return
    if fields.get("cost_micros") != planned.contribution.cost_amount:
        done.differing.append(planned.place)
    _give_ids(writes, stored, planned.contribution.legacy_ids, done.contributions)


def _give_ids(writes: WriteBatch, stored: Document, ids: Sequence[str], tally: Tally) -> None:
    kept = set(stored.fields.get("legacy_ids") or ())
    lacking = [old for old in ids if old not in kept]
    if lacking:
        writes.update(stored.reference, {"legacy_ids": ArrayUnion(lacking)})
        tally.given_ids += 1
    else:
        tally.unchanged += 1


def _size(stored: Stored) -> int:
    """Bytes that a document takes in a Commit, at most."""
    return _BYTES_A_DOCUMENT + _BYTES_A_CHARACTER * len(stored.model_dump_json())


def _chunks(
    documents: Mapping[str, _S], most: int, size_of: Callable[[_S], int]
) -> Iterator[dict[str, _S]]:
    """As many documents at a time as go into one Commit."""
    chunk: dict[str, _S] = {}
    size = 0
    for name, stored in documents.items():
        size += size_of(stored)
        if chunk and (len(chunk) == most or size > MAX_BYTES):
            yield chunk
            chunk, size = {}, size_of(stored)
        chunk[name] = stored
    if chunk:
        yield chunk
