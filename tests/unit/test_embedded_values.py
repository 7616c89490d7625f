"""The order of values, against a comparison written down type by type."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cmp_to_key
from itertools import zip_longest
from typing import Any

from google.cloud.firestore_v1._helpers import encode_value
from hypothesis import given
from hypothesis import strategies as st

from shared.embedded.names import NameKey
from shared.embedded.values import sort_key

# As https://cloud.google.com/firestore/docs/concepts/data-types lists them.
TYPES: list[tuple[type, ...]] = [(type(None),), (bool,), (int, float), (str,), (bytes,)]
TYPES += [(list,), (dict,)]

numbers = (
    st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.sampled_from([0, -0.0, 1, 1.0, 2**53, float(2**53), 2**53 + 1, math.nan, -math.inf])
)
texts = st.text(alphabet=["a", "b", "\x00", "é", "\uffff", "\U00010000"], max_size=3)
scalars = st.none() | st.booleans() | numbers | texts | st.binary(max_size=3)
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
    if isinstance(left, bool | bytes):
        return sign(left, right)
    return compare_numbers(left, right)


def key_of(value: Any) -> Any:
    return sort_key(encode_value(value)._pb)


@given(left=values, right=values)
def test_any_two_values_compare_as_documented(left: Any, right: Any) -> None:
    one, other = key_of(left), key_of(right)
    assert sign(one, other) == compare(left, right)
    assert (one == other) == (compare(left, right) == 0)
    assert one != other or hash(one) == hash(other)


@given(many=st.lists(values, max_size=12))
def test_lists_of_values_sort_alike(many: list[Any]) -> None:
    assert list(map(repr, sorted(many, key=key_of))) == list(
        map(repr, sorted(many, key=cmp_to_key(compare)))
    )


segments = st.sampled_from(["__id5__", "__id10__", "__id-3__", "__id07__", "a", "A", "é", "aa"])


@given(left=st.lists(segments, min_size=1), right=st.lists(segments, min_size=1))
def test_names_compare_by_segments_with_numeric_ids_first(
    left: list[str], right: list[str]
) -> None:
    numeric = {"__id5__": 5, "__id10__": 10, "__id-3__": -3}

    def documented(names: list[str]) -> list[tuple[int, int, bytes]]:
        return [
            (0, numeric[name], b"") if name in numeric else (1, 0, name.encode()) for name in names
        ]

    one, other = NameKey("root/" + "/".join(left)), NameKey("root/" + "/".join(right))
    assert (one < other) == (documented(left) < documented(right))
    assert (one == other) == (left == right)
