"""Metadata: free-form, within what Firestore can keep."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from shared.domain.metadata import count, parse_metadata


def nested(levels: int) -> dict[str, Any]:
    """An object of so many levels; `{}` has one."""
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


class TestParseMetadata:
    @pytest.mark.parametrize(
        "value",
        [
            {},
            {"files_changed": 3, "lines_added": 120, "lines_deleted": 0},
            {"has_tests": True, "note": None, "tags": ["a", "b"], "deep": {"list": [{"x": [1]}]}},
            {"_": 1, "__": 1, "___": 1, "__x": 1, "x__": 1},
            {"a.b/c": 1, " ": 1, "ключ": "значение"},
            {"smallest": -(2**63), "largest": 2**63 - 1},
            {"ratio": 0.5},
        ],
    )
    def test_keeps_what_firestore_can_store(self, value: dict[str, Any]) -> None:
        assert parse_metadata(value) == value

    def test_turns_decimals_into_doubles(self) -> None:
        kept = parse_metadata({"ratio": Decimal("0.1"), "list": [Decimal("1E+3")]})
        assert kept == {"ratio": 0.1, "list": [1000.0]}
        assert isinstance(kept["ratio"], float)

    @pytest.mark.parametrize("value", [[], "text", 1, None, True, [("a", 1)]])
    def test_must_be_an_object(self, value: object) -> None:
        with pytest.raises(ValueError, match="must be an object"):
            parse_metadata(value)

    def test_may_have_16_kib_as_json_and_not_a_byte_more(self) -> None:
        # {"k":"..."} has eight characters around the text.
        assert parse_metadata({"k": "x" * 16_376})
        with pytest.raises(ValueError, match="at most 16384 bytes"):
            parse_metadata({"k": "x" * 16_377})

    def test_counts_bytes_and_not_characters(self) -> None:
        assert parse_metadata({"k": "é" * 8_188})
        with pytest.raises(ValueError, match="at most 16384 bytes"):
            parse_metadata({"k": "é" * 8_189})

    def test_may_have_8_levels_and_not_one_more(self) -> None:
        assert parse_metadata(nested(8)) == nested(8)
        with pytest.raises(ValueError, match="at most 8 levels"):
            parse_metadata(nested(9))

    def test_counts_lists_as_levels(self) -> None:
        assert parse_metadata({"a": {"b": {"c": {"d": {"e": {"f": [1]}}}}}})
        assert parse_metadata({"a": {"b": {"c": {"d": {"e": {"f": {"g": [1]}}}}}}})
        with pytest.raises(ValueError, match="at most 8 levels"):
            parse_metadata({"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": [1]}}}}}}}})

    def test_refuses_a_list_directly_inside_a_list(self) -> None:
        with pytest.raises(ValueError, match="no list directly inside a list"):
            parse_metadata({"matrix": [[1]]})
        assert parse_metadata({"matrix": [{"row": [1]}]})

    @pytest.mark.parametrize("value", [{"": 1}, {"a": {"": 1}}, {"a": [{"": 1}]}])
    def test_refuses_an_empty_key(self, value: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="no empty key"):
            parse_metadata(value)

    @pytest.mark.parametrize("key", ["__x__", "____", "__a\nb__", "__name__"])
    def test_refuses_keys_that_firestore_reserves(self, key: str) -> None:
        with pytest.raises(ValueError, match="two underscores"):
            parse_metadata({"a": {key: 1}})

    def test_allows_keys_of_1500_bytes_and_no_more(self) -> None:
        assert parse_metadata({"é" * 750: 1})
        with pytest.raises(ValueError, match="at most 1500 bytes"):
            parse_metadata({"é" * 750 + "a": 1})

    @pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**100])
    def test_refuses_integers_beyond_64_bits(self, value: int) -> None:
        with pytest.raises(ValueError, match="64 bits"):
            parse_metadata({"n": [value]})

    @pytest.mark.parametrize(
        "value",
        [
            float("nan"),
            float("inf"),
            -float("inf"),
            Decimal("NaN"),
            Decimal("Infinity"),
            Decimal("1E+400"),
            Decimal("1E+999999999999"),
        ],
    )
    def test_refuses_numbers_that_are_not_finite(self, value: float | Decimal) -> None:
        with pytest.raises(ValueError, match="finite numbers"):
            parse_metadata({"n": value})

    def test_refuses_a_number_that_would_become_zero(self) -> None:
        with pytest.raises(ValueError, match="too small"):
            parse_metadata({"x": Decimal("1e-400")})
        assert parse_metadata({"x": Decimal("0.0")}) == {"x": 0.0}

    @pytest.mark.parametrize("value", [b"bytes", {1, 2}, object()])
    def test_refuses_what_is_not_json(self, value: object) -> None:
        with pytest.raises(ValueError, match="JSON values only"):
            parse_metadata({"n": value})


class TestCounts:
    @pytest.mark.parametrize("name", ["files_changed", "lines_added", "lines_deleted"])
    @pytest.mark.parametrize("value", [3, 3.0, Decimal("3.0"), Decimal("3"), Decimal("0.3E+1")])
    def test_are_kept_as_integers(self, name: str, value: object) -> None:
        kept = parse_metadata({name: value})
        assert kept == {name: 3}
        assert isinstance(kept[name], int)

    @pytest.mark.parametrize("name", ["files_changed", "lines_added", "lines_deleted"])
    @pytest.mark.parametrize(
        "value",
        [-1, 0.5, Decimal("0.5"), "3", "many", None, True, False, [], {}, Decimal("1E+30")],
    )
    def test_must_be_whole_numbers_of_at_least_0(self, name: str, value: object) -> None:
        with pytest.raises(ValueError, match=f"whole number of at least 0 as {name}"):
            parse_metadata({name: value})

    def test_of_the_same_name_deeper_down_are_free(self) -> None:
        assert parse_metadata({"a": {"files_changed": "many"}}) == {"a": {"files_changed": "many"}}

    def test_read_as_0_where_absent(self) -> None:
        assert count({}, "files_changed") == 0
        assert count({"files_changed": 7}, "files_changed") == 7
