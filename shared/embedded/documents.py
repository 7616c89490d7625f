"""The documents of a store, read as they are together at one moment."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice

from shared.embedded import rows
from shared.embedded.database import Database
from shared.embedded.indexes import Indexes
from shared.embedded.query import Query, Scan


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
        scans = query.scans(self._indexes)
        with self._database.reading() as connection:
            numbers = self._numbers(connection, query, scans)
            return [rows.numbered(connection, number) for number in numbers]

    def count(self, query: Query) -> int:
        """How many documents a query finds, by its index entries alone."""
        scans = query.scans(self._indexes)
        with self._database.reading() as connection:
            if len(scans) > 1 or query.offset:
                return len(self._numbers(connection, query, scans))
            self._check_rules(connection, scans)
            return rows.count(connection, scans[0], most=query.most)

    def collection_ids(self, root: str) -> list[str]:
        """The ids of the collections of a database that hold documents, sorted."""
        with self._database.reading() as connection:
            found = list(rows.first_names(connection))
        return sorted(name.split("/")[-2] for name in found if name.startswith(f"{root}/"))

    def _numbers(
        self, connection: sqlite3.Connection, query: Query, scans: Sequence[Scan]
    ) -> list[int]:
        """The rows of a query's result: the ranges merged, each document once."""
        self._check_rules(connection, scans)
        # Each has the whole result's order, so that as many of it are enough.
        found = [rows.scan(connection, scan, most=query.most) for scan in scans]
        merged = heapq.merge(*found, reverse=scans[0].backwards)
        # A document of two ranges stands in the same place in both.
        distinct = dict.fromkeys(number for _, number in merged)
        return list(islice(distinct, query.offset, None if query.most < 0 else query.most))

    def _check_rules(self, connection: sqlite3.Connection, scans: Sequence[Scan]) -> None:
        if not scans[0].by_id:
            rows.check_rules(connection, self._indexes)
