"""What both local backends must agree on when they write, seen through the real client.

The emulator is the reference: every expectation here was taken from it.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    ArrayUnion,
    Client,
    Increment,
    Maximum,
    Minimum,
)
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import decode_value

from tests.contract.rpcs import (
    commit,
    content,
    ids,
    increment,
    put,
    transform,
)


class TestPreconditions:
    def test_creating_what_exists_is_refused(self, client: Client) -> None:
        client.document("c/x").create({"a": 1})
        with pytest.raises(exceptions.AlreadyExists):
            client.document("c/x").create({"a": 2})
        assert content(client, "c/x") == {"a": 1}

    def test_updating_what_is_missing_is_refused(self, client: Client) -> None:
        with pytest.raises(exceptions.NotFound):
            client.document("c/x").update({"a": 1})
        assert content(client, "c/x") is None

    def test_deleting_what_is_missing_is_refused_only_if_it_must_exist(
        self, client: Client
    ) -> None:
        client.document("c/x").delete()
        with pytest.raises(exceptions.NotFound):
            client.document("c/x").delete(option=client.write_option(exists=True))

    def test_a_stale_update_time_is_a_failed_precondition(self, client: Client) -> None:
        first = client.document("c/x").set({"a": 1})
        client.document("c/x").set({"a": 2})
        stale = client.write_option(last_update_time=first.update_time)
        with pytest.raises(exceptions.FailedPrecondition):
            client.document("c/x").update({"a": 3}, option=stale)
        with pytest.raises(exceptions.FailedPrecondition):
            client.document("c/x").delete(option=stale)
        with pytest.raises(exceptions.FailedPrecondition):
            client.document("c/missing").delete(option=stale)
        assert content(client, "c/x") == {"a": 2}


class TestUpdateTimes:
    def test_they_have_microseconds_and_grow_with_every_commit(self, client: Client) -> None:
        times = [client.document(f"c/{i % 3}").set({"n": i}).update_time for i in range(30)]
        assert times == sorted(set(times))
        assert all(time.nanosecond % 1000 == 0 for time in times)

    def test_a_write_that_changes_nothing_keeps_the_update_time(self, client: Client) -> None:
        first = client.document("c/x").set({"a": 1, "nan": math.nan})
        for again in (
            client.document("c/x").set({"a": 1, "nan": math.nan}),
            client.document("c/x").update({"a": 1}),
            client.document("c/x").update({"a": Increment(0)}),
        ):
            assert again.update_time == first.update_time
        assert client.document("c/x").get().update_time == first.update_time

    def test_the_create_time_survives_a_set_but_not_a_delete(self, client: Client) -> None:
        client.document("c/x").set({"a": 1})
        created = client.document("c/x").get().create_time
        client.document("c/x").set({"a": 2})
        assert client.document("c/x").get().create_time == created
        client.document("c/x").delete()
        client.document("c/x").set({"a": 2})
        snapshot = client.document("c/x").get()
        assert snapshot.create_time > created
        assert snapshot.create_time == snapshot.update_time


class TestMasks:
    @pytest.mark.parametrize(
        ("stored", "sent", "mask", "expected"),
        [
            ({"a": {"b": 1, "c": 2}}, {"a": {"b": 9}}, ["a.b"], {"a": {"b": 9, "c": 2}}),
            ({"a": {"b": 1, "c": 2}}, {}, ["a.b"], {"a": {"c": 2}}),
            ({"a": {"b": 1}}, {}, ["a.b"], {"a": {}}),
            ({"a": 5}, {}, ["a.b"], {"a": 5}),
            ({"z": 5}, {}, ["a.b.c"], {"z": 5}),
            ({"a": 5}, {"a": {"b": 1}}, ["a.b"], {"a": {"b": 1}}),
            ({"a": [{"b": 1}]}, {"a": {"b": 3}}, ["a.b"], {"a": {"b": 3}}),
            ({"a.b": 1, "a": {"b": 2}}, {"a.b": 7}, ["`a.b`"], {"a.b": 7, "a": {"b": 2}}),
            ({}, {"a": {"x`y": 7, "x\\y": 8}}, ["a.`x\\`y`"], {"a": {"x`y": 7}}),
            ({}, {"a": {"x`y": 7, "x\\y": 8}}, ["a.`x\\\\y`"], {"a": {"x\\y": 8}}),
            ({"q": 1}, {"é": 2}, ["`é`"], {"q": 1, "é": 2}),
            ({"q": 1}, {"a": 1, "b": 2}, ["a"], {"q": 1, "a": 1}),
            ({"q": 1}, {"a": {"b": 2}}, ["a", "a.b"], {"q": 1, "a": {"b": 2}}),
            ({"q": 1}, {"a": 1}, ["a", "a"], {"q": 1, "a": 1}),
            ({"q": 1}, {"a": 1}, [], {"q": 1}),
        ],
    )
    def test_a_mask_names_what_changes(
        self,
        client: Client,
        stored: dict[str, Any],
        sent: dict[str, Any],
        mask: list[str],
        expected: dict[str, Any],
    ) -> None:
        client.document("c/x").set(stored)
        commit(client, put(client, "c/x", sent, mask=mask))
        assert content(client, "c/x") == expected

    @pytest.mark.parametrize("path", ["", "a-b", "a.", ".a", "a..b", "1a", "`a", "é", "__x__"])
    def test_a_path_that_is_none_is_refused(self, client: Client, path: str) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, "c/x", {"a": 1}, mask=[path]))


class TestTransforms:
    @pytest.mark.parametrize(
        ("stored", "sentinel", "expected"),
        [
            (1, Increment(2), 3),
            ("text", Increment(1), 1),
            (2**63 - 1, Increment(5), 2**63 - 1),
            (-(2**63), Increment(-5), -(2**63)),
            (3, Maximum(4), 4),
            (3, Maximum(-4), 3),
            ("text", Maximum(4), 4),
            (None, Maximum(-4), -4),
            (3, Minimum(2), 2),
            (3, Minimum(4), 3),
        ],
    )
    def test_numbers(self, client: Client, stored: Any, sentinel: Any, expected: float) -> None:
        client.document("c/x").set({"a": stored})
        result = client.document("c/x").update({"a": sentinel})
        answered = decode_value(result.transform_results[0], client)
        read = client.document("c/x").get().get("a")
        for value in (answered, read):
            assert type(value) is type(expected)
            assert repr(value) == repr(expected)

    @pytest.mark.parametrize(
        ("stored", "sentinel", "expected"),
        [
            ([1, 2, 2, "x"], ArrayUnion([2.0, 3, 3, "x", "y"]), [1, 2, 2, "x", 3, "y"]),
            ("text", ArrayUnion([2.0, 3, 3]), [2.0, 3]),
            ([0.0], ArrayUnion([-0.0, None, None]), [0.0, None]),
            ([{"a": 1}], ArrayUnion([{"a": 1.0}, {"a": 2}]), [{"a": 1}, {"a": 2}]),
        ],
    )
    def test_arrays(
        self, client: Client, stored: Any, sentinel: Any, expected: list[object]
    ) -> None:
        client.document("c/x").set({"a": stored})
        result = client.document("c/x").update({"a": sentinel})
        assert decode_value(result.transform_results[0], client) is None
        assert content(client, "c/x") == {"a": expected}

    def test_a_missing_field_and_a_missing_document_count_as_nothing(self, client: Client) -> None:
        client.document("c/x").set({"n": Increment(2), "m": {"tags": ArrayUnion(["a"])}})
        client.document("c/x").update({"m.least": Minimum(7), "o.`2026-11`": Maximum(1)})
        assert content(client, "c/x") == {
            "n": 2,
            "m": {"tags": ["a"], "least": 7},
            "o": {"2026-11": 1},
        }

    def test_the_server_time_is_one_time_in_milliseconds(self, client: Client) -> None:
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        result = client.document("c/x").set({"a": SERVER_TIMESTAMP, "b": {"c": SERVER_TIMESTAMP}})
        first, second = (decode_value(value, client) for value in result.transform_results)
        assert first == second == client.document("c/x").get().get("b.c")
        assert first.nanosecond % 1_000_000 == 0
        assert before <= first <= result.update_time

    @pytest.mark.parametrize(
        "transforms",
        [
            [transform("a", increment=types.Value(string_value="x"))],
            [transform("a", maximum=types.Value(null_value=0))],
            [transform("a", set_to_server_value=0)],
            [transform("a")],
            [increment("a..b", 1)],
        ],
        ids=["text", "null", "no server value", "none", "bad path"],
    )
    def test_what_makes_no_sense_is_refused(self, client: Client, transforms: list[Any]) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, "c/x", {}, update_transforms=transforms))


class TestWhatCanBeStored:
    def test_every_type_comes_back_as_it_was(self, client: Client) -> None:
        stored = {
            "none": None,
            "bool": True,
            "int64": [2**63 - 1, -(2**63), 0],
            "double": [0.1 + 0.2, 5e-324, math.inf, -math.inf, 1e16],
            "time": datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC),
            "old": datetime(1, 1, 1, tzinfo=UTC),
            "text": "a\x00b\u2028\U0001f600é",
            "empty": [{}, ""],
            "nested": [{"a": [1, {"b": []}]}],
            "odd name.`\\\x00": 1,
        }
        client.document("c/x").set(stored)
        assert content(client, "c/x") == stored

    @pytest.mark.parametrize(
        "document_id", ["__x", "____", "a\x00b", "\n", " ", "é" * 750, "a.b", "…"]
    )
    def test_ids_that_are_taken(self, client: Client, document_id: str) -> None:
        client.collection("c").document(document_id).set({"a": 1})
        assert ids(client.collection("c")) == [document_id]

    @pytest.mark.parametrize(
        "path", ["", "c", "c/", "c//d", "c/x/d", "c/..", "c/__x__", "__c__/x", "c/" + "é" * 751]
    )
    def test_names_that_are_refused(self, client: Client, path: str) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, path, {}))

    @pytest.mark.parametrize(
        "fields",
        [
            {"": 1},
            {"__x__": 1},
            {"a": [{"__x__": 1}]},
            {"k" * 1501: 1},
            {"a": [[1]]},
            {"a": "x" * 1_048_488},
            {"a": {"b": "x" * 600_000, "c": ["x" * 600_000]}},
        ],
        ids=lambda fields: repr(fields)[:30],
    )
    def test_fields_that_are_refused(self, client: Client, fields: dict[str, Any]) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, "c/x", fields))
        assert content(client, "c/x") is None
