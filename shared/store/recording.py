"""Recording one commit: exactly once, with exact totals, in one round trip.

The Commit is sent as if the commit were new and its people and repository known, which is the
common case. A failed precondition says otherwise: then the documents are read once, and the
decision is made on what stands there. No transaction reads, so nothing is locked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.cloud.firestore import DocumentSnapshot

from shared.domain.asset import asset_of_repository
from shared.domain.contribution import Commit, CommitReport, Entry, cost_of, entry_of_commit
from shared.domain.contributor import ContributorType
from shared.domain.credits import share_out
from shared.domain.errors import Conflict
from shared.domain.identifiers import commit_document_id, contributor_document_id
from shared.domain.repository import Repository
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.documents import entry_from
from shared.store.known import KnownTypes
from shared.store.posting import Posting


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report: an entry, and whether it was there before.

    `differs` names the fields in which a replay says something else than the entry.
    """

    entry: Entry
    replayed: bool
    differs: tuple[str, ...] = ()


def replay(stored: Entry, commit: Commit) -> Recorded:
    """The answer to a report of a commit that is kept already.

    Raises `Conflict` where it is kept for another author, or was voided.
    """
    if not stored.same_author(commit):
        raise Conflict(
            f"Commit {stored.commit_hash} of {stored.repository} is recorded for another author",
            code="author_conflict",
        )
    if stored.voided:
        raise Conflict(
            f"Commit {stored.commit_hash} of {stored.repository} was voided; the right figures "
            f'come with POST /v1/contributions and "corrects": "{stored.id}"',
            code="voided",
        )
    return Recorded(stored, replayed=True, differs=stored.differences(commit))


@dataclass(frozen=True)
class Recorder:
    """Records commits over one connection.

    `classify` tells what kind of contributor an address belongs to when it is first seen.
    """

    connection: Connection
    classify: Callable[[str], ContributorType]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    known: KnownTypes = field(default_factory=KnownTypes)

    def record(self, report: CommitReport, *, recorded_by: str) -> Recorded:
        """Record a commit, or find that it is recorded.

        Raises `Conflict` (see `replay`), and `Unavailable` when Firestore does not answer in
        time; the same report can then be sent again.
        """
        repository = Repository.parse(report.repository)
        asset_document, asset = asset_of_repository(repository)
        asset_ref = self.connection.assets.document(asset_document)
        entry_ref = self.connection.contributions.document(
            commit_document_id(repository, report.commit_hash)
        )
        co_authors = report.distinct_co_authors()
        people = {
            email: self.connection.contributors.document(contributor_document_id(email))
            for email in (report.contributor_email, *co_authors)
        }
        now = self.clock()

        def posting(types: Mapping[str, ContributorType]) -> Posting:
            credits = share_out(
                cost_of(report),
                author=report.contributor_email,
                co_authors=tuple(co_authors),
                type_of=types.__getitem__,
            )
            entry = entry_of_commit(
                report,
                repository,
                asset_id=asset.id,
                credits=credits,
                recorded_by=recorded_by,
                now=now,
            )
            posting = Posting(self.connection, self.classify)
            names = {report.contributor_email: report.contributor_name, **co_authors}
            posting.add(entry_ref, entry, asset=(asset_ref, asset), names=names)
            return posting

        deadline = self.connection.timing.deadline()
        missing: set[str] = set()
        # A co-author's stored type decides on the shares; where it is not known, read first.
        types = self.known.types(co_authors)
        while True:
            try:
                if types is None:
                    found = self.connection.read([entry_ref, asset_ref, *people.values()], deadline)
                    if found[entry_ref.path].exists:
                        return replay(entry_from(found[entry_ref.path].to_dict() or {}), report)
                    missing = {path for path, document in found.items() if not document.exists}
                    types = self.types_of({e: found[people[e].path] for e in co_authors})
                [entry] = posting(types).commit(missing, deadline)
                return Recorded(entry, replayed=False)
            except OVERTAKEN:
                types = None
            except TRANSIENT:
                deadline.pause()

    def types_of(self, people: Mapping[str, DocumentSnapshot]) -> dict[str, ContributorType]:
        """What kind of contributor each is: as stored, or as classified where it is new."""
        stored = {
            email: ContributorType(document.get("contributor_type"))
            for email, document in people.items()
            if document.exists
        }
        self.known.learn(stored)
        return {email: stored.get(email) or self.classify(email) for email in people}
