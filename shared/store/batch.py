"""Recording many commits of one repository: as a rule in one large Commit and without a read.

As with one commit, it is sent as if the commits were new and their people and repository known.
Where that is wrong, all documents are read at once and what is left to do is decided on those.

A batch too large for one Commit is several. Each carries its own contributions with their own sums,
so it stands by itself: where a later one fails, the earlier ones are recorded, and are replays when
the batch is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.cloud.firestore import DocumentReference, DocumentSnapshot

from shared.domain.contribution import Commit, Outcome, StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.repository import Repository
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import contributor_type_from
from shared.store.known import KnownTypes
from shared.store.posting import MAX_BYTES, Posting, Target, bytes_of

# A replay is told by these; the rest of a long contribution is not sent over.
_MASK = (
    "id",
    "contributor_email",
    "author_email",
    "voided",
    "cost_micros",
    "coherence_score",
    "contributor_type",
)


@dataclass(frozen=True, slots=True)
class CommitOutcome:
    """What became of one commit; other fields are None where it is somebody else's."""

    outcome: Outcome
    id: str | None = None
    cost_micros: int | None = None
    coherence_score: float | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """As much of a contribution as tells what another report of its commit is."""

    id: str
    addresses: frozenset[str | None]
    voided: bool
    cost_micros: int
    coherence_score: float

    @classmethod
    def stored(cls, document: DocumentSnapshot) -> _Kept:
        fields = document.to_dict() or {}
        return cls(
            id=fields["id"],
            addresses=frozenset({fields.get("contributor_email"), fields.get("author_email")}),
            voided=fields.get("voided", False),
            cost_micros=fields.get("cost_micros", 0),
            coherence_score=fields.get("coherence_score", 0),
        )

    @classmethod
    def recorded(cls, contribution: StoredContribution) -> _Kept:
        return cls(
            id=contribution.id,
            addresses=frozenset({contribution.contributor_email, contribution.author_email}),
            voided=False,
            cost_micros=contribution.cost_amount,
            coherence_score=contribution.coherence_score,
        )

    def outcome(self, commit: Commit, *, first: bool) -> CommitOutcome:
        if commit.addresses().isdisjoint(self.addresses):
            return CommitOutcome(Outcome.CONFLICT)
        if self.voided:
            return CommitOutcome(Outcome.VOIDED, self.id)
        outcome = Outcome.RECORDED if first else Outcome.REPLAYED
        return CommitOutcome(outcome, self.id, self.cost_micros, self.coherence_score)


@dataclass(frozen=True)
class BatchRecorder:
    """Records batches over one connection."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    known: KnownTypes = field(default_factory=KnownTypes)

    def record(
        self,
        repository: Repository,
        commits: Sequence[Commit],
        *,
        recorded_by: str,
        deadline: Deadline | None = None,
    ) -> list[CommitOutcome]:
        """Record the commits; an outcome for each, in order.

        A commit that stands in the batch twice is recorded once. Raises `Unavailable` when
        Firestore does not answer in time; what was recorded until then is a replay when the
        batch comes again.
        """
        target = Target(self.connection, self.classify, repository, recorded_by, self.clock())
        batch = _Batch(target, self.known, deadline or self.connection.timing.deadline())
        return batch.record(commits)


class _Batch:
    """One batch in the course of being recorded."""

    def __init__(self, target: Target, known: KnownTypes, deadline: Deadline) -> None:
        self.target = target
        self.connection = target.connection
        self.known = known
        self.deadline = deadline
        # Of people who are in the ledger, as far as it matters for what they are credited with.
        self.types: dict[str, ContributorType] = {}
        self.missing: set[str] = set()
        self.kept: dict[str, _Kept] = {}

    def record(self, commits: Sequence[Commit]) -> list[CommitOutcome]:
        distinct = {commit.commit_hash: commit for commit in reversed(commits)}
        pending = list(reversed(distinct.values()))
        co_authors = {email for commit in pending for email in commit.distinct_co_authors()}
        types = self.known.types(co_authors)
        if types is None:
            self._read_patiently(pending)
        else:
            self.types = types
        recorded: set[str] = set()
        while pending := [commit for commit in pending if commit.commit_hash not in self.kept]:
            recorded |= self._post(pending)
        outcomes = []
        for commit in commits:
            first = commit is distinct[commit.commit_hash] and commit.commit_hash in recorded
            outcomes.append(self.kept[commit.commit_hash].outcome(commit, first=first))
        return outcomes

    def _read_patiently(self, commits: Sequence[Commit]) -> None:
        self.connection.patiently(lambda _: self._read(commits), self.deadline)

    def _read(self, commits: Iterable[Commit]) -> None:
        contributions = {
            commit.commit_hash: self.target.contribution_ref(commit) for commit in commits
        }
        people = {
            email: self.target.person_ref(email)
            for commit in commits
            for email in (commit.contributor_email, *commit.distinct_co_authors())
        }
        asset, _ = self.target.asset
        references: list[DocumentReference] = [*contributions.values(), *people.values(), asset]
        found = self.connection.read(references, self.deadline, fields=_MASK)
        self.missing -= found.keys()
        self.missing |= {path for path, document in found.items() if not document.exists}
        for email, reference in people.items():
            if reference.path not in self.missing:
                fields = found[reference.path].to_dict() or {}
                self.types[email] = contributor_type_from(fields)
        for commit_hash, reference in contributions.items():
            if reference.path not in self.missing:
                self.kept[commit_hash] = _Kept.stored(found[reference.path])

    def _post(self, pending: Sequence[Commit]) -> set[str]:
        """Record as many of the commits as go into one Commit; gives their hashes."""
        overtaken = False
        while True:
            posting, chunk = self._posting(pending)
            try:
                contributions = posting.commit(self.missing, self.deadline)
            except OVERTAKEN:
                if overtaken:
                    self.deadline.pause()
                overtaken = True
                self._read_patiently(chunk)
                pending = [commit for commit in chunk if commit.commit_hash not in self.kept]
                if not pending:
                    return set()
            except TRANSIENT:
                self.deadline.pause()
            else:
                self.missing -= posting.accounts.keys()
                self._learn(chunk)
                for commit, contribution in zip(chunk, contributions, strict=True):
                    self.kept[commit.commit_hash] = _Kept.recorded(contribution)
                return {commit.commit_hash for commit in chunk}

    def _learn(self, chunk: Iterable[Commit]) -> None:
        # Only now is everybody credited in it surely in the ledger, with the type assumed here.
        for commit in chunk:
            for email in commit.distinct_co_authors():
                self.types.setdefault(email, self.target.classify(email))
                self.known.learn({email: self.types[email]})

    def _posting(self, pending: Sequence[Commit]) -> tuple[Posting, list[Commit]]:
        posting = Posting(self.connection, self.target.classify)
        chunk: list[Commit] = []
        credited: set[str] = set()
        size = 0
        for commit in pending:
            size += bytes_of(commit, credited)
            if chunk and size > MAX_BYTES:
                break
            self.target.add(posting, commit, self.types)
            chunk.append(commit)
            credited |= {commit.contributor_email, *commit.distinct_co_authors()}
        return posting, chunk
