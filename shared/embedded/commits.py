"""Commits, carried out one after the other, and those that meet in one transaction."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.embedded import documents, writes
from shared.embedded.database import Database
from shared.embedded.indexes import Indexes, key_of
from shared.embedded.messages import Document, WritePb, micros
from shared.embedded.status import StatusError, unavailable

Clock = Callable[[], datetime]
# The time of a commit, in microseconds since 1970, and the result of each write.
Done = tuple[int, list[Any]]

_INTERRUPTED = unavailable("The commit was interrupted; it is stored whole, or not at all.")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(eq=False)
class _Ticket:
    """A Commit that waits for its turn."""

    batch: Sequence[WritePb]
    outcome: Done | StatusError | None = None


class Commits:
    """Carries out the Commits of this process.

    Those that meet share one transaction, hence one sync: whichever waiting thread comes first
    carries out all that wait, each on top of those before it. Nobody is told of an outcome, be it
    a refusal, before the disk has what it rests on.
    """

    def __init__(self, database: Database, indexes: Indexes, clock: Clock) -> None:
        self._database = database
        self._indexes = indexes
        self._clock = clock
        self._latest = 0
        self._queue = threading.Lock()  # guards the list, for moments
        self._waiting: list[_Ticket] = []
        self._turn = threading.Lock()  # held while writing

    def now(self) -> int:
        """The time in microseconds since 1970, never before a commit of this process."""
        return max((self._clock() - _EPOCH) // _MICROSECOND, self._latest)

    def commit(self, batch: Sequence[WritePb]) -> Done:
        """Apply checked writes together.

        Raises:
            StatusError: a precondition failed, or nothing could be stored.
        """
        ticket = _Ticket(batch)
        with self._queue:
            self._waiting.append(ticket)
        with self._turn:
            if ticket.outcome is None:
                self._carry_out_waiting()
        if isinstance(ticket.outcome, tuple):
            return ticket.outcome
        # Several threads may be told of one failure.
        failure = ticket.outcome or _INTERRUPTED
        raise StatusError(failure.code(), failure.details())

    def _carry_out_waiting(self) -> None:
        with self._queue:
            tickets, self._waiting = self._waiting, []
        outcomes: list[Done | StatusError] = []
        failure, stored = _INTERRUPTED, False
        try:
            with self._database.writing() as connection:
                documents.check_rules(connection, self._indexes)
                for ticket in tickets:
                    try:
                        outcomes.append(self._carry_out(connection, ticket.batch))
                    except StatusError as refusal:  # before it has changed anything
                        outcomes.append(refusal)
            stored = True
        except StatusError as error:
            failure = error
        finally:  # whatever happens here, nobody waits for ever
            for number, ticket in enumerate(tickets):
                ticket.outcome = outcomes[number] if stored else failure

    def _carry_out(self, connection: sqlite3.Connection, batch: Sequence[WritePb]) -> Done:
        found = documents.stored(connection, map(writes.target, batch))
        before = [None if row is None else Document.FromString(row[1]) for row in found]
        # Update times must grow, though the clock may not.
        latest = max((micros(d.update_time) for d in before if d is not None), default=0)
        now = max(self.now(), latest, self._latest + 1)
        now += now == latest
        outcomes = writes.apply_writes(batch, before, commit_micros=now)
        number = documents.last_number(connection)
        kept: list[tuple[int, bytes, bytes]] = []
        gone: list[bytes] = []
        come: list[tuple[bytes, int]] = []
        for row, old, outcome in zip(found, before, outcomes, strict=True):
            if not outcome.changed:
                continue
            number += row is None
            place = number if row is None else row[0]
            if outcome.document is None:
                documents.remove(connection, place)
            else:
                kept.append((place, key_of(outcome.document.name), outcome.content))
            without, new = self._indexes.changes(old, outcome.document)
            gone += without
            come += [(entry, place) for entry in new]
        documents.put(connection, kept)
        documents.change_entries(connection, gone, come)
        self._latest = now
        return now, [outcome.result for outcome in outcomes]
