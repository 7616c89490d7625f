"""The two tables of a store: documents, and the index entries that lead to them.

A document is kept as the bytes of its protobuf message, which is what a client gets to see, with a
checksum that is compared at every read.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator

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


def put(connection: sqlite3.Connection, number: int | None, document: DocumentPb) -> int:
    """Store a document, in the row of the one that it replaces; returns its number."""
    key, content = key_of(document.name), document.SerializeToString(deterministic=True)
    checksum = _checksum(key, content)
    if number is None:
        row = (key, content, checksum)
        inserted = connection.execute(
            "INSERT INTO documents (key, content, checksum) VALUES (?, ?, ?)", row
        )
        return int(inserted.lastrowid or 0)
    connection.execute(
        "UPDATE documents SET content = ?, checksum = ? WHERE number = ?",
        (content, checksum, number),
    )
    return number


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
