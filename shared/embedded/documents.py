"""The documents of a store, and the index entries that lead to them.

A document is kept as the bytes of its protobuf message, which is what a client gets to see, with a
checksum that is compared at every read.
"""

from __future__ import annotations

import heapq
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence

from shared.embedded.database import Database
from shared.embedded.encoding import after
from shared.embedded.indexes import PREFIX_BYTES, Indexes, key_of
from shared.embedded.messages import Document
from shared.embedded.query import Query, Scan
from shared.embedded.status import data_loss, failed_precondition

# The number of a document's row, and its content.
Row = tuple[int, bytes]

# How many are looked up at a time.
_KEYS = 500
# By whether the documents are scanned themselves, and whether backwards.
_SCANS = {
    (False, False): "SELECT key, document FROM entries "
    "WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
    (False, True): "SELECT key, document FROM entries "
    "WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?",
    (True, False): "SELECT key, number FROM documents "
    "WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
}


def stored(connection: sqlite3.Connection, names: Iterable[str]) -> list[Row | None]:
    """Documents by name. Raises `StatusError` where one is damaged."""
    keys = [key_of(name) for name in names]
    found: dict[bytes, Row] = {}
    for start in range(0, len(keys), _KEYS):
        some = keys[start : start + _KEYS]
        query = "SELECT key, number, content, checksum FROM documents WHERE key IN (%s)"
        for key, number, *content in connection.execute(query % ",".join("?" * len(some)), some):
            found[key] = number, _verified(key, *content)
    return [found.get(key) for key in keys]


def _numbered(connection: sqlite3.Connection, number: int) -> bytes:
    """A document that an entry leads to. Raises `StatusError` where it is damaged."""
    found = connection.execute(
        "SELECT key, content, checksum FROM documents WHERE number = ?", (number,)
    ).fetchone()
    if found is None:
        raise data_loss("An index entry leads to no document; `make inspect CHECK=1` tells more.")
    return _verified(*found)


def last_number(connection: sqlite3.Connection) -> int:
    """The largest number that a document has."""
    return int(connection.execute("SELECT MAX(number) FROM documents").fetchone()[0] or 0)


def put(connection: sqlite3.Connection, kept: Iterable[tuple[int, bytes, bytes]]) -> None:
    """Store documents by key, each under its number: a new one, or that of its older state."""
    rows = [(number, key, content, _checksum(key, content)) for number, key, content in kept]
    connection.executemany(
        "INSERT INTO documents (number, key, content, checksum) VALUES (?, ?, ?, ?) ON CONFLICT "
        "(number) DO UPDATE SET content = excluded.content, checksum = excluded.checksum",
        rows,
    )


def remove(connection: sqlite3.Connection, number: int) -> None:
    """Delete a document."""
    connection.execute("DELETE FROM documents WHERE number = ?", (number,))


def change_entries(
    connection: sqlite3.Connection, gone: Iterable[bytes], new: Iterable[tuple[bytes, int]]
) -> None:
    """Delete some index entries and add others, in the order in which they are kept."""
    connection.executemany("DELETE FROM entries WHERE key = ?", [(key,) for key in sorted(gone)])
    connection.executemany(
        "INSERT OR REPLACE INTO entries (key, document) VALUES (?, ?)", sorted(new)
    )


def _scan(connection: sqlite3.Connection, scan: Scan, most: int) -> Iterator[tuple[bytes, int]]:
    """Where each document of a range stands, and its number, in order; -1 for no limit."""
    found = connection.execute(_SCANS[scan.by_id, scan.backwards], (scan.low, scan.high, most))
    return ((key[scan.skip :], number) for key, number in found)


def _count(connection: sqlite3.Connection, scan: Scan, most: int) -> int:
    """How many documents a range has, `most` of them; -1 for no limit."""
    query = f"SELECT COUNT(*) FROM ({_SCANS[scan.by_id, scan.backwards]})"  # noqa: S608 - ours
    counted = connection.execute(query, (scan.low, scan.high, most))
    return int(counted.fetchone()[0])


def all_documents(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes, bool]]:
    """Number, key and content of every document, and whether it is what was stored."""
    for number, key, content, expected in connection.execute(
        "SELECT number, key, content, checksum FROM documents"
    ):
        yield number, key, content, _checksum(key, content) == expected


def check_rules(connection: sqlite3.Connection, indexes: Indexes) -> None:
    """Refuse to go on where the entries were made by the rules of another version."""
    if _rules(connection) not in {None, indexes.digest}:
        raise failed_precondition(
            "The index entries of the embedded store are of another version of the program, "
            "which may still be running; start this one anew."
        )


def follow_rules(connection: sqlite3.Connection, indexes: Indexes) -> None:
    """Make all entries anew where they were made by other rules."""
    if _rules(connection) == indexes.digest:
        return
    connection.execute("DELETE FROM entries")
    for number, _, content, intact in all_documents(connection):
        if intact:
            entries = indexes.entries(Document.FromString(content))
            change_entries(connection, (), [(entry, number) for entry in entries])
    connection.execute("DELETE FROM rules")
    connection.execute("INSERT INTO rules (digest) VALUES (?)", (indexes.digest,))


def _rules(connection: sqlite3.Connection) -> bytes | None:
    found = connection.execute("SELECT digest FROM rules").fetchone()
    return None if found is None else bytes(found[0])


def _checksum(key: bytes, content: bytes) -> int:
    # The key counts too: no document may stand in for another.
    return zlib.crc32(content, zlib.crc32(key))


def _verified(key: bytes, content: bytes, expected: int) -> bytes:
    if _checksum(key, content) != expected:
        raise data_loss("A document is not what was stored; `make inspect CHECK=1` names it.")
    return content


class Documents:
    """Every document of every database of one store."""

    def __init__(self, database: Database, indexes: Indexes) -> None:
        self._database = database
        self._indexes = indexes

    def get(self, names: Iterable[str]) -> list[bytes | None]:
        """The documents of these names."""
        with self._database.reading() as connection:
            return [row and row[1] for row in stored(connection, names)]

    def run(self, query: Query) -> list[bytes]:
        """The documents that a query finds, in order."""
        scans = query.scans(self._indexes)
        with self._database.reading() as connection:
            numbers = self._numbers(connection, query, scans)
            return [_numbered(connection, number) for number in numbers]

    def count(self, query: Query) -> int:
        """How many documents a query finds, by its index entries alone."""
        scans = query.scans(self._indexes)
        with self._database.reading() as connection:
            if len(scans) > 1:
                return len(self._numbers(connection, query, scans))
            self._check_rules(connection, scans)
            return _count(connection, scans[0], query.most)

    def collection_ids(self, root: str) -> list[str]:
        """The ids of the collections of a database that hold documents, sorted."""
        found: list[str] = []
        query = "SELECT key, content, checksum FROM documents WHERE key >= ? ORDER BY key LIMIT 1"
        behind = b""
        with self._database.reading() as connection:
            # From the first document of each collection to behind its last one.
            while row := connection.execute(query, (behind,)).fetchone():
                name = str(Document.FromString(_verified(*row)).name)
                found += [name.split("/")[-2]] if name.startswith(f"{root}/") else []
                behind = after(row[0][:PREFIX_BYTES])
        return sorted(found)

    def _numbers(
        self, connection: sqlite3.Connection, query: Query, scans: Sequence[Scan]
    ) -> list[int]:
        """The rows of a query's result: the ranges merged, each document once."""
        self._check_rules(connection, scans)
        # Each has the whole result's order, so that as many of it are enough.
        found = [_scan(connection, scan, query.most) for scan in scans]
        merged = heapq.merge(*found, reverse=scans[0].backwards)
        # A document of two ranges stands in the same place in both.
        distinct = dict.fromkeys(number for _, number in merged)
        return list(distinct)[: None if query.most < 0 else query.most]

    def _check_rules(self, connection: sqlite3.Connection, scans: Sequence[Scan]) -> None:
        if not scans[0].by_id:
            check_rules(connection, self._indexes)
