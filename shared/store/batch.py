"""Recording many commits of one repository: one read for all of them, then a few large Commits.

Each Commit carries its own entries with their own sums, so it stands by itself: where a later one
fails, the earlier ones are recorded, and are replays when the batch is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.cloud.firestore import DocumentReference, DocumentSnapshot

from shared.domain.contribution import Commit, Entry
from shared.domain.contributor import ContributorType
from shared.domain.outcome import Outcome
from shared.domain.repository import Repository
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.posting import Posting
from shared.store.target import Target

MAX_WRITES = 500
# Firestore takes 10 MiB a request, the emulator 4 MiB.
# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
MAX_BYTES = 3_500_000
# The most that a character of a commit's JSON takes in the request: `-1,` takes 13 bytes.
_BYTES_A_CHARACTER = 5
# What the ledger adds to a commit.
_BYTES_AN_ENTRY = 1024

# A replay is told by these; the rest of a long entry is not sent over.
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
    """What became of one commit; the other fields are None where the entry is somebody else's."""

    outcome: Outcome
    id: str | None = None
    cost_micros: int | None = None
    coherence_score: float | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """As much of an entry as tells what another report of its commit is."""

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
    def recorded(cls, entry: Entry) -> _Kept:
        return cls(
            id=entry.id,
            addresses=frozenset({entry.contributor_email, entry.author_email}),
            voided=False,
            cost_micros=entry.cost_amount,
            coherence_score=entry.coherence_score,
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
        return _Batch(target, deadline or self.connection.timing.deadline()).record(commits)


class _Batch:
    """One batch in the course of being recorded."""

    def __init__(self, target: Target, deadline: Deadline) -> None:
        self.target = target
        self.connection = target.connection
        self.deadline = deadline
        self.found: dict[str, DocumentSnapshot] = {}
        self.missing: set[str] = set()
        self.kept: dict[str, _Kept] = {}

    def record(self, commits: Sequence[Commit]) -> list[CommitOutcome]:
        if not commits:
            return []
        distinct = {commit.commit_hash: commit for commit in reversed(commits)}
        pending = list(reversed(distinct.values()))
        self.connection.patiently(lambda _: self._read(pending), self.deadline)
        recorded: set[str] = set()
        while pending := [commit for commit in pending if commit.commit_hash not in self.kept]:
            recorded |= self._post(pending)
        outcomes = []
        for commit in commits:
            first = commit is distinct[commit.commit_hash] and commit.commit_hash in recorded
            outcomes.append(self.kept[commit.commit_hash].outcome(commit, first=first))
        return outcomes

    def _read(self, commits: Iterable[Commit]) -> None:
        references: dict[str, DocumentReference] = {}
        for commit in commits:
            documents = (self.target.entry_ref(commit), *self.target.people_refs(commit))
            references.update((reference.path, reference) for reference in documents)
        references[self.target.asset_ref.path] = self.target.asset_ref
        found = self.connection.read(list(references.values()), self.deadline, fields=_MASK)
        self.found.update(found)
        self.missing -= found.keys()
        self.missing |= {path for path, document in found.items() if not document.exists}
        for commit in commits:
            document = self.found[self.target.entry_ref(commit).path]
            if document.exists:
                self.kept[commit.commit_hash] = _Kept.stored(document)

    def _post(self, pending: Sequence[Commit]) -> set[str]:
        """Record as many of the commits as go into one Commit; gives their hashes."""
        overtaken = False
        while True:
            posting, chunk = self._posting(pending)
            try:
                entries = posting.commit(self.missing, self.deadline)
            except OVERTAKEN:
                if overtaken:
                    self.deadline.pause()
                overtaken = True
                self.connection.patiently(lambda _: self._read(chunk), self.deadline)  # noqa: B023
                pending = [commit for commit in chunk if commit.commit_hash not in self.kept]
                if not pending:
                    return set()
            except TRANSIENT:
                self.deadline.pause()
            else:
                self.missing -= posting.accounts.keys()
                for commit, entry in zip(chunk, entries, strict=True):
                    self.kept[commit.commit_hash] = _Kept.recorded(entry)
                return {commit.commit_hash for commit in chunk}

    def _posting(self, pending: Sequence[Commit]) -> tuple[Posting, list[Commit]]:
        posting = Posting(self.connection, self.target.classify)
        chunk: list[Commit] = []
        size = 0
        for commit in pending:
            people = {reference.path for reference in self.target.people_refs(commit)}
            accounts = posting.accounts.keys() | people | {self.target.asset_ref.path}
            size += _BYTES_AN_ENTRY + _BYTES_A_CHARACTER * len(commit.model_dump_json())
            if chunk and (len(chunk) + 1 + len(accounts) > MAX_WRITES or size > MAX_BYTES):
                break
            self.target.add(posting, commit, self.target.stored_types(commit, self.found))
            chunk.append(commit)
        return posting, chunk
