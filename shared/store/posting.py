"""The one Commit that puts entries into the ledger together with what they add to the totals.

Entries are created (they must not exist) in the same Commit that adds to their people and their
asset, so totals and entries can never disagree, whatever fails when.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#commitrequest
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, DocumentSnapshot

from shared.domain.asset import Asset, asset_of_repository
from shared.domain.contribution import Commit, Entry, cost_of, entry_of_commit
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.credits import share_out
from shared.domain.email import name_from_email
from shared.domain.identifiers import commit_document_id, contributor_document_id, contributor_id
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import added, contributor_type_from, to_fields
from shared.store.write_batch import Batch

# Firestore takes 10 MiB a request, the emulator 4 MiB. How many writes there are does not matter.
# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
# https://cloud.google.com/firestore/docs/release-notes#March_29_2023
MAX_BYTES = 3_500_000
# The most that a character of a commit's JSON takes in the request: `-1,` takes 13 bytes.
_BYTES_A_CHARACTER = 5
# What the ledger adds to a commit, and for each person that is credited in a Commit.
_BYTES_AN_ENTRY = 1024
_BYTES_A_PERSON = 1024


def bytes_of(commit: Commit, credited: Collection[str] = ()) -> int:
    """The most that a commit adds to a request in which the people in `credited` are already."""
    people = {commit.contributor_email, *commit.distinct_co_authors()}.difference(credited)
    size = _BYTES_AN_ENTRY + _BYTES_A_PERSON * len(people)
    return size + _BYTES_A_CHARACTER * len(commit.model_dump_json())


@dataclass(slots=True)
class _Account:
    """A contributor or an asset that entries add to; `opening` is its state where it is new."""

    reference: DocumentReference
    opening: Contributor | Asset
    micros: int = 0
    entries: int = 0

    def count(self, micros: int) -> None:
        """Add one entry's share."""
        self.micros += micros
        self.entries += 1


@dataclass
class Posting:
    """New entries and the sums they add, for one Commit."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    entries: list[tuple[DocumentReference, Entry]] = field(default_factory=list)
    # By path.
    accounts: dict[str, _Account] = field(default_factory=dict)
    _people: dict[str, _Account] = field(default_factory=dict, init=False, repr=False)

    def add(
        self,
        reference: DocumentReference,
        entry: Entry,
        *,
        asset: tuple[DocumentReference, Asset],
        names: Mapping[str, str | None],
    ) -> None:
        """Add an entry; `names` are the display names of people who turn out to be new."""
        self.entries.append((reference, entry))
        self._account_of_asset(*asset).count(entry.cost_amount)
        for credit in entry.credits:
            name = names.get(credit.email)
            self._account_of_person(credit.email, name).count(credit.share_amount)

    def _account_of_asset(self, reference: DocumentReference, opening: Asset) -> _Account:
        account = self.accounts.get(reference.path)
        if account is None:
            account = self.accounts[reference.path] = _Account(reference, opening)
        return account

    def _account_of_person(self, email: str, name: str | None) -> _Account:
        account = self._people.get(email)
        if account is None:
            reference = self.connection.contributors.document(contributor_document_id(email))
            opening = Contributor(
                id=contributor_id(email),
                email=email,
                name=name or name_from_email(email),
                contributor_type=self.classify(email),
            )
            account = self._people[email] = _Account(reference, opening)
            self.accounts[reference.path] = account
        return account

    def batch(self, missing: Collection[str] = ()) -> Batch:
        """The writes, entries first; accounts at the paths in `missing` are created."""
        batch = self.connection.batch()
        for reference, entry in self.entries:
            batch.create(reference, to_fields(entry) | {"recorded_at": SERVER_TIMESTAMP})
        for path, account in self.accounts.items():
            change = added(micros=account.micros, count=account.entries)
            if path in missing:
                opening = to_fields(account.opening)
                batch.create(account.reference, opening | change | {"created_at": SERVER_TIMESTAMP})
            else:
                batch.update(account.reference, change)
        return batch

    def commit(self, missing: Collection[str], deadline: Deadline) -> list[Entry]:
        """Carry it out, once; gives the entries as they are kept."""
        result = self.connection.commit(self.batch(missing), deadline)
        return [
            entry.model_copy(update={"recorded_at": transforms[0]})
            for (_, entry), transforms in zip(self.entries, result.transforms, strict=False)
        ]


@dataclass(frozen=True)
class Target:
    """Where the commits of one request go, who reported them, and when."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    repository: Repository
    recorded_by: str
    now: datetime
    _people: dict[str, DocumentReference] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def asset(self) -> tuple[DocumentReference, Asset]:
        """The repository's document, and its first state."""
        document_id, asset = asset_of_repository(self.repository)
        return self.connection.assets.document(document_id), asset

    def entry_ref(self, commit: Commit) -> DocumentReference:
        """The document of a commit's entry."""
        document_id = commit_document_id(self.repository, commit.commit_hash)
        return self.connection.contributions.document(document_id)

    def person_ref(self, email: str) -> DocumentReference:
        """The document of a contributor."""
        reference = self._people.get(email)
        if reference is None:
            reference = self.connection.contributors.document(contributor_document_id(email))
            self._people[email] = reference
        return reference

    def people_refs(self, commit: Commit) -> list[DocumentReference]:
        """The documents of everybody credited with a commit, author first."""
        emails = (commit.contributor_email, *commit.distinct_co_authors())
        return [self.person_ref(email) for email in emails]

    def stored_types(
        self, commit: Commit, found: Mapping[str, DocumentSnapshot]
    ) -> dict[str, ContributorType]:
        """The types of those co-authors who are in the ledger, among documents that were read."""
        documents = {e: found[self.person_ref(e).path] for e in commit.distinct_co_authors()}
        return {
            email: contributor_type_from(document.to_dict() or {})
            for email, document in documents.items()
            if document.exists
        }

    def add(self, posting: Posting, commit: Commit, types: Mapping[str, ContributorType]) -> None:
        """Add a commit's entry; `types` are those of co-authors who are in the ledger."""
        co_authors = commit.distinct_co_authors()
        entry = entry_of_commit(
            commit,
            self.repository,
            asset_id=self.asset[1].id,
            credits=share_out(
                cost_of(commit),
                author=commit.contributor_email,
                co_authors=tuple(co_authors),
                type_of=lambda email: types.get(email) or self.classify(email),
            ),
            recorded_by=self.recorded_by,
            now=self.now,
        )
        names = {commit.contributor_email: commit.contributor_name, **co_authors}
        posting.add(self.entry_ref(commit), entry, asset=self.asset, names=names)
