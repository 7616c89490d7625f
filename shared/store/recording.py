"""Recording one commit: exactly once, with exact totals, in one round trip.

The Commit is sent as if the commit were new and its people and repository known, which is the
common case. A failed precondition says otherwise: then the documents are read once, and the
decision is made on what stands there. No transaction reads, so nothing is locked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from shared.domain.contribution import Commit, CommitReport, StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.errors import Conflict
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.documents import contribution_from
from shared.store.group_commit import GroupCommit
from shared.store.known import KnownTypes
from shared.store.posting import Posting, Target

# Merged with others a report may fail for their sake: so it is once more, and then goes alone.
_MERGES = 2


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report: a contribution, and whether it was there before.

    `differs` names the fields in which a replay says something else than the contribution.
    """

    contribution: StoredContribution
    replayed: bool
    differs: tuple[str, ...] = ()


def replay(stored: StoredContribution, commit: Commit) -> Recorded:
    """The answer to a report of a commit that is kept already.

    Raises `Conflict` where it is kept for another author, or was voided.
    """
    if not stored.same_author(commit):
        raise Conflict(
            f"Commit {stored.commit_hash} of {stored.repository} is recorded for another author",
            code="author_conflict",
        )
    if stored.voided:
        instead = (
            f"contribution {stored.corrected_by} has the right figures"
            if stored.corrected_by
            else f'the right figures come with POST /v1/contributions and "corrects": "{stored.id}"'
        )
        raise Conflict(
            f"Commit {stored.commit_hash} of {stored.repository} was voided; {instead}",
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

    # Where reports for one repository meet.
    group_commit: GroupCommit = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "group_commit", GroupCommit(self.connection, self.classify))

    def record(self, report: CommitReport, *, recorded_by: str) -> Recorded:
        """Record a commit, or find that it is recorded.

        Raises `Conflict` (see `replay`), and `Unavailable` when Firestore does not answer in
        time; the same report can then be sent again.
        """
        target = Target(
            self.connection,
            self.classify,
            report.repository,
            recorded_by,
            self.clock(),
        )
        contribution_ref = target.contribution_ref(report)
        references = [contribution_ref, target.asset[0], *target.people_refs(report)]
        deadline = self.connection.timing.deadline()
        missing: set[str] = set()
        # A co-author's stored type decides on the shares; where it is not known, read first.
        co_authors = report.distinct_co_authors()
        types = self.known.types(co_authors)
        has_read = False
        merges = _MERGES
        while True:
            try:
                if types is None:
                    found = self.connection.read(references, deadline)
                    if found[contribution_ref.path].exists:
                        return replay(
                            contribution_from(found[contribution_ref.path].to_dict() or {}), report
                        )
                    missing = {path for path, document in found.items() if not document.exists}
                    missing.discard(contribution_ref.path)
                    types = target.stored_types(report, found)
                    has_read = True
                if merges and not missing:
                    contribution = self.group_commit.commit(target, report, types, deadline)
                else:
                    posting = Posting(self.connection, self.classify)
                    target.add(posting, report, types)
                    [contribution] = posting.commit(missing, deadline)
                self.known.learn(
                    {email: types.get(email) or self.classify(email) for email in co_authors}
                )
                return Recorded(contribution, replayed=False)
            except OVERTAKEN:
                types = None
                merges = max(merges - 1, 0)
                if has_read:
                    deadline.pause()
            except TRANSIENT:
                deadline.pause()
