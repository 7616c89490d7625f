"""Firestore in this process, for machines without the emulator and for fast tests.

The client is the real one; what it talks to is a small implementation of the RPCs that a server
program sends: Commit, BatchGetDocuments, RunQuery, RunAggregationQuery and ListCollectionIds. It
answers as the Firestore emulator does, and keeps every commit in a journal that is synced before
the commit is answered. It has no transactions, no listeners and no security rules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from google.cloud.firestore import Client

from shared.embedded.connection import connect
from shared.embedded.documents import Documents
from shared.embedded.errors import (
    EmbeddedStoreError,
    JournalCorruptError,
    JournalError,
    JournalVersionError,
    StoreInUseError,
)
from shared.embedded.journal import Journal
from shared.embedded.lock import DirectoryLock
from shared.embedded.recovery import Recovered, open_journal, read_journal
from shared.embedded.rpc import FirestoreRpc

__all__ = [
    "EmbeddedFirestore",
    "EmbeddedStoreError",
    "JournalCorruptError",
    "JournalError",
    "JournalVersionError",
    "StoreInUseError",
    "open_embedded",
    "read_embedded",
]

JOURNAL = "journal.jsonl"

_LOGGER = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_embedded(
    path: Path | None, *, project: str, clock: Callable[[], datetime] = _utc_now
) -> EmbeddedFirestore:
    """Open a store, or begin one.

    Args:
        path: the directory that holds it, created where it is missing; None keeps everything in
            memory.
        project: the project id of clients that name no other.
        clock: the time now, aware of its zone. Update times follow it, but never go back.

    Raises:
        StoreInUseError: another process has it open, or this one has already.
        JournalCorruptError: the journal is damaged other than by an unfinished last line.
        JournalVersionError: a newer version of the program wrote it.
    """
    if path is None:
        return EmbeddedFirestore(
            project=project, clock=clock, journal=None, recovered=Recovered(), lock=None
        )
    path.mkdir(parents=True, exist_ok=True)
    lock = DirectoryLock(path)
    try:
        journal, recovered = open_journal(path / JOURNAL)
    except BaseException:
        lock.release()
        raise
    return EmbeddedFirestore(
        project=project, clock=clock, journal=journal, recovered=recovered, lock=lock
    )


def read_embedded(path: Path, *, project: str) -> EmbeddedFirestore:
    """Look at a store as it is now, even while another process has it open.

    Nothing on the disk is touched, later commits are not seen, and writing is refused. A store
    that was never begun is empty.

    Args:
        path: the directory that holds it.
        project: the project id of clients that name no other.

    Raises:
        JournalCorruptError, JournalVersionError: as for `open_embedded`.
    """
    return EmbeddedFirestore(
        project=project,
        clock=_utc_now,
        journal=None,
        recovered=read_journal(path / JOURNAL),
        lock=None,
        read_only=True,
    )


class EmbeddedFirestore:
    """An open store. It serves any number of clients and threads of this process.

    Attributes:
        notices: what a person should know about how it opened, one sentence each; usually none.
    """

    def __init__(
        self,
        *,
        project: str,
        clock: Callable[[], datetime],
        journal: Journal | None,
        recovered: Recovered,
        lock: DirectoryLock | None,
        read_only: bool = False,
    ) -> None:
        self._project = project
        self._journal = journal
        self._lock = lock
        self._documents = Documents(
            journal=journal, recovered=recovered, clock=clock, read_only=read_only
        )
        self._rpc = FirestoreRpc(self._documents)
        self._closed = False
        self.notices: tuple[str, ...] = ()
        if recovered.torn_bytes and not read_only:  # which may be a commit just being written
            notice = (
                f"Dropped an unfinished last line of {recovered.torn_bytes} bytes from the "
                "journal: a commit that was cut off before it was answered."
            )
            self.notices = (notice,)
            _LOGGER.warning(notice)

    def client(self, *, project: str | None = None, database: str | None = None) -> Client:
        """A Firestore client on this store. Projects and databases do not see each other."""
        return connect(self._rpc, project=project or self._project, database=database)

    def close(self) -> None:
        """Finish the commits under way and let others open the store. Calls fail from now on."""
        if self._closed:
            return
        self._closed = True
        self._documents.close()
        if self._journal is not None:
            self._journal.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> EmbeddedFirestore:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
