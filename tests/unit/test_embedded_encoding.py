"""The order of values as bytes, against a comparison written down type by type."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from google.cloud.firestore_v1._helpers import encode_value
from hypothesis import given
from hypothesis import strategies as st

from shared.embedded import encoding

# As https://cloud.google.com/firestore/docs/concepts/data-types lists them.
TYPES: list[tuple[type, ...]] = [(type(None),), (bool,), (int, float), (datetime,), (str,)]
TYPES += [(list,), (dict,)]

numbers = (
    st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.sampled_from([0, -0.0, 1, 1.0, 2**53, float(2**53), 2**53 + 1, math.nan, -math.inf])
)
texts = st.text(alphabet=["a", "b", "\x00", "\x01", "é", "\uffff", "\U00010000"], max_size=3)
times = st.datetimes(timezones=st.just(UTC))
scalars = st.none() | st.booleans() | numbers | texts | times
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def rank(value: Any) -> int:
    return next(i for i, types in enumerate(TYPES) if type(value) in types)


def sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def compare_numbers(left: float, right: float) -> int:
    if math.isnan(left) or math.isnan(right):
        return sign(not math.isnan(left), not math.isnan(right))
    if math.isinf(left) or math.isinf(right):
        return sign(float(left), float(right))
    return sign(Fraction(left), Fraction(right))


def compare_sequences(left: list[Any], right: list[Any]) -> int:
    end = object()
    for one, other in zip_longest(left, right, fillvalue=end):
        if one is end or other is end:
            return -1 if one is end else 1
        if result := compare(one, other):
            return result
    return 0


def compare(left: Any, right: Any) -> int:
    """The documented order: by type, then within the type."""
    if rank(left) != rank(right):
        return sign(rank(left), rank(right))
    if left is None:
        return 0
    if isinstance(left, str):
        return sign(left.encode(), right.encode())
    if isinstance(left, list):
        return compare_sequences(left, right)
    if isinstance(left, dict):
        entries = [
            [part for key in sorted(each, key=str.encode) for part in (key, each[key])]
            for each in (left, right)
        ]
        return compare_sequences(*entries)
    if isinstance(left, bool | datetime):
        return sign(left, right)
    return compare_numbers(left, right)


def form_of(value: Any) -> bytes:
    return encoding.of_value(encode_value(value)._pb)


@given(left=values, right=values)
def test_any_two_values_compare_as_documented(left: Any, right: Any) -> None:
    one, other = form_of(left), form_of(right)
    assert sign(one, other) == compare(left, right)
    assert sign(encoding.inverted(one), encoding.inverted(other)) == -compare(left, right)


@given(pairs=st.lists(st.tuples(values, values), min_size=2, max_size=2), down=st.booleans())
def test_forms_that_follow_one_another_compare_one_by_one(
    pairs: list[tuple[Any, Any]], down: bool
) -> None:
    """As in the key of a composite index, whose first field may run backwards."""
    (first, second), (other_first, other_second) = pairs
    turn = encoding.inverted if down else bytes
    expected = compare(first, other_first) * (-1 if down else 1) or compare(second, other_second)
    one = turn(form_of(first)) + form_of(second)
    other = turn(form_of(other_first)) + form_of(other_second)
    assert sign(one, other) == expected


@given(value=values, longer=st.binary(max_size=4))
def test_behind_a_prefix_is_behind_all_that_begin_with_it(value: Any, longer: bytes) -> None:
    prefix = form_of(value)
    assert prefix + longer < encoding.after(prefix)
    assert encoding.after(prefix) > prefix
    assert not encoding.after(prefix).startswith(prefix)
