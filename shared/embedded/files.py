"""The files of an embedded store: found, made, refused. Nothing but SQLite is imported for it.

What is in the database's write-ahead log counts as stored: https://www.sqlite.org/wal.html
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path

DATABASE = "firestore.sqlite3"
# What version 1.0.0 kept a store in.
JOURNAL = "journal.jsonl"
_OLD_JOURNAL = (
    "was written by version 1.0.0 of this program, which alone can read it. Move it to another "
    "folder; then `make backfill` brings each repository's commits. For what is in no repository, "
    "serve that folder with version 1.0.0, save its lists of contributors, assets and "
    "contributions in one file, and take that in with `make import`"
)

_APPLICATION_ID = 0x4C656467  # "Ledg", at offset 68 of the file
_FORMAT = 1
# Seconds that a call waits for another process that is writing.
_PATIENCE = 2.0
# Each commit is synced. A commit that leaves so many pages in the log folds them in, which costs
# syncs of the database itself: some 64 MiB. A connection keeps at most 8 MiB of pages.
_SETTINGS = """
PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16000; PRAGMA cache_size = -8192;
"""

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


class EmbeddedStoreError(Exception):
    """Why the files of an embedded store cannot be used, in a sentence; they are left as they are.

    What fails a call, once a store is open, is a gRPC status: see `status`.
    """


def prepare(directory: Path) -> Path:
    """The database of a directory, made where there is none.

    Raises `EmbeddedStoreError` where there is something else.
    """
    database = directory / DATABASE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(directory):
            if not exists(directory):
                _make(database)
    except (OSError, sqlite3.Error) as error:
        raise EmbeddedStoreError(f"{database} cannot be used: {error}") from None
    return database


def exists(directory: Path) -> bool:
    """Whether there is a store in a directory. Raises as `prepare` does."""
    if _has_commits(directory / JOURNAL):
        raise EmbeddedStoreError(f"{directory / JOURNAL} {_OLD_JOURNAL}")
    database = directory / DATABASE
    try:
        with database.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return False
    # https://www.sqlite.org/fileformat.html#the_database_header
    if header[:16] != b"SQLite format 3\0" or header[68:72] != _APPLICATION_ID.to_bytes(4, "big"):
        raise EmbeddedStoreError(f"{database} is no database of an embedded store")
    if (version := int.from_bytes(header[60:64], "big")) != _FORMAT:
        raise EmbeddedStoreError(f"{database} is of a later version of this program ({version})")
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
    with suppress(sqlite3.Error), closing(connect(directory / DATABASE)) as connection:
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
    connection.executescript(_SETTINGS)
    connection.execute(f"PRAGMA query_only = {int(read_only)}")
    return connection


def connect_to_memory() -> sqlite3.Connection:
    """A connection to an empty store of its own."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(_SCHEMA)
    return connection


def _make(database: Path) -> None:
    # Under another name until it is whole: a file that is not is never taken for one of ours.
    unfinished = database.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
        connection.executescript(_SCHEMA)
        connection.execute("PRAGMA journal_mode = WAL")
    unfinished.replace(database)


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
