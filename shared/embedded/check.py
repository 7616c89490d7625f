"""`make inspect CHECK=1`: every document held against its checksum and its index entries."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from shared.embedded import documents, encoding
from shared.embedded.indexes import PREFIX_BYTES, Indexes, key_of
from shared.embedded.messages import Document


def findings(connection: sqlite3.Connection, indexes: Indexes) -> Iterator[str]:
    """What is wrong, a sentence each. Raises `StatusError` where the entries are another version's.

    Nothing is kept of what was read, so that a ledger of any size can be checked.
    """
    documents.check_rules(connection, indexes)
    for (found,) in connection.execute("PRAGMA integrity_check"):
        if found != "ok":
            yield f"The database is damaged: {found}"
    expected = 0
    for number, key, content, intact in documents.all_documents(connection):
        if not intact:
            name = key[PREFIX_BYTES:].rstrip(encoding.TEXT_END).decode(errors="replace")
            yield f"The document {name!r}, in row {number}, is not what was stored."
            count = "SELECT COUNT(*) FROM entries WHERE document = ?"
            expected += connection.execute(count, (number,)).fetchone()[0]
            continue
        document = Document.FromString(content)
        name = "/".join(document.name.split("/")[-2:])
        if key != key_of(document.name):
            yield f"The document {name} stands in the place of another one."
        entries = indexes.entries(document)
        expected += len(entries)
        led = "SELECT 1 FROM entries WHERE key = ? AND document = ?"
        missing = sum(not connection.execute(led, (e, number)).fetchone() for e in entries)
        if missing:
            yield f"The document {name} lacks {missing} index entries, so that queries miss it."
    [held] = connection.execute("SELECT COUNT(*) FROM entries").fetchone()
    if held > expected:
        yield f"{held - expected} index entries lead to documents that have none such."
