"""Transactions on one store's database, and what its failures mean to a caller."""

from __future__ import annotations

import os
import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from shared.embedded import status

# Of one process, whatever it has of threads: each keeps some megabytes of pages.
MOST_CONNECTIONS = 4

_FAILURES = {
    # Nothing was stored, and the disk or the other process may have done better next time.
    sqlite3.SQLITE_BUSY: (status.unavailable, "Another process is writing into the embedded store"),
    sqlite3.SQLITE_FULL: (status.unavailable, "The disk of the embedded store is full"),
    sqlite3.SQLITE_IOERR: (status.unavailable, "The disk of the embedded store does not answer"),
    sqlite3.SQLITE_CANTOPEN: (status.unavailable, "The embedded store does not open"),
    sqlite3.SQLITE_READONLY: (status.failed_precondition, "The embedded store is for reading only"),
    sqlite3.SQLITE_CORRUPT: (status.data_loss, "The database of the embedded store is damaged"),
    sqlite3.SQLITE_NOTADB: (status.data_loss, "The database of the embedded store is damaged"),
}


class Database:
    """Hands out connections, each to one thread at a time, opened when they are first needed.

    What fails in a transaction is a `StatusError`, and nothing of the transaction is stored then.
    """

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

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that sees the documents as they are at its first read."""
        return self._transaction("BEGIN")

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction that nobody else writes beside; stored when its block has ended."""
        return self._transaction("BEGIN IMMEDIATE")

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
            raise status.failed_precondition(
                f"The embedded store was opened by process {self._pid}; open it after forking."
            )
        connection = self._free.get()
        try:
            if self._closed:
                raise status.cancelled("The embedded store is closed.")
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
            raise _refusal(error) from error
        finally:
            self._free.put(connection)


def _refusal(error: sqlite3.Error) -> status.StatusError:
    # The least byte is the kind: https://www.sqlite.org/rescode.html#primary_result_codes_versus_extended_result_codes
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    refused, what = _FAILURES.get(code, (status.internal, "The embedded store failed"))
    return refused(f"{what}: {error}")
