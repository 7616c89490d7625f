"""What both local backends must agree on when they read, seen through the real client.

The emulator is the reference: every expectation here was taken from it.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import And, Client, FieldFilter

from tests.contract.rpcs import ids, write_index_file

DESCENDING = "DESCENDING"


@pytest.fixture
def index_file(tmp_path: Path) -> Path:
    composites = ("x, k DESCENDING", "x, tags CONTAINS, k", "tags CONTAINS, k DESCENDING")
    return write_index_file(tmp_path, *composites)


class TestReads:
    @pytest.mark.parametrize(
        ("paths", "expected"),
        [
            (["a.b.c"], {"a": {"b": {"c": 1}}}),
            (["a.b", "a.b.c"], {"a": {"b": {"c": 1, "d": 2}}}),
            (["a.b.c", "a.e"], {"a": {"b": {"c": 1}, "e": 3}}),
            (["z.q"], {}),
            (["a.none", "none"], {}),
            (["__name__"], {}),
        ],
    )
    def test_a_field_mask_reads_these_fields_only(
        self, client: Client, paths: list[str], expected: dict[str, Any]
    ) -> None:
        client.document("c/x").set({"a": {"b": {"c": 1, "d": 2}, "e": 3}, "z": [{"q": 1}]})
        assert client.document("c/x").get(field_paths=paths).to_dict() == expected

    def test_collections_are_listed_by_name_while_they_hold_something(self, client: Client) -> None:
        for path in ("b/x", "a/x", "a/y", "aa/x", "ab/x"):
            client.document(path).set({})
        client.document("ab/x").delete()
        assert [c.id for c in client.collections()] == ["a", "aa", "b"]


# In the order of Firestore; entries of one tuple are equal to a query.
ORDERED: list[tuple[Any, ...]] = [(None,), (False,), (True,), (math.nan,), (-math.inf,)]
ORDERED += [(-0.0, 0, 0.0), (1, 1.0), (float(2**53),), (2**53 + 1,), (2**63 - 1,)]
ORDERED += [(float(2**63),), (math.inf,), (datetime(1970, 1, 1, tzinfo=UTC),)]
ORDERED += [(datetime(1970, 1, 1, microsecond=1, tzinfo=UTC),), ("",), ("A",), ("a",)]
ORDERED += [("a\x00",), ("\uffee",), ("\U0001f600",), ([],), ([None],), ([1],), ([1, 2],), ([2],)]
ORDERED += [({},), ({"a": 1},), ({"a": 1, "b": 1},), ({"a": 2},), ({"b": 0},)]


def _rank_ids() -> list[list[str]]:
    return [
        [f"{place:02}-{variant}" for variant in range(len(equals))]
        for place, equals in enumerate(ORDERED)
    ]


@pytest.fixture
def ordered(client: Client) -> Client:
    """A collection `v` with every value of ORDERED in `x`, and one document without `x`."""
    batch = client.batch()
    for equals, names in zip(ORDERED, _rank_ids(), strict=True):
        for value, document_id in zip(equals, names, strict=True):
            batch.set(client.document(f"v/{document_id}"), {"x": value})
    batch.set(client.document("v/none"), {"y": 1})
    batch.commit()
    return client


class TestTheOrderOfValues:
    def test_ascending_and_without_documents_that_lack_the_field(self, ordered: Client) -> None:
        expected = [document_id for names in _rank_ids() for document_id in names]
        assert ids(ordered.collection("v").order_by("x")) == expected

    def test_descending_is_the_exact_reverse(self, ordered: Client) -> None:
        expected = [document_id for names in _rank_ids() for document_id in names]
        query = ordered.collection("v").order_by("x", direction=DESCENDING)
        assert ids(query) == expected[::-1]


@pytest.fixture
def rows(client: Client) -> Client:
    """A collection `v`: d0 to d5 with x = i % 2, k = "k<i>", tags = [1, i], o = {"p": i}."""
    batch = client.batch()
    for i in range(6):
        data = {"x": i % 2, "k": f"k{i}", "tags": [1, i], "o": {"p": i}}
        batch.set(client.document(f"v/d{i}"), data)
    batch.commit()
    return client


class TestQueries:
    def test_ties_are_broken_by_name_in_the_last_direction(self, rows: Client) -> None:
        v = rows.collection("v")
        assert ids(v.order_by("x")) == ["d0", "d2", "d4", "d1", "d3", "d5"]
        assert ids(v.order_by("x", direction=DESCENDING)) == ["d5", "d3", "d1", "d4", "d2", "d0"]
        mixed = v.order_by("x").order_by("k", direction=DESCENDING)
        assert ids(mixed) == ["d4", "d2", "d0", "d5", "d3", "d1"]

    def test_filters_combine(self, rows: Client) -> None:
        v = rows.collection("v")
        both = v.where(filter=FieldFilter("x", "==", 1)).where(
            filter=FieldFilter("tags", "array_contains", 3)
        )
        assert ids(both.order_by("k")) == ["d3"]
        nested = v.where(filter=FieldFilter("o.p", ">", 3))
        assert ids(nested) == ["d4", "d5"]

    def test_a_document_that_several_values_find_is_there_once(self, rows: Client) -> None:
        v = rows.collection("v")
        some = FieldFilter("tags", "array_contains_any", [1, 4, 2, 9])
        newest = v.where(filter=some).order_by("k", direction=DESCENDING)
        assert ids(newest.limit(3)) == ["d5", "d4", "d3"]
        assert ids(newest.start_after({"k": "k3"}).limit(2)) == ["d2", "d1"]
        assert newest.count().get()[0][0].value == 6

    def test_ids_have_ranges(self, rows: Client) -> None:
        v = rows.collection("v")

        def between(first: str, last: str) -> Any:
            low = FieldFilter("__name__", ">=", v.document(first))
            return v.where(filter=low).where(filter=FieldFilter("__name__", "<", v.document(last)))

        assert ids(between("d1", "d3")) == ["d1", "d2"]
        assert ids(between("a", "z")) == [f"d{i}" for i in range(6)]
        assert ids(between("d", "d\U0010ffff").order_by("__name__")) == [f"d{i}" for i in range(6)]
        onward = (
            between("d1", "d5").order_by("__name__").start_after({"__name__": v.document("d2")})
        )
        assert ids(onward.limit(1)) == ["d3"]
        assert ids(between("d6", "e")) == []

    def test_a_limit_cuts_the_ordered_result(self, rows: Client) -> None:
        by_k = rows.collection("v").order_by("k", direction=DESCENDING)
        assert ids(by_k.limit(2)) == ["d5", "d4"]
        assert ids(by_k.limit(0)) == []
        assert [s.id for s in by_k.limit_to_last(2).get()] == ["d1", "d0"]

    def test_a_projection_reads_these_fields_only(self, rows: Client) -> None:
        d2 = rows.collection("v").where(filter=FieldFilter("k", "==", "k2"))
        assert [s.to_dict() for s in d2.select(["o.p", "none"]).stream()] == [{"o": {"p": 2}}]
        for nothing in ([], ["__name__"]):
            assert [s.to_dict() for s in d2.select(nothing).stream()] == [{}]

    @pytest.mark.parametrize(
        "filters",
        [
            FieldFilter("x", "array_contains_any", list(range(31))),
            FieldFilter("x", "array_contains_any", []),
            And([FieldFilter("a", "array_contains", 1), FieldFilter("b", "array_contains", 1)]),
        ],
        ids=lambda _: "",
    )
    def test_filters_that_firestore_refuses(self, rows: Client, filters: Any) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            ids(rows.collection("v").where(filter=filters).order_by("k"))


class TestCursors:
    @pytest.mark.parametrize(
        ("direction", "expected"), [("ASCENDING", ["d4", "d5"]), (DESCENDING, ["d2", "d1", "d0"])]
    )
    def test_a_result_goes_on_behind_a_value(
        self, rows: Client, direction: str, expected: list[str]
    ) -> None:
        query = rows.collection("v").order_by("k", direction=direction)
        assert ids(query.start_after({"k": "k3"})) == expected


class TestAggregation:
    @pytest.fixture
    def numbers(self, client: Client) -> Client:
        for i, x in enumerate([1, 2, "text", None, 3]):
            client.document(f"n/{i}").set({"x": x})
        client.document("n/other").set({"y": 1})
        return client

    @staticmethod
    def values(query: Any) -> dict[str, Any]:
        return {result.alias: result.value for result in query.get()[0]}

    def test_counts(self, numbers: Client) -> None:
        n = numbers.collection("n")
        assert self.values(n.count(alias="c")) == {"c": 6}
        assert self.values(n.limit(2).count(alias="c")) == {"c": 2}
        assert self.values(n.where(filter=FieldFilter("x", ">", 1)).count(alias="c")) == {"c": 2}
        assert self.values(numbers.collection("empty").count(alias="c")) == {"c": 0}

    def test_a_sum_leaves_out_what_is_no_number(self, numbers: Client) -> None:
        assert self.values(numbers.collection("n").sum("x", alias="s")) == {"s": 6}
