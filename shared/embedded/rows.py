"""The two tables of a store: documents, and the index entries that lead to them.

A document is kept as the bytes of its protobuf message, which is what a client gets to see, with a
checksum that is compared at every read.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator

from shared.embedded.encoding import after
from shared.embedded.indexes import PREFIX_BYTES, Indexes, key_of
from shared.embedded.messages import Document, DocumentPb
from shared.embedded.query import Scan
from shared.embedded.status import data_loss, failed_precondition

# The number of a document's row, and its content.
Row = tuple[int, bytes]


# By whether the documents are scanned themselves, and whether backwards.
_SCANS = {
    (False, False): "SELECT key, document FROM entries "
    "WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
    (False, True): "SELECT key, document FROM entries "
    "WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?",
    (True, False): "SELECT key, number FROM documents "
    "WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
}
_COUNTS = {
    False: "SELECT COUNT(*) FROM (SELECT 1 FROM entries WHERE key >= ? AND key < ? LIMIT ?)",
    True: "SELECT COUNT(*) FROM (SELECT 1 FROM documents WHERE key >= ? AND key < ? LIMIT ?)",
}


def stored(connection: sqlite3.Connection, name: str) -> Row | None:
    """A document by name. Raises `StatusError` where it is damaged."""
    key = key_of(name)
    found = connection.execute(
        "SELECT number, content, checksum FROM documents WHERE key = ?", (key,)
    ).fetchone()
    return None if found is None else (found[0], _verified(key, *found[1:]))


def numbered(connection: sqlite3.Connection, number: int) -> bytes:
    """A document that an entry leads to. Raises `StatusError` where it is damaged."""
    found = connection.execute(
        "SELECT key, content, checksum FROM documents WHERE number = ?", (number,)
    ).fetchone()
    if found is None:
        raise data_loss("An index entry leads to no document; `make inspect CHECK=1` tells more.")
    return _verified(*found)


def put(
    connection: sqlite3.Connection,
    indexes: Indexes,
    before: tuple[int, DocumentPb] | None,
    document: DocumentPb,
) -> None:
    """Store a document with its entries, in place of what it was before."""
    key, content = key_of(document.name), document.SerializeToString(deterministic=True)
    kept = (content, _checksum(key, content))
    entries, old = indexes.entries(document), set()
    if before is None:
        cursor = connection.execute(
            "INSERT INTO documents (key, content, checksum) VALUES (?, ?, ?)", (key, *kept)
        )
        number = cursor.lastrowid
    else:
        number, old = before[0], indexes.entries(before[1])
        connection.execute(
            "UPDATE documents SET content = ?, checksum = ? WHERE number = ?", (*kept, number)
        )
    _remove_entries(connection, old - entries)
    connection.executemany(
        "INSERT OR REPLACE INTO entries (key, document) VALUES (?, ?)",
        [(entry, number) for entry in entries - old],
    )


def remove(
    connection: sqlite3.Connection, indexes: Indexes, number: int, document: DocumentPb
) -> None:
    """Delete a document and its entries."""
    connection.execute("DELETE FROM documents WHERE number = ?", (number,))
    _remove_entries(connection, indexes.entries(document))


def scan(connection: sqlite3.Connection, range_: Scan, *, most: int) -> Iterator[tuple[bytes, int]]:
    """Where each document of a range stands, and its number, in order; -1 for no limit."""
    bounds = (range_.low, range_.high, most)
    rows = connection.execute(_SCANS[range_.by_id, range_.backwards], bounds)
    return ((key[range_.skip :], number) for key, number in rows)


def count(connection: sqlite3.Connection, range_: Scan, *, most: int) -> int:
    """How many documents a range has, `most` of them; -1 for no limit."""
    bounds = (range_.low, range_.high, most)
    counted = connection.execute(_COUNTS[range_.by_id], bounds)
    return int(counted.fetchone()[0])


def first_names(connection: sqlite3.Connection) -> Iterator[str]:
    """The name of the first document of each collection."""
    behind = b""
    while found := connection.execute(
        "SELECT key, content, checksum FROM documents WHERE key >= ? ORDER BY key LIMIT 1",
        (behind,),
    ).fetchone():
        yield str(Document.FromString(_verified(*found)).name)
        behind = after(found[0][:PREFIX_BYTES])


def all_documents(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes, bool]]:
    """Number, key and content of every document, and whether it is what was stored."""
    for number, key, content, expected in connection.execute(
        "SELECT number, key, content, checksum FROM documents"
    ):
        yield number, key, content, _checksum(key, content) == expected


def entry(connection: sqlite3.Connection, key: bytes) -> int | None:
    """The number of the document that an entry leads to."""
    found = connection.execute("SELECT document FROM entries WHERE key = ?", (key,)).fetchone()
    return None if found is None else int(found[0])


def entries_of(connection: sqlite3.Connection, number: int) -> int:
    """How many entries lead to a document; all entries are gone through for it."""
    counted = connection.execute("SELECT COUNT(*) FROM entries WHERE document = ?", (number,))
    return int(counted.fetchone()[0])


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
            connection.executemany(
                "INSERT OR REPLACE INTO entries (key, document) VALUES (?, ?)",
                [(entry, number) for entry in indexes.entries(Document.FromString(content))],
            )
    connection.execute("DELETE FROM rules")
    connection.execute("INSERT INTO rules (digest) VALUES (?)", (indexes.digest,))


def _rules(connection: sqlite3.Connection) -> bytes | None:
    found = connection.execute("SELECT digest FROM rules").fetchone()
    return None if found is None else bytes(found[0])


def _remove_entries(connection: sqlite3.Connection, entries: set[bytes]) -> None:
    connection.executemany("DELETE FROM entries WHERE key = ?", [(entry,) for entry in entries])


def _checksum(key: bytes, content: bytes) -> int:
    # The key counts too: no document may stand in for another.
    return zlib.crc32(content, zlib.crc32(key))


def _verified(key: bytes, content: bytes, expected: int) -> bytes:
    if _checksum(key, content) != expected:
        raise data_loss("A document is not what was stored; `make inspect CHECK=1` names it.")
    return content
