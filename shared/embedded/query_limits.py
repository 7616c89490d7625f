"""Which filters Firestore refuses to combine, and how many.

https://firebase.google.com/docs/firestore/query-data/queries#limitations
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from shared.embedded.messages import FilterPb, StructuredQuery
from shared.embedded.status import invalid_argument

MAX_DISJUNCTIONS = 30
MAX_NOT_IN = 10

_Operator = StructuredQuery.FieldFilter.Operator
_Unary = StructuredQuery.UnaryFilter.Operator
_OR = StructuredQuery.CompositeFilter.Operator.OR

_LISTS = {
    _Operator.IN: MAX_DISJUNCTIONS,
    _Operator.ARRAY_CONTAINS_ANY: MAX_DISJUNCTIONS,
    _Operator.NOT_IN: MAX_NOT_IN,
}
_ARRAY_TESTS = {_Operator.ARRAY_CONTAINS, _Operator.ARRAY_CONTAINS_ANY}
_DISJUNCTIVE = {_Operator.IN, _Operator.ARRAY_CONTAINS_ANY}


def check(where: FilterPb) -> None:
    """Refuse a filter that Firestore refuses."""
    for leaf in _leaves(where):
        if leaf.WhichOneof("filter_type") == "field_filter":
            _check_list(leaf.field_filter)
    _check_negations(where)
    if _array_tests(where) > 1:
        raise invalid_argument("A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction.")
    if (count := _disjunctions(where)) > MAX_DISJUNCTIONS:
        raise invalid_argument(
            f"Too many disjunctions after normalization. Result had {count} disjunctions "
            f"which is more than the maximum of {MAX_DISJUNCTIONS}"
        )


def _leaves(where: FilterPb) -> Iterator[FilterPb]:
    if where.WhichOneof("filter_type") == "composite_filter":
        for part in where.composite_filter.filters:
            yield from _leaves(part)
    else:
        yield where


def _check_list(condition: FilterPb) -> None:
    if condition.op not in _LISTS:
        return
    name, most = _Operator.Name(condition.op), _LISTS[condition.op]
    if condition.value.WhichOneof("value_type") != "array_value":
        raise invalid_argument(f"'{name}' requires an ArrayValue.")
    count = len(condition.value.array_value.values)
    if count == 0:
        raise invalid_argument(f"'{name}' requires an non-empty ArrayValue.")
    if count > most:
        raise invalid_argument(f"'{name}' supports up to {most} comparison values.")


def _check_negations(where: FilterPb) -> None:
    negations = not_in = disjunctive = 0
    for leaf in _leaves(where):
        operator, unary = leaf.field_filter.op, leaf.unary_filter.op
        not_in += operator == _Operator.NOT_IN
        negations += operator in {_Operator.NOT_EQUAL, _Operator.NOT_IN}
        negations += unary in {_Unary.IS_NOT_NULL, _Unary.IS_NOT_NAN}
        disjunctive += operator in _DISJUNCTIVE
    if negations > 1:
        raise invalid_argument(
            "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or 'IS_NOT_NULL' filter "
            "allowed per query."
        )
    if not_in and (disjunctive or _has_or(where)):
        raise invalid_argument(
            "'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'."
        )


def _has_or(where: FilterPb) -> bool:
    composite = where.composite_filter
    return composite.op == _OR or any(map(_has_or, composite.filters))


def _array_tests(where: FilterPb) -> int:
    """How many tests on arrays stand in one conjunction."""
    if where.WhichOneof("filter_type") != "composite_filter":
        return int(where.field_filter.op in _ARRAY_TESTS)
    counts = [_array_tests(part) for part in where.composite_filter.filters]
    if where.composite_filter.op == _OR:
        return max(counts, default=0)
    return sum(counts)


def _disjunctions(where: FilterPb) -> int:
    """How many terms the filter has in disjunctive normal form."""
    if where.WhichOneof("filter_type") != "composite_filter":
        condition = where.field_filter
        return len(condition.value.array_value.values) if condition.op in _DISJUNCTIVE else 1
    counts = [_disjunctions(part) for part in where.composite_filter.filters]
    return sum(counts) if where.composite_filter.op == _OR else math.prod(counts)
