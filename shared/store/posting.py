"""The one Commit that puts contributions into the ledger with what they add to the totals.

Contributions are created (they must not exist) in the same Commit that adds to their people and
their asset, so totals and contributions can never disagree, whatever fails when.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#commitrequest
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, DocumentSnapshot

from shared.domain.asset import Asset, asset_of_repository
from shared.domain.contribution import Commit, StoredContribution, contribution_of_commit, cost_of
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.credits import share_out
from shared.domain.email import name_from_email
from shared.domain.identifiers import commit_document_id, contributor_document_id, contributor_id
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import added, contributor_type_from, to_fields
from shared.store.write_batch import WriteBatch

# Firestore takes 10 MiB a request, the emulator 4 MiB. How many writes there are does not matter.
# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
# https://cloud.google.com/firestore/docs/release-notes#March_29_2023
MAX_BYTES = 3_500_000
# The most that a character of a commit's JSON takes in the request: `-1,` takes 13 bytes.
_BYTES_A_CHARACTER = 5
# What the ledger adds to a commit, and for each person that is credited in a Commit.
_BYTES_A_CONTRIBUTION = 1024
_BYTES_A_PERSON = 1024


def bytes_of(commit: Commit, credited: Collection[str] = ()) -> int:
    """The most that a commit adds to a request in which the people in `credited` are already."""
    people = {commit.contributor_email, *commit.distinct_co_authors()}.difference(credited)
    size = _BYTES_A_CONTRIBUTION + _BYTES_A_PERSON * len(people)
    return size + _BYTES_A_CHARACTER * len(commit.model_dump_json())


@dataclass(slots=True)
class _Account:
    """A contributor or an asset with what is added to it; `opening` is its state if it is new."""

    reference: DocumentReference
    opening: Contributor | Asset
    micros: int = 0
    contributions: int = 0

    def count(self, micros: int) -> None:
        """Add one contribution's share."""
        self.micros += micros
        self.contributions += 1


@dataclass
class Posting:
    """New contributions and the sums they add, for one Commit."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    contributions: list[tuple[DocumentReference, StoredContribution]] = field(default_factory=list)
    # By path.
    accounts: dict[str, _Account] = field(default_factory=dict)
    _people: dict[str, _Account] = field(default_factory=dict, init=False, repr=False)

    def add(
        self,
        reference: DocumentReference,
        contribution: StoredContribution,
        *,
        asset: tuple[DocumentReference, Asset],
        names: Mapping[str, str | None],
    ) -> None:
        """Add a contribution; `names` are the display names of people who turn out to be new."""
        self.contributions.append((reference, contribution))
        self._account_of_asset(*asset).count(contribution.cost_amount)
        for credit in contribution.credits:
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

    def writes(self, missing: Collection[str] = ()) -> WriteBatch:
        """The writes, contributions first; accounts at the paths in `missing` are created."""
        writes = self.connection.write_batch()
        for reference, contribution in self.contributions:
            writes.create(reference, to_fields(contribution) | {"recorded_at": SERVER_TIMESTAMP})
        for path, account in self.accounts.items():
            change = added(micros=account.micros, count=account.contributions)
            if path in missing:
                opening = to_fields(account.opening)
                writes.create(
                    account.reference, opening | change | {"created_at": SERVER_TIMESTAMP}
                )
            else:
                writes.update(account.reference, change)
        return writes

    def commit(self, missing: Collection[str], deadline: Deadline) -> list[StoredContribution]:
        """Carry it out, once; gives the contributions as they are kept."""
        result = self.connection.commit(self.writes(missing), deadline)
        return [
            contribution.model_copy(update={"recorded_at": transforms[0]})
            for (_, contribution), transforms in zip(
                self.contributions, result.transforms, strict=False
            )
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

    def contribution_ref(self, commit: Commit) -> DocumentReference:
        """The document of a commit's contribution."""
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
        """Add a commit's contribution; `types` are those of co-authors who are in the ledger."""
        co_authors = commit.distinct_co_authors()
        contribution = contribution_of_commit(
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
        posting.add(self.contribution_ref(commit), contribution, asset=self.asset, names=names)
