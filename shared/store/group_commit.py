"""Reports for one repository that arrive at once are recorded together.

A document takes about one write a second for long, and every Commit adds to its repository's. So
an instance has one recording of small batches under way for each repository; what arrives meanwhile
goes into the next one, as one write to the repository and one to each person. Databases call it
group commit: https://www.postgresql.org/docs/current/wal-configuration.html
It stands around the recorder, which knows nothing of it. What arrives alone does not wait, and a
large batch, which is few writes already, neither waits nor is waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from shared.domain.contribution import Commit, CommitReport
from shared.domain.errors import Conflict, WasVoided
from shared.domain.number import Claim
from shared.domain.place import Place
from shared.domain.report import Report, reports_of
from shared.domain.repository import Repository
from shared.store.connection import Moved
from shared.store.deadline import Deadline
from shared.store.recording import Recorded, Recorder

if TYPE_CHECKING:
    from shared.store.places import Places
    from shared.store.registration import Registration

    # A repository's name, folded, with what is said of its number.
    _Named = tuple[str, Claim | None]

# Seconds for which an instance uses what it knows of a name, and of how many names.
KEPT_S = 60.0
CAPACITY = 4096
# The most commits of a request that is recorded with others.
SMALL = 10
# About what goes into one Commit, in characters of JSON: those of a group are heard together.
_LONGEST_GROUP = 500_000


@dataclass(slots=True, eq=False)
class _Request:
    """A request under way. `turn` comes when it is settled, or when it has a `group` to record."""

    reports: Sequence[Report]
    deadline: Deadline
    # Of all its commits, in characters of JSON.
    length: int
    group: list[_Request] | None = None
    turn: threading.Event = field(default_factory=threading.Event)
    # Where there are none after its turn, its group came to nothing.
    results: Sequence[Recorded | Conflict] = ()


@dataclass
class GroupCommit:
    """Records the commits of requests, together with those of others where they meet.

    `unique` makes the nonce of a request.
    """

    recorder: Recorder
    clock: Callable[[], datetime]
    # Asked for only where a number is reported, or a name leads elsewhere.
    places: Callable[[], Places]
    unique: Callable[[], UUID] = uuid4
    # The keys of names that were found to be further ones.
    _further: set[str] = field(default_factory=set, init=False, repr=False)
    # By name and claim, with the time at which it surely was so.
    _known: dict[_Named, tuple[Place, float]] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    # By repository, for as long as a recording is under way.
    _queues: dict[str, list[_Request]] = field(default_factory=dict, init=False, repr=False)

    def record(
        self,
        report: CommitReport,
        *,
        recorded_by: str,
        claim: Claim | None = None,
        deadline: Deadline | None = None,
    ) -> Recorded:
        """Record a commit, or find that it is recorded: a batch of one.

        Raises `AuthorConflict`, `WasVoided`, and `Unavailable` when Firestore does not answer in
        time; the same report can then be sent again.
        """
        repository = report.repository
        [result] = self.record_all(
            repository, [report], recorded_by=recorded_by, claim=claim, deadline=deadline
        )
        if isinstance(result, Conflict):
            raise result
        return result

    def record_all(
        self,
        repository: Repository,
        commits: Sequence[Commit],
        *,
        recorded_by: str,
        claim: Claim | None = None,
        deadline: Deadline | None = None,
    ) -> Sequence[Recorded | Conflict]:
        """Record the commits of one request; what became of each, in order.

        `claim` is that the repository has a number. A commit that stands there twice is recorded
        once. Raises `Unavailable` when Firestore does not answer in time; what was recorded until
        then is a replay when it comes again.
        """
        deadline = deadline or self.recorder.connection.timing.deadline()
        nonce, now = self.unique().hex, self.clock()
        named = (repository.key, claim)
        while True:
            place, registration = self._place(repository, claim, deadline)
            reports = reports_of(
                place, commits, recorded_by=recorded_by, request_nonce=nonce, now=now
            )
            try:
                results = self._record(reports, deadline, registration)
            except Moved:
                self._look_again(named)
                deadline.pause()
                continue
            if named in self._known or not any(isinstance(one, WasVoided) for one in results):
                return results
            # What was voided under this name may stand in the account of another one.
            self._look_again(named)
            if self._place(repository, claim, deadline)[0].account.key == place.account.key:
                self._further.discard(repository.key)
                return results

    def _place(
        self, repository: Repository, claim: Claim | None, deadline: Deadline
    ) -> tuple[Place, Registration | None]:
        """Where it goes, as it was at most `KEPT_S` ago, and what is to be written of that."""
        if claim is None and repository.key not in self._further:
            return Place(repository, repository), None
        named, now = (repository.key, claim), self.recorder.connection.timing.monotonic()
        place, read_at = self._known.get(named, (None, 0.0))
        if place and now - read_at <= KEPT_S:
            return place, None
        place, registration = self.places().find(repository, claim, deadline)
        if registration is None:
            if len(self._known) >= CAPACITY:
                self._known = {}
            self._known[named] = (place, now)
        return place, registration

    def _look_again(self, named: _Named) -> None:
        self._further.add(named[0])
        self._known.pop(named, None)

    def _record(
        self, reports: Sequence[Report], deadline: Deadline, registration: Registration | None
    ) -> Sequence[Recorded | Conflict]:
        if registration or not 0 < len(reports) <= SMALL:
            return self.recorder.record(reports, deadline, registration)
        request = _Request(reports, deadline, sum(map(attrgetter("length"), reports)))
        self._together(reports[0].place.account.key, request)
        # Whatever ended its group, and whoever's fault that was, this one may go on alone.
        return request.results or self.recorder.record(reports, deadline)

    def _together(self, key: str, request: _Request) -> None:
        """Let it be recorded with those that it meets, by one of them."""
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                self._queues[key] = []
                request.group = [request]
            else:
                queue.append(request)
        if queue is not None:
            self._wait(request, queue)
        if request.group:
            self._lead(key, request.group, request.deadline)

    def _wait(self, request: _Request, queue: list[_Request]) -> None:
        try:
            while not request.turn.wait(request.deadline.timeout()):
                pass
        except BaseException:
            with self._lock:
                # Its turn may have come in this moment; then others rely on it.
                if request.turn.is_set():
                    return
                if request in queue:
                    queue.remove(request)
            raise

    def _lead(self, key: str, group: list[_Request], deadline: Deadline) -> None:
        reports = [report for request in group for report in request.reports]
        try:
            results = self.recorder.record(reports, deadline)
            for request in reversed(group):
                at = len(results) - len(request.reports)
                request.results, results = results[at:], results[:at]
        except Exception:
            if len(group) == 1:
                raise
        finally:
            # Whatever it was that ended this one, the others go on.
            with self._lock:
                self._hand_over(key)
            for request in group:
                request.turn.set()

    def _hand_over(self, key: str) -> None:
        group = self._take(key)
        if not group:
            del self._queues[key]
            return
        # A Commit that is given little time would be carried out, and not be heard of.
        leader = max(group, key=lambda request: request.deadline.ends_at)
        leader.group = group
        leader.turn.set()

    def _take(self, key: str) -> list[_Request]:
        """Out of the queue, as many as go into about one Commit."""
        queue = self._queues[key]
        length = 0
        number = 0
        for request in queue:
            length += request.length
            if number and length > _LONGEST_GROUP:
                break
            number += 1
        group = queue[:number]
        # In place: those that wait know this list.
        del queue[:number]
        return group
