"""What is reported of commits, in batches, and what became of each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commits import Commit, Person
from ledger import (
    FAILED,
    PLANNED,
    RECORDED,
    REJECTED,
    REPLAYED,
    SKIPPED,
    UNREPORTABLE,
    Outcome,
    Record,
)
from paths import DOC_DIRECTORIES, DOC_FILE, TEST_DIRECTORIES, TEST_FILE, PathFilter, touches

BATCH_COMMITS = 500
BATCH_BYTES = 4 * 1024 * 1024


def payload(commit: Commit, commits_url: str) -> bytes:
    """Return the commit as the batch endpoint takes it: compact JSON in UTF-8.

    `has_tests` and `has_docs` hold where a path that the commit adds, changes or removes (the new
    one of a rename) lies in such a directory or is named like such a file: TEST_*, DOC_*.
    """
    report: dict[str, Any] = {
        "contributor_email": commit.author.email,
        "commit_hash": commit.hash,
        "url": f"{commits_url}/{commit.hash}",
        "metadata": {
            "files_changed": len(commit.changes),
            "lines_added": sum(change.added for change in commit.changes),
            "lines_deleted": sum(change.deleted for change in commit.changes),
            "has_tests": touches(commit.changes, TEST_DIRECTORIES, TEST_FILE),
            "has_docs": touches(commit.changes, DOC_DIRECTORIES, DOC_FILE),
        },
    }
    if commit.author.name:
        report["contributor_name"] = commit.author.name
    written = commit.written.email.strip()
    if Person(written, "").usable and written != commit.author.email:
        report["author_email"] = written
    if commit.authored_at:
        report["timestamp"] = commit.authored_at
    if commit.co_authors:
        report["co_authors"] = [{"email": p.email, "name": p.name} for p in commit.co_authors]
    if commit.assistance:
        report["assistance"] = commit.assistance
    return _json(report)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def commits_url(environ: Mapping[str, str], repository: str = "") -> str:
    """Return the address that a commit's page has before its hash."""
    server = environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    return f"{server}/{repository or environ.get('GITHUB_REPOSITORY', '')}/commit"


@dataclass(frozen=True)
class Result:
    commit_hash: str
    author: Person
    written: Person
    outcome: Outcome
    co_authors: tuple[Person, ...] = ()
    assistance: tuple[str, ...] = ()


MERGE = Outcome(SKIPPED, "merge commit")


class Batch:
    """Commits on their way, in order; those that are not sent have their outcome already."""

    def __init__(self, repository: str, repository_id: int | None) -> None:
        number = b',"repository_id":' + _json(repository_id) if repository_id else b""
        self._head = b'{"repository":' + _json(repository) + number + b',"commits":['
        self._commits: list[tuple[Commit, Outcome | None]] = []
        self._payloads: list[bytes] = []
        self._size = len(self._head) + len(b"]}")

    def has_room(self, payload: bytes) -> bool:
        return (
            len(self._commits) < BATCH_COMMITS
            and self._size + len(payload) + len(b",") <= BATCH_BYTES
        )

    def add(self, commit: Commit, payload: bytes, outcome: Outcome | None) -> None:
        self._commits.append((commit, outcome))
        if outcome is None:
            self._payloads.append(payload)
            self._size += len(payload) + len(b",")

    def settle(self, record: Record) -> list[Result]:
        """Send what is to be sent; return the results in order."""
        hashes = [commit.hash for commit, outcome in self._commits if outcome is None]
        body = self._head + b",".join(self._payloads) + b"]}"
        answered = iter(record(hashes, body) if hashes else ())
        return [
            Result(
                commit.hash,
                commit.author,
                commit.written,
                outcome or next(answered),
                commit.co_authors,
                commit.assistance,
            )
            for commit, outcome in self._commits
        ]


def report(
    commits: Iterable[Commit],
    *,
    repository: str,
    repository_id: int | None,
    commits_url: str,
    ignored: PathFilter,
    record: Record,
) -> Iterator[list[Result]]:
    """Yield the results in the order of the commits, a batch at a time, so memory is bounded.

    `repository_id` is github.com's number of the repository, which tells a rename.
    """
    batch = Batch(repository, repository_id)
    for commit in commits:
        outcome = _decide(commit, ignored)
        body = b"" if outcome else payload(commit, commits_url)
        if not batch.has_room(body):
            yield batch.settle(record)
            batch = Batch(repository, repository_id)
        batch.add(commit, body, outcome)
    yield batch.settle(record)


def _decide(commit: Commit, ignored: PathFilter) -> Outcome | None:
    """Return the outcome of a commit that is not sent, None for one that is."""
    if commit.is_merge:
        return MERGE
    if ignored.ignores(commit):
        return Outcome(SKIPPED, "changes ignored paths only")
    if not commit.author.usable:
        return Outcome(UNREPORTABLE, "the author has no usable email address")
    return None


class Tally(Counter[str]):
    """How many commits had which outcome, and of how many the ledger keeps other figures."""

    differing = 0

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            self[result.outcome.name] += 1
            self.differing += bool(result.outcome.differs)

    @property
    def rejected(self) -> int:
        return sum(self[name] for name in REJECTED)

    @property
    def answered(self) -> int:
        """Of how many commits the ledger said what became of them."""
        return self[RECORDED] + self[REPLAYED] + self.rejected

    @property
    def is_clean(self) -> bool:
        return not self.rejected and not self[FAILED]

    def __str__(self) -> str:
        counts = {name: self[name] for name in (RECORDED, REPLAYED)} | {"rejected": self.rejected}
        rest = (PLANNED, FAILED, UNREPORTABLE, SKIPPED)
        counts |= {name: self[name] for name in rest if self[name]}
        text = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        return text + (f"; {self.differing:,} kept with other figures" if self.differing else "")
