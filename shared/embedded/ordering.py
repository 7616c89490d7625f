"""The order of a query's result, and where it starts and ends.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#structuredquery
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, total_ordering
from typing import Any

from shared.embedded import field_paths, names
from shared.embedded.field_paths import FieldPath
from shared.embedded.filters import Filter
from shared.embedded.messages import DocumentPb, QueryPb, StructuredQuery, ValuePb
from shared.embedded.status import failed_precondition, invalid_argument
from shared.embedded.values import SortKey, reference_key, sort_key

MAX_INEQUALITY_FIELDS = 10

_DESCENDING = StructuredQuery.Direction.DESCENDING

Position = tuple[Any, ...]


@total_ordering
@dataclass(frozen=True, slots=True)
class _Reversed:
    """A key that sorts the other way round."""

    key: SortKey

    def __lt__(self, other: _Reversed) -> bool:
        return other.key < self.key


@dataclass(frozen=True)
class Order:
    """A complete order: the last field is the document's name, so no two documents tie.

    Attributes:
        fields: the paths, most significant first.
        descending: the direction of each.
        explicit: how many of them the query named; a cursor has at most as many values.
    """

    fields: tuple[FieldPath, ...]
    descending: tuple[bool, ...]
    explicit: int

    @property
    def reverse(self) -> bool:
        """Whether positions run from large to small."""
        return self.descending[0]

    @cached_property
    def _mixed(self) -> bool:
        return len(set(self.descending)) > 1

    def position(self, document: DocumentPb) -> Position | None:
        """Where a document stands; None where it lacks a field, so is not in the result."""
        keys: list[Any] = []
        for path in self.fields:
            if path == field_paths.NAME:
                keys.append(reference_key(document.name))
                continue
            value = field_paths.get(document.fields, path)
            if value is None:
                return None
            keys.append(sort_key(value))
        return self._aligned(keys)

    def bounds(self, query: QueryPb) -> Callable[[Position], bool]:
        """The predicate of the query's cursors on positions."""
        start = self._cursor(query.start_at) if query.HasField("start_at") else ()
        end = self._cursor(query.end_at) if query.HasField("end_at") else ()
        from_start, to_end = query.start_at.before, not query.end_at.before
        reverse = self.reverse

        def within(position: Position) -> bool:
            if start and (here := position[: len(start)]) != start:
                if (here < start) != reverse:
                    return False
            elif start and not from_start:
                return False
            if end and (here := position[: len(end)]) != end:
                return (here < end) != reverse
            return to_end if end else True

        return within

    def _cursor(self, cursor: QueryPb) -> Position:
        if len(cursor.values) > self.explicit:
            raise invalid_argument("Cursor has too many values.")
        keys: list[Any] = []
        for path, value in zip(self.fields, cursor.values, strict=False):
            if path == field_paths.NAME:
                _check_reference(value)
            keys.append(sort_key(value))
        return self._aligned(keys)

    def _aligned(self, keys: list[Any]) -> Position:
        """The keys as one tuple: those that run against the first field's direction reversed."""
        if self._mixed:
            keys = [
                key if descending == self.reverse else _Reversed(key)
                for key, descending in zip(keys, self.descending, strict=False)
            ]
        return tuple(keys)


def order_of(query: QueryPb, where: Filter) -> Order:
    """The order a query asks for, with the parts that Firestore adds by itself.

    Those are fields of inequalities, by name, and the document's name; they run in the direction
    of the last field that was named.
    """
    fields = [field_paths.parse(order.field.field_path) for order in query.order_by]
    descending = [order.direction == _DESCENDING for order in query.order_by]
    explicit = len(fields)
    _check_distinct(fields)
    inequalities = where.inequality_paths - {field_paths.NAME}
    if len(inequalities) > MAX_INEQUALITY_FIELDS:
        raise invalid_argument(
            f"A query may not have more than {MAX_INEQUALITY_FIELDS} distinct inequality fields."
        )
    fields += sorted(inequalities.difference(fields))
    if field_paths.NAME not in fields:
        fields.append(field_paths.NAME)
    if fields[-1] != field_paths.NAME:
        raise invalid_argument("order by clause cannot contain more fields after the key")
    direction = descending[-1] if descending else False
    descending += [direction] * (len(fields) - explicit)
    if fields == [field_paths.NAME] and descending[0] and where.paths <= {field_paths.NAME}:
        raise failed_precondition("Firestore does not support descending key scans")
    return Order(fields=tuple(fields), descending=tuple(descending), explicit=explicit)


def _check_distinct(fields: list[FieldPath]) -> None:
    for index, path in enumerate(fields):
        if path in fields[:index]:
            raise invalid_argument(
                f"order by clause cannot contain duplicate fields {'.'.join(path)}"
            )


def _check_reference(value: ValuePb) -> None:
    if value.WhichOneof("value_type") != "reference_value":
        raise invalid_argument("Cursor __key__ value is not a document reference.")
    names.check_document(value.reference_value, what="Resource")
