"""The `where` of a query as a predicate on documents.

https://cloud.google.com/firestore/docs/query-data/queries
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.embedded import field_paths, query_limits
from shared.embedded.field_paths import FieldPath
from shared.embedded.messages import DocumentPb, FilterPb, StructuredQuery, ValuePb
from shared.embedded.status import invalid_argument
from shared.embedded.values import (
    NAN_KEY,
    NULL_KEY,
    Rank,
    SortKey,
    reference_key,
    sort_key,
)

Predicate = Callable[[DocumentPb], bool]
Test = Callable[[SortKey], bool]

FieldOperator = StructuredQuery.FieldFilter.Operator
UnaryOperator = StructuredQuery.UnaryFilter.Operator
CompositeOperator = StructuredQuery.CompositeFilter.Operator

_INEQUALITIES = {
    FieldOperator.LESS_THAN,
    FieldOperator.LESS_THAN_OR_EQUAL,
    FieldOperator.GREATER_THAN,
    FieldOperator.GREATER_THAN_OR_EQUAL,
    FieldOperator.NOT_EQUAL,
    FieldOperator.NOT_IN,
}
_NEGATIONS = {UnaryOperator.IS_NOT_NULL, UnaryOperator.IS_NOT_NAN}


@dataclass(frozen=True)
class Filter:
    """A compiled filter.

    Attributes:
        matches: the predicate.
        paths: every path that it looks at.
        inequality_paths: paths whose order the query's result takes on.
    """

    matches: Predicate
    paths: frozenset[FieldPath] = frozenset()
    inequality_paths: frozenset[FieldPath] = frozenset()


def compile_filter(where: FilterPb) -> Filter:
    """The filter of a `where` message; one that was not set matches every document."""
    query_limits.check(where)
    return _compile(where)


def _compile(where: FilterPb) -> Filter:
    match where.WhichOneof("filter_type"):
        case "composite_filter":
            return _composite(where.composite_filter)
        case "field_filter":
            return _field(where.field_filter)
        case "unary_filter":
            return _unary(where.unary_filter)
        case _:
            return Filter(matches=lambda _: True)


def _composite(composite: FilterPb) -> Filter:
    parts = [_compile(part) for part in composite.filters]
    predicates = [part.matches for part in parts]
    if composite.op == CompositeOperator.AND:
        combine: Callable[..., bool] = all
    elif composite.op == CompositeOperator.OR:
        combine = any
    else:
        raise invalid_argument("Unsupported CompositeFilter operator.")
    return Filter(
        matches=lambda document: combine(matches(document) for matches in predicates),
        paths=frozenset().union(*(part.paths for part in parts)),
        inequality_paths=frozenset().union(*(part.inequality_paths for part in parts)),
    )


def _field(condition: FilterPb) -> Filter:
    path = field_paths.parse(condition.field.field_path)
    test = _field_test(condition.op, condition.value)
    inequality = condition.op in _INEQUALITIES
    if path == field_paths.NAME:
        _check_name_condition(condition)
        predicate = _on_name(test)
    else:
        predicate = _on_field(path, test)
    return _leaf(predicate, path, inequality=inequality)


def _unary(condition: FilterPb) -> Filter:
    path = field_paths.parse(condition.field.field_path)
    if path == field_paths.NAME:
        raise invalid_argument("__key__ filter value must be a Key")
    test: Test
    match condition.op:
        case UnaryOperator.IS_NULL:
            test = NULL_KEY.__eq__
        case UnaryOperator.IS_NAN:
            test = NAN_KEY.__eq__
        case UnaryOperator.IS_NOT_NULL:
            test = NULL_KEY.__ne__
        case UnaryOperator.IS_NOT_NAN:
            test = _is_plain
        case _:
            raise invalid_argument("Unknown UnaryFilter operator.")
    return _leaf(_on_field(path, test), path, inequality=condition.op in _NEGATIONS)


def _leaf(predicate: Predicate, path: FieldPath, *, inequality: bool) -> Filter:
    paths = frozenset([path])
    return Filter(
        matches=predicate, paths=paths, inequality_paths=paths if inequality else frozenset()
    )


def _on_name(test: Test) -> Predicate:
    return lambda document: test(reference_key(document.name))


def _on_field(path: FieldPath, test: Test) -> Predicate:
    def matches(document: DocumentPb) -> bool:
        value = field_paths.get(document.fields, path)
        return value is not None and test(sort_key(value))

    return matches


def _check_name_condition(condition: FilterPb) -> None:
    """`__name__` compares with references only, and is no array."""
    values = [condition.value]
    if condition.op in {FieldOperator.IN, FieldOperator.NOT_IN}:
        values = list(condition.value.array_value.values)
    elif condition.op in {FieldOperator.ARRAY_CONTAINS, FieldOperator.ARRAY_CONTAINS_ANY}:
        raise invalid_argument("the name __key__ is reserved")
    if any(value.WhichOneof("value_type") != "reference_value" for value in values):
        raise invalid_argument("__key__ filter value must be a Key")


def _field_test(operator: int, operand: ValuePb) -> Test:
    """The test on a field's sort key. Null and NaN are reached by unary filters alone."""
    key = sort_key(operand)
    match operator:
        case FieldOperator.EQUAL:
            return key.__eq__ if _is_plain(key) else _never
        case FieldOperator.NOT_EQUAL:
            return lambda found: found not in (NULL_KEY, key)
        case FieldOperator.LESS_THAN:
            return _within(key, lambda found: found < key)
        case FieldOperator.LESS_THAN_OR_EQUAL:
            return _within(key, lambda found: found <= key)
        case FieldOperator.GREATER_THAN:
            return _within(key, lambda found: found > key)
        case FieldOperator.GREATER_THAN_OR_EQUAL:
            return _within(key, lambda found: found >= key)
        case FieldOperator.ARRAY_CONTAINS:
            return lambda found: found[0] == Rank.ARRAY and key in found[1]
        case FieldOperator.ARRAY_CONTAINS_ANY:
            wanted = _elements(operand)
            return lambda found: found[0] == Rank.ARRAY and not wanted.isdisjoint(found[1])
        case FieldOperator.IN:
            return _elements(operand).__contains__
        case FieldOperator.NOT_IN:
            return _not_in(operand)
        case _:
            raise invalid_argument("Unknown FieldFilter operator.")


def _never(_: SortKey) -> bool:
    return False


def _is_plain(key: SortKey) -> bool:
    """Whether it is neither null nor NaN."""
    return key not in (NULL_KEY, NAN_KEY)


def _within(key: SortKey, compare: Test) -> Test:
    """An inequality: it holds among values of one type only, and never for null or NaN."""
    if not _is_plain(key):
        return _never
    rank = key[0]
    return lambda found: found[0] == rank and found != NAN_KEY and compare(found)


def _elements(operand: ValuePb) -> frozenset[SortKey]:
    return frozenset(filter(_is_plain, map(sort_key, operand.array_value.values)))


def _not_in(operand: ValuePb) -> Test:
    keys = frozenset(map(sort_key, operand.array_value.values))
    if NULL_KEY in keys:
        return _never
    unwanted = (keys - {NAN_KEY}) | {NULL_KEY}
    return lambda found: found not in unwanted
