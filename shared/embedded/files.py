"""The files of an embedded store: found, made, refused. Nothing but SQLite is imported for it.

A store is a directory with one database. What is in its write-ahead log counts as stored, so the
files beside the database belong to it: https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from shared.embedded.errors import (
    EmbeddedStoreError,
    ForeignFileError,
    LaterFormatError,
    OldJournalError,
)

DATABASE = "firestore.sqlite3"
# What version 1.0.0 kept a store in.
JOURNAL = "journal.jsonl"

_APPLICATION_ID = 0x4C656467  # "Ledg", at offset 68 of the file
_FORMAT = 1
# Seconds that a call waits for another process that is writing.
_PATIENCE = 2.0
# Pages in the log before a commit folds them in: syncs of the database itself are what that costs.
_CHECKPOINT_PAGES = 4000
_CACHE_KIB = 8 * 1024

# An entry's key begins with its index, a document's with its collection: see `indexes`.
_SCHEMA = f"""
CREATE TABLE documents (
  number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, content BLOB NOT NULL,
  checksum INTEGER NOT NULL
);
CREATE TABLE entries (key BLOB PRIMARY KEY, document INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE rules (digest BLOB NOT NULL);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_FORMAT};
"""


def prepare(directory: Path) -> Path:
    """The database of a directory, made where there is none.

    Raises:
        ForeignFileError, LaterFormatError, OldJournalError: there is something else.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = directory / DATABASE
    with _alone(directory):
        if not exists(directory):
            # Under another name until it is whole: a database that has none is never one of ours.
            unfinished = database.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
            with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
                connection.executescript(_SCHEMA)
                connection.execute("PRAGMA journal_mode = WAL")
            unfinished.replace(database)
    return database


def exists(directory: Path) -> bool:
    """Whether there is a store in a directory. Raises as `prepare` does."""
    if _has_commits(directory / JOURNAL):
        raise OldJournalError(directory / JOURNAL)
    database = directory / DATABASE
    try:
        with database.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return False
    # https://www.sqlite.org/fileformat.html#the_database_header
    if header[:16] != b"SQLite format 3\0" or header[68:72] != _APPLICATION_ID.to_bytes(4, "big"):
        raise ForeignFileError(database, "is no database of an embedded store; it is left alone")
    if (version := int.from_bytes(header[60:64], "big")) != _FORMAT:
        reason = f"has the format {version} of a later version of this program, which alone reads"
        raise LaterFormatError(database, f"{reason} and writes it")
    return True


def holds_documents(directory: Path) -> bool:
    """Whether anything is stored in a directory, readable or not."""
    try:
        if not exists(directory):
            return False
        with closing(connect(directory / DATABASE)) as connection:
            return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM documents)").fetchone()[0])
    except (sqlite3.Error, EmbeddedStoreError):
        return True


def fold_in(directory: Path) -> None:
    """Bring what is in the log into the database, as far as nobody is using it."""
    with closing(connect(directory / DATABASE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def connect(database: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection, for one thread at a time; a commit is on the disk before it is answered."""
    connection = sqlite3.connect(
        f"{database.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=_PATIENCE,
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA query_only = {int(read_only)}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def connect_to_memory() -> sqlite3.Connection:
    """A connection to an empty store of its own."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(_SCHEMA)
    return connection


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other processes from making the same store at the same time."""
    lock = directory / "lock"
    lock.touch(mode=0o600)
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _has_commits(journal: Path) -> bool:
    # An empty store's journal had two lines: its format, and the time of its latest commit.
    try:
        with journal.open("rb") as lines:
            return any(True for _ in islice(lines, 2, 3))
    except FileNotFoundError:
        return False
