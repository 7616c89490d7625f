"""One repository as commits are recorded into it: its documents, and the entries they become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from google.cloud.firestore import DocumentReference, DocumentSnapshot

from shared.domain.asset import Asset, asset_of_repository
from shared.domain.contribution import Commit, cost_of, entry_of_commit
from shared.domain.contributor import ContributorType
from shared.domain.credits import share_out
from shared.domain.identifiers import commit_document_id, contributor_document_id
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.documents import contributor_type_from
from shared.store.posting import Posting


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
