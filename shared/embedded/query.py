"""Structured queries as scans, each of a range of one index.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#structuredquery

What the ledger never asks is refused: negations, `or`, `in`, null and NaN, inequalities of several
fields, offsets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from shared.embedded import encoding, field_paths, names
from shared.embedded.field_paths import FieldPath
from shared.embedded.indexes import ASCENDING, CONTAINS, DESCENDING, Index, Indexes, Part, held_as
from shared.embedded.messages import FilterPb, QueryPb, StructuredQuery, ValuePb
from shared.embedded.status import failed_precondition, invalid_argument, unimplemented

MAX_DISJUNCTIONS = 30

_Operator = StructuredQuery.FieldFilter.Operator
_AND = StructuredQuery.CompositeFilter.Operator.AND
_DOWN = StructuredQuery.Direction.DESCENDING
_FIXING = {
    _Operator.EQUAL: ASCENDING,
    _Operator.ARRAY_CONTAINS: CONTAINS,
    _Operator.ARRAY_CONTAINS_ANY: CONTAINS,
}
# Whether it bounds from below, and whether the bound is included.
_BOUNDING = {
    _Operator.GREATER_THAN: (True, False),
    _Operator.GREATER_THAN_OR_EQUAL: (True, True),
    _Operator.LESS_THAN: (False, False),
    _Operator.LESS_THAN_OR_EQUAL: (False, True),
}


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
        most: how many documents there are at most; -1 for all.
    """

    def __init__(self, parent: str, query: QueryPb) -> None:
        names.check_root(parent)
        if query.HasField("find_nearest") or [s.all_descendants for s in query.from_] != [False]:
            raise unimplemented("The embedded store has queries of one collection only.")
        names.check_id(query.from_[0].collection_id)
        self.collection = f"{parent}/{query.from_[0].collection_id}"
        # What each field is to be equal to, or to contain: one of these values.
        self._fixed: dict[Part, list[bytes]] = {}
        # Between which values a field lies, each with whether it is the lower one and included.
        self._ranged: FieldPath | None = None
        self._bounds: list[tuple[bytes, bool, bool]] = []
        for condition in _conditions(query.where):
            self._add(condition)
        self._order = self._checked_order(query)
        self._behind = self._checked_cursor(query)
        asked = [field_paths.parse(reference.field_path) for reference in query.select.fields]
        self.projection = asked if query.HasField("select") else None
        if query.offset:
            raise unimplemented("The embedded store leaves nothing out in front; use a cursor.")
        self.most = int(query.limit.value) if query.HasField("limit") else -1
        if query.limit.value < 0:
            raise invalid_argument("limit is negative")

    def scans(self, indexes: Indexes) -> list[Scan]:
        """One for each value that an array may contain. `StatusError` where no index serves."""
        index, backwards = self._index(indexes)
        beginning = index.parts[: len(self._fixed)]
        lists = [self._fixed[held_as(part)] for part in beginning]
        scans = []
        for values in product(*map(dict.fromkeys, lists)):
            directed = (_directed(v, part[1]) for v, part in zip(values, beginning, strict=True))
            start = index.prefix(self.collection) + b"".join(directed)
            scans.append(self._scan(index, start, backwards=backwards))
        return scans

    def _add(self, condition: FilterPb) -> None:
        path, operator = field_paths.parse(condition.field.field_path), condition.op
        if path == field_paths.NAME and operator not in _BOUNDING:
            raise unimplemented("The embedded store has only ranges of document ids.")
        form_of = self._id_of if path == field_paths.NAME else _operand
        values = [condition.value]
        if operator == _Operator.ARRAY_CONTAINS_ANY:
            values = list(condition.value.array_value.values)
            if not 0 < len(values) <= MAX_DISJUNCTIONS:
                raise invalid_argument(f"A list has 1 to {MAX_DISJUNCTIONS} values to compare.")
        forms = list(map(form_of, values))
        if operator in _FIXING:
            part = path, _FIXING[operator]
            if part in self._fixed:
                raise unimplemented("The embedded store compares a field with one value only.")
            if part[1] == CONTAINS and any(mode == CONTAINS for _, mode in self._fixed):
                raise invalid_argument("A query has at most one condition on what arrays contain.")
            self._fixed[part] = forms
        elif operator in _BOUNDING:
            self._bound(path, forms[0], *_BOUNDING[operator])
        else:
            raise unimplemented("The embedded store has no such operator of a field.")

    def _bound(self, path: FieldPath, form: bytes, lower: bool, included: bool) -> None:
        """An inequality, which holds among values of one type only."""
        if self._ranged not in {None, path}:
            raise unimplemented("The embedded store has inequalities on one field only.")
        self._ranged = path
        self._bounds.append((form, lower, included))
        if path != field_paths.NAME:
            kind = form[:1]
            least = encoding.LEAST_NUMBER if kind == encoding.NUMBER else kind
            self._bounds += [(least, True, True), (kind, False, True)]

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
        if self._ranged not in {None, field_paths.NAME} and not paths:
            order.append((self._ranged, False))
        elif self._ranged not in {None, *(paths or [field_paths.NAME])[:1]}:
            raise invalid_argument("An order begins with the field of the inequality.")
        if field_paths.NAME not in paths:
            order.append((field_paths.NAME, order[-1][1] if order else False))
        return order

    def _index(self, indexes: Indexes) -> tuple[Index, bool]:
        """The index that serves the query, and whether it has to be read backwards."""
        *fields, (_, down) = self._order
        wanted = [(path, DESCENDING if falls else ASCENDING) for path, falls in fields]
        paths = [path for path, _ in (*self._fixed, *wanted)]
        for index in indexes.candidates(self.collection.rpartition("/")[2], paths):
            if {held_as(part) for part in index.parts[: len(self._fixed)]} != set(self._fixed):
                continue
            rest = list(index.parts[len(self._fixed) :])
            if rest == wanted and index.descending == down:
                return index, False
            # A field has an index in either direction: ours is read backwards for the other one.
            turned = [(path, DESCENDING) for path, mode in rest if mode == ASCENDING]
            if len(index.parts) == 1 and turned == wanted and down:
                return index, True
        needed = ", ".join(".".join(path) for path in paths) or "the document id, descending"
        raise failed_precondition(f"The query requires an index on {needed}.")

    def _checked_cursor(self, query: QueryPb) -> list[bytes]:
        """The values of the place behind which the result goes on; none where it begins."""
        if query.start_at.before or query.HasField("end_at"):
            raise unimplemented("The embedded store goes on behind a place, to the end.")
        values = query.start_at.values
        if len(values) > self._named:
            raise invalid_argument("Cursor has too many values.")
        paths = [path for path, _ in self._order[: len(values)]]
        return [
            self._id_of(value) if path == field_paths.NAME else encoding.of_value(value)
            for path, value in zip(paths, values, strict=True)
        ]

    def _id_of(self, value: ValuePb) -> bytes:
        collection, document_id = names.split(value.reference_value)
        if collection != self.collection:
            raise invalid_argument("A __key__ value is no document of the collection.")
        return encoding.of_text(document_id)

    def _scan(self, index: Index, start: bytes, *, backwards: bool) -> Scan:
        # In the keys a field runs backwards where it does in the result, unless the scan does.
        modes = [DESCENDING if falls != backwards else ASCENDING for _, falls in self._order]
        falling = modes[0] == DESCENDING
        cuts = [
            (_directed(form, modes[0]), lower != falling, included)
            for form, lower, included in self._bounds
        ]
        if self._behind:
            place = b"".join(map(_directed, self._behind, modes))
            cuts.append((place, not backwards, False))
        low, high = start, encoding.after(start)
        for form, lower, included in cuts:
            # What begins with a bound's form is at the bound: a lower one that is included is in
            # front of all that, and so is an upper one that is not.
            edge = start + form if lower == included else encoding.after(start + form)
            low, high = (max(low, edge), high) if lower else (low, min(high, edge))
        return Scan(not index.parts, low, high, backwards, len(start))


def _directed(form: bytes, mode: str) -> bytes:
    return encoding.inverted(form) if mode == DESCENDING else form


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
