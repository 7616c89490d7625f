"""Structured queries, answered by going through the documents of a collection."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter

from shared.embedded import field_paths, names
from shared.embedded.documents import Documents
from shared.embedded.field_paths import FieldPath
from shared.embedded.filters import Filter, compile_filter
from shared.embedded.messages import DocumentPb, QueryPb
from shared.embedded.ordering import Order, Position, order_of
from shared.embedded.status import invalid_argument, unimplemented


@dataclass(frozen=True)
class Selection:
    """The `from` of a query: one collection, or all of one id below a document."""

    parent: str
    collection_id: str
    all_descendants: bool

    def read(self, documents: Documents) -> tuple[int, list[DocumentPb]]:
        """The documents to go through, and the time they are of."""
        if self.all_descendants:
            return documents.descendants(self.parent, self.collection_id)
        return documents.collection(f"{self.parent}/{self.collection_id}")


class Query:
    """A checked query, ready to run.

    Raises:
        StatusError: Firestore would refuse the query.
    """

    def __init__(self, parent: str, query: QueryPb) -> None:
        names.check_parent(parent)
        self._selection = _selection(parent, query)
        self._where: Filter = compile_filter(query.where)
        self._order: Order = order_of(query, self._where)
        self._within = self._order.bounds(query)
        self._projection = _projection(query)
        self._offset = int(query.offset)
        self._limit = int(query.limit.value) if query.HasField("limit") else None
        if self._offset < 0:
            raise invalid_argument("offset is negative")
        if self._limit is not None and self._limit < 0:
            raise invalid_argument("limit is negative")

    def run(
        self, documents: Documents, *, requiring: Iterable[FieldPath] = ()
    ) -> tuple[int, list[DocumentPb]]:
        """The result in order, and the time it is of.

        `requiring` leaves out documents that lack one of these fields.
        """
        micros, candidates = self._selection.read(documents)
        required = tuple(requiring)
        matches, position_of, within = self._where.matches, self._order.position, self._within
        found: list[tuple[Position, DocumentPb]] = []
        for document in candidates:
            if not matches(document):
                continue
            position = position_of(document)
            if position is None or not within(position):
                continue
            if all(field_paths.get(document.fields, path) is not None for path in required):
                found.append((position, document))
        return micros, [self._reduced(document) for _, document in self._slice(found)]

    def _slice(self, found: list[tuple[Position, DocumentPb]]) -> list[tuple[Position, DocumentPb]]:
        by_position = itemgetter(0)
        if self._limit is None:
            found.sort(key=by_position, reverse=self._order.reverse)
            return found[self._offset :]
        first = heapq.nlargest if self._order.reverse else heapq.nsmallest
        return first(self._offset + self._limit, found, key=by_position)[self._offset :]

    def _reduced(self, document: DocumentPb) -> DocumentPb:
        if self._projection is None:
            return document
        return field_paths.project(document, self._projection)


def _selection(parent: str, query: QueryPb) -> Selection:
    if query.HasField("find_nearest"):
        raise unimplemented("The embedded store has no vector search.")
    selectors = query.from_
    if len(selectors) > 1:
        raise invalid_argument(
            "StructuredQuery.from cannot have more than one collection selector."
        )
    if not selectors or not selectors[0].collection_id:
        raise unimplemented("The embedded store needs a collection id in StructuredQuery.from.")
    selector = selectors[0]
    names.check_id(selector.collection_id, where=f"{parent}/{selector.collection_id}")
    return Selection(parent, selector.collection_id, selector.all_descendants)


def _projection(query: QueryPb) -> tuple[FieldPath, ...] | None:
    if not query.HasField("select"):
        return None
    return tuple(field_paths.parse(reference.field_path) for reference in query.select.fields)
