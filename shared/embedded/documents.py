"""The documents themselves: in memory for reading, in the journal before anybody sees them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.embedded import names, writes
from shared.embedded.journal import (
    Journal,
    JournalBrokenError,
    JournalUnavailableError,
    encode_commit,
)
from shared.embedded.messages import DocumentPb, WritePb
from shared.embedded.recovery import Recovered
from shared.embedded.status import (
    StatusError,
    cancelled,
    failed_precondition,
    internal,
    unavailable,
)

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(eq=False)
class _Ticket:
    """A commit that was evaluated and waits for the disk."""

    changes: writes.Changes
    line: bytes | None
    done: bool = False
    failure: StatusError | None = None


class Documents:
    """Every document of every database of one store.

    Stored messages are never changed, only replaced, so readers need no copies.

    A commit is evaluated against everything before it, on disk or still on its way there, and
    then waits until its line is synced. Whichever waiting thread comes first writes the lines of
    all that wait, with one sync. Readers see a commit when it is on the disk, not before.
    """

    def __init__(
        self,
        *,
        journal: Journal | None,
        recovered: Recovered,
        clock: Clock,
        read_only: bool = False,
    ) -> None:
        self._journal = journal
        self._read_only = read_only
        self._clock = clock
        self._pid = os.getpid()
        self._closed = False
        self._state = threading.Lock()  # guards everything below; held for moments only
        self._flushing = threading.Lock()  # held while writing; taken before `_state`
        self._collections: dict[str, dict[str, DocumentPb]] = {}
        self._staged: dict[str, tuple[_Ticket, DocumentPb | None]] = {}
        self._waiting: list[_Ticket] = []
        self._latest_ticket = _Ticket(changes={}, line=None, done=True)
        self._latest_micros = recovered.commit_micros
        for name, document in recovered.documents.items():
            self._collections.setdefault(names.collection_of(name), {})[name] = document

    def commit(self, batch: Sequence[WritePb]) -> tuple[int, list[Any]]:
        """Apply checked writes together; returns the commit time and the write results.

        Raises:
            StatusError: a precondition failed, or the journal could not be written.
        """
        with self._state:
            self._check_usable()
            if self._read_only:
                raise failed_precondition("The embedded store was opened for reading only.")
            foundation = self._latest_ticket
            try:
                commit_micros = max(self._now_micros(), self._latest_micros + 1)
                outcome = writes.apply_writes(batch, self._newest, commit_micros=commit_micros)
                ticket = self._stage(outcome.changes, commit_micros)
                refusal = None
            except StatusError as error:
                # What the refusal rests on may still be on its way to the disk: nobody may hear
                # of a document that a crash could yet undo.
                ticket, refusal = foundation, error
                if foundation.done:
                    raise
        self._await(ticket)
        if refusal is not None:
            raise refusal
        return commit_micros, outcome.results

    def get(self, wanted: Iterable[str]) -> tuple[int, list[DocumentPb | None]]:
        """The documents of these names as they are together, and the time of that."""
        with self._state:
            self._check_usable()
            found = [self._visible(name) for name in wanted]
            return self._read_micros(), found

    def collection(self, name: str) -> tuple[int, list[DocumentPb]]:
        """The documents of one collection, and the time of that; in no order."""
        with self._state:
            self._check_usable()
            return self._read_micros(), list(self._collections.get(name, {}).values())

    def descendants(self, parent: str, collection_id: str) -> tuple[int, list[DocumentPb]]:
        """The documents below `parent` in collections of this id, at any depth."""
        with self._state:
            self._check_usable()
            found = [
                document
                for name, documents in self._collections.items()
                if name.startswith(f"{parent}/") and name.endswith(f"/{collection_id}")
                for document in documents.values()
            ]
            return self._read_micros(), found

    def collection_ids(self, parent: str) -> list[str]:
        """The ids of the collections right below a document or database, sorted."""
        prefix = f"{parent}/"
        with self._state:
            self._check_usable()
            below = [name for name, held in self._collections.items() if held]
        return sorted({n[len(prefix) :].split("/")[0] for n in below if n.startswith(prefix)})

    def close(self) -> None:
        """Answer no more calls. Commits that wait for the disk are finished first."""
        with self._flushing:
            self._flush()
            with self._state:
                self._closed = True

    def _check_usable(self) -> None:
        if self._closed:
            raise cancelled("The embedded store is closed.")
        if os.getpid() != self._pid:
            raise failed_precondition(
                f"The embedded store was opened by process {self._pid}; open it after forking."
            )

    def _now_micros(self) -> int:
        return (self._clock() - _EPOCH) // _MICROSECOND

    def _read_micros(self) -> int:
        return max(self._now_micros(), self._latest_micros)

    def _visible(self, name: str) -> DocumentPb | None:
        return self._collections.get(names.collection_of(name), {}).get(name)

    def _newest(self, name: str) -> DocumentPb | None:
        staged = self._staged.get(name)
        return self._visible(name) if staged is None else staged[1]

    def _stage(self, changes: writes.Changes, commit_micros: int) -> _Ticket:
        """Make a commit count for the commits after it."""
        line = None
        if changes and self._journal is not None:
            line = encode_commit(
                commit_micros=commit_micros,
                documents=[document for document in changes.values() if document is not None],
                deleted=[name for name, document in changes.items() if document is None],
            )
        ticket = _Ticket(changes=changes, line=line)
        for name, document in changes.items():
            self._staged[name] = (ticket, document)
        self._waiting.append(ticket)
        self._latest_ticket = ticket
        self._latest_micros = commit_micros
        return ticket

    def _await(self, ticket: _Ticket) -> None:
        with self._flushing:
            if not ticket.done:
                self._flush()
        if ticket.failure is not None:
            raise StatusError(ticket.failure.code(), ticket.failure.details())

    def _flush(self) -> None:
        """Write what waits, then show it to readers. Only under `_flushing`."""
        batch: list[_Ticket] = []
        try:
            with self._state:
                batch, self._waiting = self._waiting, []
            lines = [ticket.line for ticket in batch if ticket.line is not None]
            if lines and self._journal is not None:
                self._journal.append(lines)
            with self._state:
                for ticket in batch:
                    self._publish(ticket)
        except JournalUnavailableError as error:
            self._fail(batch, unavailable(f"The journal could not be written: {error}"))
        except JournalBrokenError as error:
            self._fail(batch, internal(f"The journal is in doubt, open the store anew: {error}"))
        except BaseException:  # Ctrl-C: nobody may be told that this batch is stored
            if self._journal is not None:
                self._journal.distrust()
            self._fail(batch, internal("The write was interrupted, open the store anew."))
            raise

    def _publish(self, ticket: _Ticket) -> None:
        for name, document in ticket.changes.items():
            collection = self._collections.setdefault(names.collection_of(name), {})
            if document is None:
                collection.pop(name, None)
            else:
                collection[name] = document
            if self._staged[name][0] is ticket:
                del self._staged[name]
        ticket.done = True

    def _fail(self, batch: list[_Ticket], failure: StatusError) -> None:
        """Undo what was staged: a failed commit, and all that were evaluated on top of it."""
        with self._state:
            failed = batch + self._waiting
            self._waiting = []
            self._staged.clear()
            for ticket in failed:
                if not ticket.done:
                    ticket.failure, ticket.done = failure, True
