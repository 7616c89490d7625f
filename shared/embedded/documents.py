"""The documents of a store, read as they are together at one moment."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable
from itertools import islice

from shared.embedded import rows
from shared.embedded.database import Database
from shared.embedded.indexes import Indexes
from shared.embedded.query import Query


class Documents:
    """Every document of every database of one store."""

    def __init__(self, database: Database, indexes: Indexes) -> None:
        self._database = database
        self._indexes = indexes

    def get(self, names: Iterable[str]) -> list[bytes | None]:
        """The documents of these names."""
        with self._database.reading() as connection:
            found = [rows.stored(connection, name) for name in names]
        return [row and row[1] for row in found]

    def run(self, query: Query) -> list[bytes]:
        """The documents that a query finds, in order."""
        with self._database.reading() as connection:
            return [rows.numbered(connection, n) for n in self._numbers(connection, query)]

    def count(self, query: Query) -> int:
        """How many documents a query finds, by its index entries alone."""
        scans = query.scans(self._indexes)
        with self._database.reading() as connection:
            if len(scans) > 1 or query.offset:
                return len(self._numbers(connection, query))
            rows.check_rules(connection, self._indexes)
            return rows.count(connection, scans[0], most=_most(query))

    def collection_ids(self, root: str) -> list[str]:
        """The ids of the collections of a database that hold documents, sorted."""
        with self._database.reading() as connection:
            found = list(rows.first_names(connection))
        return sorted(name.split("/")[-2] for name in found if name.startswith(f"{root}/"))

    def _numbers(self, connection: sqlite3.Connection, query: Query) -> list[int]:
        """The rows of a query's result: the ranges merged, each document once."""
        scans = query.scans(self._indexes)
        if not all(scan.by_id for scan in scans):
            rows.check_rules(connection, self._indexes)
        # Each has the whole result's order, so that many of it are enough.
        found = [rows.scan(connection, scan, most=_most(query)) for scan in scans]
        merged = heapq.merge(*found, reverse=scans[0].backwards)
        end = None if query.limit is None else query.offset + query.limit
        # A document of two ranges stands in the same place in both.
        distinct = dict.fromkeys(number for _, number in merged)
        return list(islice(distinct, query.offset, end))


def _most(query: Query) -> int:
    return -1 if query.limit is None else query.offset + query.limit
