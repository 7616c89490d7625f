"""Transactions on one store's database, and what its failures mean to a caller."""

from __future__ import annotations

import os
import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from shared.embedded.status import (
    StatusError,
    cancelled,
    data_loss,
    failed_precondition,
    internal,
    unavailable,
)

# Of one process, whatever it has of threads: each keeps some megabytes of pages.
MOST_CONNECTIONS = 4

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# Nothing was stored, and the disk may be better next time.
_PASSING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Database:
    """Hands out connections, each to one thread at a time, opened when they are first needed."""

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], *, most: int = MOST_CONNECTIONS
    ) -> None:
        self._connect = connect
        self._most = most
        self._pid = os.getpid()
        self._closed = False
        # The one that was used last comes first, since its pages are the warmest.
        self._free: queue.LifoQueue[sqlite3.Connection | None] = queue.LifoQueue()
        for _ in range(most):
            self._free.put(None)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees the documents as they are at its first read.

        Raises:
            StatusError: as a call fails.
        """
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else writes beside; stored when the block has ended.

        Raises:
            StatusError: as a call fails; nothing of the block is stored then.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Wait for the transactions under way, fold the log in, and answer nothing more."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._most):
            connection = self._free.get()
            if connection is not None:
                with suppress(sqlite3.Error):
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()
        self._free.put(None)  # for those who wait, to be told

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._pid:
            raise failed_precondition(
                f"The embedded store was opened by process {self._pid}; open it after forking."
            )
        connection = self._free.get()
        try:
            if self._closed:
                raise cancelled("The embedded store is closed.")
            if connection is None:
                connection = self._connect()
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:  # a full disk has ended it already
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise _status(error) from error
        finally:
            self._free.put(connection)


def _status(error: sqlite3.Error) -> StatusError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _IN_USE:
        return unavailable("Another process is writing into the embedded store.")
    if primary in _PASSING:
        return unavailable(f"The disk of the embedded store does not answer: {error}")
    if primary == sqlite3.SQLITE_READONLY:
        return failed_precondition("The embedded store was opened for reading only.")
    if primary in _DAMAGED:
        return data_loss(f"The database of the embedded store is damaged: {error}")
    return internal(f"The embedded store failed: {error}")
