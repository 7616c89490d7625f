"""Reports for one repository that arrive at once are recorded together.

A document takes about one write a second for long, and every report adds to its repository's. So
an instance has one Commit of merged reports under way for each repository; what arrives meanwhile
goes into the next one, as one write to the repository and one to each person. Databases call it
group commit: https://www.postgresql.org/docs/current/wal-configuration.html
A report that arrives alone does not wait. Batches, and reports that create their people or their
repository, are not merged.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition

from shared.domain.contribution import Commit, StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.errors import Unavailable
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.posting import MAX_BYTES, Posting, Target, bytes_of


@dataclass(slots=True, eq=False)
class _Report:
    """A report under way. `turn` comes when it is settled, or when it has a `group` to record."""

    target: Target
    commit: Commit
    types: Mapping[str, ContributorType]
    deadline: Deadline
    group: list[_Report] | None = None
    turn: threading.Event = field(default_factory=threading.Event)
    contribution: StoredContribution | None = None
    # Where it has neither a contribution nor an error, it was not tried, and may be tried again.
    error: Exception | None = None


@dataclass
class GroupCommit:
    """Commits reports whose people and repository are taken to be in the ledger."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    # By the asset's path, for as long as a Commit of it is under way.
    _queues: dict[str, list[_Report]] = field(default_factory=dict, init=False, repr=False)

    @property
    def waiting(self) -> int:
        """How many reports wait for a Commit of their repository to end."""
        with self._lock:
            return sum(len(queue) for queue in self._queues.values())

    def commit(
        self,
        target: Target,
        commit: Commit,
        types: Mapping[str, ContributorType],
        deadline: Deadline,
    ) -> StoredContribution:
        """Try once to record a commit; raises what became of the Commit that it went into.

        One of `OVERTAKEN` says that something in that Commit was not as taken, of this report or
        of another. Raises `Unavailable` when its turn does not come in time.
        """
        report = _Report(target, commit, types, deadline)
        path = target.asset[0].path
        with self._lock:
            queue = self._queues.get(path)
            if queue is None:
                self._queues[path] = []
                report.group = [report]
            else:
                queue.append(report)
        if queue is not None:
            self._wait(report, queue)
        if report.group:
            self._carry_out(path, report.group, deadline)
        if report.error:
            raise report.error
        if report.contribution is None:
            raise Aborted("not tried")
        return report.contribution

    def _wait(self, report: _Report, queue: list[_Report]) -> None:
        try:
            while not report.turn.wait(report.deadline.timeout()):
                pass
        except BaseException:
            with self._lock:
                # Its turn may have come in this moment; then others rely on it.
                if report.turn.is_set():
                    return
                if report in queue:
                    queue.remove(report)
            raise

    def _carry_out(self, path: str, group: list[_Report], deadline: Deadline) -> None:
        try:
            self._record(group, deadline)
        except (*OVERTAKEN, *TRANSIENT) as error:
            _fail(group, error)
        except Unavailable:
            # The time of this report is up, and not that of the others.
            raise
        except Exception:
            if len(group) == 1:
                raise
            # Whichever of them it was, the others must not suffer: each goes on alone.
            _fail(group, FailedPrecondition("one of the merged reports cannot be recorded"))
        finally:
            # Whatever it was that ended this one, the others go on.
            with self._lock:
                self._hand_over(path)
                for report in group:
                    report.turn.set()

    def _record(self, group: list[_Report], deadline: Deadline) -> None:
        posting = Posting(self.connection, self.classify)
        first: dict[str, _Report] = {}
        for report in group:
            name = report.target.contribution_ref(report.commit).path
            if name in first:
                # The same commit again: it finds itself recorded when it reads.
                report.error = AlreadyExists("reported twice at once")
                continue
            first[name] = report
            report.target.add(posting, report.commit, report.types)
        for report, contribution in zip(first.values(), posting.commit((), deadline), strict=True):
            report.contribution = contribution

    def _hand_over(self, path: str) -> None:
        queue = self._queues[path]
        if not queue:
            del self._queues[path]
            return
        group: list[_Report] = []
        size = 0
        for report in queue:
            size += bytes_of(report.commit)
            if group and size > MAX_BYTES:
                break
            group.append(report)
        # In place: those that wait know this list.
        del queue[: len(group)]
        # A Commit that is given little time would be carried out, and not be heard of.
        leader = max(group, key=lambda report: report.deadline.ends_at)
        leader.group = group
        leader.turn.set()


def _fail(group: list[_Report], error: Exception) -> None:
    for report in group:
        report.error = error
