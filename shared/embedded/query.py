"""Structured queries as scans, each of a range of one index.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#structuredquery

What the ledger never asks is refused: negations, `or`, null and NaN, several inequalities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from shared.embedded import encoding, field_paths, names
from shared.embedded.field_paths import FieldPath
from shared.embedded.indexes import DESCENDING, Index, Indexes
from shared.embedded.messages import FilterPb, QueryPb, StructuredQuery, ValuePb
from shared.embedded.status import failed_precondition, invalid_argument, unimplemented

MAX_DISJUNCTIONS = 30

_Operator = StructuredQuery.FieldFilter.Operator
_AND = StructuredQuery.CompositeFilter.Operator.AND
_DOWN = StructuredQuery.Direction.DESCENDING
_LISTS = {_Operator.IN, _Operator.ARRAY_CONTAINS_ANY}
_CONTAINS = {_Operator.ARRAY_CONTAINS, _Operator.ARRAY_CONTAINS_ANY}
_EQUAL = {_Operator.EQUAL, _Operator.IN}
_LOWER = {_Operator.GREATER_THAN: False, _Operator.GREATER_THAN_OR_EQUAL: True}
_UPPER = {_Operator.LESS_THAN: False, _Operator.LESS_THAN_OR_EQUAL: True}


@dataclass(frozen=True)
class Scan:
    """A range of keys, `low` included and `high` not, to be read forwards or backwards.

    What follows the first `skip` bytes of a key is where its document stands in the result.
    """

    by_id: bool
    low: bytes
    high: bytes
    backwards: bool
    skip: int


class Query:
    """A checked query. Raises `StatusError` where Firestore, or this store, refuses it.

    Attributes:
        projection: the fields that are asked for; None for all.
        offset: how many documents of the result are left out in front.
        most: how many there are at most, those left out included; -1 for all.
    """

    def __init__(self, parent: str, query: QueryPb) -> None:
        names.check_root(parent)
        self.collection = f"{parent}/{_collection_id(query)}"
        # The values that each of these fields is to be equal to, or to contain: one of them.
        self._equal: dict[FieldPath, list[bytes]] = {}
        self._contained: tuple[FieldPath, list[bytes]] | None = None
        # Between which forms a field is to lie, each with whether it is the lower one, and
        # whether it is included.
        self._ranged: FieldPath | None = None
        self._bounds: list[tuple[bytes, bool, bool]] = []
        for condition in _conditions(query.where):
            self._add(condition)
        self._order = self._checked_order(query)
        self._cursors = list(self._checked_cursors(query))
        self.projection = _projection(query)
        self.offset = int(query.offset)
        limit = int(query.limit.value) if query.HasField("limit") else 0
        if self.offset < 0 or limit < 0:
            raise invalid_argument("limit or offset is negative")
        self.most = self.offset + limit if query.HasField("limit") else -1

    def scans(self, indexes: Indexes) -> list[Scan]:
        """One for each combination of values; raises `StatusError` where no index serves."""
        index, backwards = self._index(indexes)
        contained = {} if self._contained is None else dict([self._contained])
        lists = {**self._equal, **contained}
        fixed = [path for path, _ in index.parts[: len(lists)]]
        modes = [mode for _, mode in index.parts[: len(lists)]]
        scans = []
        for values in product(*(dict.fromkeys(lists[path]) for path in fixed)):
            start = index.prefix(self.collection) + b"".join(map(_directed, values, modes))
            scans.append(self._scan(index, start, backwards=backwards))
        if len(scans) > MAX_DISJUNCTIONS:
            raise invalid_argument(f"A query has at most {MAX_DISJUNCTIONS} disjunctions.")
        return scans

    def _add(self, condition: FilterPb) -> None:
        path = field_paths.parse(condition.field.field_path)
        if path == field_paths.NAME:
            raise unimplemented("The embedded store has no conditions on document ids.")
        operator = condition.op
        values = [condition.value]
        if operator in _LISTS:
            values = list(condition.value.array_value.values)
            if not 0 < len(values) <= MAX_DISJUNCTIONS:
                raise invalid_argument(f"A list has 1 to {MAX_DISJUNCTIONS} values to compare.")
        forms = [_operand(value) for value in values]
        if operator in _EQUAL:
            if path in self._equal:
                raise unimplemented("The embedded store compares a field with one value only.")
            self._equal[path] = forms
        elif operator in _CONTAINS:
            if self._contained is not None:
                raise invalid_argument("A query has at most one condition on what arrays contain.")
            self._contained = path, forms
        elif operator in _LOWER or operator in _UPPER:
            self._bound(path, forms[0], operator)
        else:
            raise unimplemented("The embedded store has no such operator of a field.")

    def _bound(self, path: FieldPath, form: bytes, operator: int) -> None:
        """An inequality, which holds among values of one type only."""
        if self._ranged not in {None, path}:
            raise unimplemented("The embedded store has inequalities on one field only.")
        self._ranged = path
        lower = operator in _LOWER
        kind = form[:1]
        least = encoding.LEAST_NUMBER if kind == encoding.NUMBER else kind
        included = _LOWER[operator] if lower else _UPPER[operator]
        self._bounds += [(least, True, True), (kind, False, True), (form, lower, included)]

    def _checked_order(self, query: QueryPb) -> list[tuple[FieldPath, bool]]:
        """The fields and whether each descends; the last one is always the document's id."""
        order = [
            (field_paths.parse(one.field.field_path), one.direction == _DOWN)
            for one in query.order_by
        ]
        self._named = len(order)
        paths = [path for path, _ in order]
        if len(set(paths)) < len(paths) or field_paths.NAME in paths[:-1]:
            raise invalid_argument("An order has each field once, and nothing behind the id.")
        if self._ranged is not None and not paths:
            order.append((self._ranged, False))
        elif self._ranged not in {None, *paths[:1]}:
            raise invalid_argument("An order begins with the field of the inequality.")
        if field_paths.NAME not in paths:
            order.append((field_paths.NAME, order[-1][1] if order else False))
        return order

    def _index(self, indexes: Indexes) -> tuple[Index, bool]:
        """The index that serves the query, and whether it has to be read backwards."""
        contained = None if self._contained is None else self._contained[0]
        fields = self._order[:-1]
        paths = [*self._equal, *([] if contained is None else [contained]), *(p for p, _ in fields)]
        group = self.collection.rpartition("/")[2]
        for index in indexes.candidates(group, paths):
            fixed = index.serves(self._equal, contained)
            if fixed is None or [path for path, _ in index.parts[fixed:]] != [p for p, _ in fields]:
                continue
            held = [mode == DESCENDING for _, mode in index.parts[fixed:]]
            wanted = [descending for _, descending in self._order]
            turned = {a != b for a, b in zip(wanted, [*held, index.descending], strict=True)}
            # A field has an index in either direction: ours is read backwards for the other one.
            if turned == {False} or (turned == {True} and len(index.parts) == 1):
                return index, turned.pop()
        needed = ", ".join(".".join(path) for path in paths) or "the document id, descending"
        raise failed_precondition(f"The query requires an index on {needed}.")

    def _checked_cursors(self, query: QueryPb) -> Iterator[tuple[list[bytes], bool, bool]]:
        """Where the result starts and ends: values, whether it starts there, whether in front."""
        for start, cursor in ((True, query.start_at), (False, query.end_at)):
            if not cursor.values:
                continue
            if len(cursor.values) > self._named:
                raise invalid_argument("Cursor has too many values.")
            forms = []
            for (path, _), value in zip(self._order, cursor.values, strict=False):
                is_id = path == field_paths.NAME
                forms.append(self._id_of(value) if is_id else encoding.of_value(value))
            yield forms, start, cursor.before

    def _id_of(self, value: ValuePb) -> bytes:
        collection, document_id = names.split(value.reference_value)
        if collection != self.collection:
            raise invalid_argument("Cursor __key__ value is no document of the collection.")
        return encoding.of_text(document_id)

    def _scan(self, index: Index, start: bytes, *, backwards: bool) -> Scan:
        low, high = start, encoding.after(start)
        # In the keys a field runs backwards where it does in the result, unless the scan does.
        turned = [descending != backwards for _, descending in self._order]
        for form, lower, included in self._bounds:
            at = start + (encoding.inverted(form) if turned[0] else form)
            # A lower bound that is included is in front of all that begin with it.
            in_front = (lower == included) != turned[0]
            edge = at if in_front else encoding.after(at)
            if lower != turned[0]:
                low = max(low, edge)
            else:
                high = min(high, edge)
        for forms, starts, before in self._cursors:
            at = start + b"".join(
                encoding.inverted(form) if flip else form
                for form, flip in zip(forms, turned, strict=False)
            )
            edge = at if before != backwards else encoding.after(at)
            if starts != backwards:
                low = max(low, edge)
            else:
                high = min(high, edge)
        return Scan(not index.parts, low, high, backwards, len(start))


def _directed(form: bytes, mode: str) -> bytes:
    return encoding.inverted(form) if mode == DESCENDING else form


def _collection_id(query: QueryPb) -> str:
    if query.HasField("find_nearest") or len(query.from_) != 1 or query.from_[0].all_descendants:
        raise unimplemented("The embedded store has queries of one collection only.")
    collection_id = str(query.from_[0].collection_id)
    names.check_id(collection_id, where=collection_id)
    return collection_id


def _conditions(where: FilterPb) -> Iterator[FilterPb]:
    """The conditions that must all hold."""
    match where.WhichOneof("filter_type"):
        case "composite_filter" if where.composite_filter.op == _AND:
            for part in where.composite_filter.filters:
                yield from _conditions(part)
        case "field_filter":
            yield where.field_filter
        case None:
            return
        case _:
            raise unimplemented("The embedded store has neither `or` nor unary conditions.")


def _operand(value: ValuePb) -> bytes:
    form = encoding.of_value(value)
    if form < encoding.BOOLEAN or encoding.NUMBER <= form < encoding.LEAST_NUMBER:
        raise unimplemented("The embedded store does not look for null or NaN.")
    return form


def _projection(query: QueryPb) -> tuple[FieldPath, ...] | None:
    if not query.HasField("select"):
        return None
    return tuple(field_paths.parse(reference.field_path) for reference in query.select.fields)
