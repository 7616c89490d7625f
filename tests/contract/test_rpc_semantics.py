"""What the two local backends must agree on, seen through the real Firestore client.

The emulator is the reference: every expectation here was taken from it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    And,
    ArrayRemove,
    ArrayUnion,
    Client,
    FieldFilter,
    GeoPoint,
    Increment,
    Maximum,
    Minimum,
    Or,
)
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import decode_value, encode_dict, encode_value
from google.cloud.firestore_v1.vector import Vector
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.store.embedded import open_embedded
from tests.backends import emulator_client, new_project

DESCENDING = "DESCENDING"


@contextmanager
def both_backends(emulator: str) -> Iterator[tuple[Client, Client]]:
    """A client on an empty database of each backend."""
    project = new_project()
    with open_embedded(None, project=project) as store:
        client = emulator_client(emulator, project=project)
        yield store.client(), client
        # An open channel would be found by the garbage collector, and warned of.
        client._firestore_api.transport.close()


# --- the wire, for what the client library would never send ---


def name(client: Client, path: str) -> str:
    return f"{client._database_string}/documents/{path}"


def put(client: Client, path: str, fields: dict[str, Any], **options: Any) -> types.Write:
    document = types.Document(name=name(client, path), fields=encode_dict(fields))
    if "mask" in options:
        options["update_mask"] = types.DocumentMask(field_paths=options.pop("mask"))
    if "exists" in options:
        options["current_document"] = types.Precondition(exists=options.pop("exists"))
    return types.Write(update=document, **options)


def delete(client: Client, path: str, **options: Any) -> types.Write:
    if "exists" in options:
        options["current_document"] = types.Precondition(exists=options.pop("exists"))
    return types.Write(delete=name(client, path), **options)


def transform(path: str, **kind: Any) -> types.DocumentTransform.FieldTransform:
    return types.DocumentTransform.FieldTransform(field_path=path, **kind)


def increment(path: str, by: float) -> types.DocumentTransform.FieldTransform:
    return transform(path, increment=encode_value(by))


def commit(client: Client, *writes: types.Write, **request: Any) -> types.CommitResponse:
    return client._firestore_api.commit(
        request={"database": client._database_string, "writes": list(writes), **request},
        metadata=client._rpc_metadata,
        retry=None,
    )


def run_query(client: Client, query: dict[str, Any], **request: Any) -> list[str]:
    """The ids of the result of a raw structured query."""
    parent = name(client, "").rstrip("/")
    responses = client._firestore_api.run_query(
        request={"parent": parent, "structured_query": query, **request},
        metadata=client._rpc_metadata,
        retry=None,
    )
    return [r.document.name.rsplit("/")[-1] for r in responses if r.document.name]


def ids(query: Any) -> list[str]:
    return [snapshot.id for snapshot in query.stream()]


def content(client: Client, path: str) -> dict[str, Any] | None:
    data: dict[str, Any] | None = client.document(path).get().to_dict()
    return data


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

    def test_the_present_update_time_lets_a_write_pass(self, client: Client) -> None:
        client.document("c/x").set({"a": 1})
        snapshot = client.document("c/x").get()
        option = client.write_option(last_update_time=snapshot.update_time)
        client.document("c/x").update({"a": 2}, option=option)
        assert content(client, "c/x") == {"a": 2}

    def test_one_failed_precondition_undoes_the_whole_commit(self, client: Client) -> None:
        batch = client.batch()
        batch.create(client.document("c/new"), {"a": 1})
        batch.update(client.document("c/missing"), {"n": Increment(1)})
        with pytest.raises(exceptions.NotFound):
            batch.commit()
        assert content(client, "c/new") is None

    def test_the_first_failing_write_decides_on_the_error(self, client: Client) -> None:
        client.document("c/x").set({})
        with pytest.raises(exceptions.AlreadyExists):
            commit(
                client,
                put(client, "c/x", {}, exists=False),
                put(client, "c/missing", {}, exists=True),
            )
        with pytest.raises(exceptions.NotFound):
            commit(
                client,
                put(client, "c/missing", {}, exists=True),
                put(client, "c/x", {}, exists=False),
            )


class TestUpdateTimes:
    def test_they_have_microseconds_and_grow_with_every_commit(self, client: Client) -> None:
        times = [client.document(f"c/{i % 3}").set({"n": i}).update_time for i in range(30)]
        assert times == sorted(set(times))
        assert all(time.nanosecond % 1000 == 0 for time in times)

    def test_all_writes_of_a_commit_share_the_commit_time(self, client: Client) -> None:
        batch = client.batch()
        batch.set(client.document("c/x"), {})
        batch.set(client.document("c/y"), {})
        results = batch.commit()
        assert {result.update_time for result in results} == {batch.commit_time}
        assert client.document("c/y").get().update_time == batch.commit_time

    def test_a_write_that_changes_nothing_keeps_the_update_time(self, client: Client) -> None:
        first = client.document("c/x").set({"a": 1, "nan": math.nan})
        for again in (
            client.document("c/x").set({"a": 1, "nan": math.nan}),
            client.document("c/x").update({"a": 1}),
            client.document("c/x").update({"a": Increment(0)}),
        ):
            assert again.update_time == first.update_time
        assert client.document("c/x").get().update_time == first.update_time

    def test_another_type_of_the_same_number_is_a_change(self, client: Client) -> None:
        first = client.document("c/x").set({"a": 1})
        assert client.document("c/x").set({"a": 1.0}).update_time > first.update_time

    def test_the_create_time_survives_a_set_but_not_a_delete(self, client: Client) -> None:
        client.document("c/x").set({"a": 1})
        created = client.document("c/x").get().create_time
        client.document("c/x").set({"a": 2})
        assert client.document("c/x").get().create_time == created
        commit(client, delete(client, "c/x"), put(client, "c/x", {"a": 2}))
        snapshot = client.document("c/x").get()
        assert snapshot.create_time > created
        assert snapshot.create_time == snapshot.update_time

    def test_a_delete_has_no_update_time(self, client: Client) -> None:
        client.document("c/x").set({})
        response = commit(client, delete(client, "c/x"))
        assert response.write_results[0].update_time is None
        assert response.commit_time is not None


class TestOneDocumentTwiceInOneCommit:
    def test_later_writes_see_earlier_ones(self, client: Client) -> None:
        response = commit(
            client,
            put(client, "c/x", {"n": 1}, exists=False),
            put(client, "c/x", {}, mask=[], exists=True, update_transforms=[increment("n", 1)]),
            put(client, "c/x", {}, mask=[], exists=True, update_transforms=[increment("n", 5)]),
        )
        results = [list(result.transform_results) for result in response.write_results]
        assert [[decode_value(v, client) for v in values] for values in results] == [[], [2], [7]]
        assert content(client, "c/x") == {"n": 7}

    def test_a_set_replaces_an_earlier_set(self, client: Client) -> None:
        commit(client, put(client, "c/x", {"a": 1}), put(client, "c/x", {"b": 1}))
        assert content(client, "c/x") == {"b": 1}

    def test_a_document_made_and_deleted_is_not_there(self, client: Client) -> None:
        commit(client, put(client, "c/x", {}, exists=False), delete(client, "c/x", exists=True))
        assert content(client, "c/x") is None

    def test_a_delete_may_be_followed_by_a_create(self, client: Client) -> None:
        client.document("c/x").set({"a": 1})
        commit(client, delete(client, "c/x"), put(client, "c/x", {"a": 2}, exists=False))
        assert content(client, "c/x") == {"a": 2}

    def test_both_update_times_are_compared_with_the_state_before(self, client: Client) -> None:
        before = types.Precondition(update_time=client.document("c/x").set({"a": 1}).update_time)
        commit(
            client,
            put(client, "c/x", {"a": 2}, current_document=before),
            put(client, "c/x", {"a": 3}, current_document=before),
        )
        assert content(client, "c/x") == {"a": 3}

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("create", "create"),
            ("update", "create"),
            ("set", "create"),
            ("delete", "update"),
            ("delete", "delete if there"),
            ("delete if there", "update"),
            ("delete if there", "delete if there"),
        ],
    )
    def test_pairs_that_contradict_each_other_are_refused(
        self, client: Client, first: str, second: str
    ) -> None:
        writes: dict[str, types.Write] = {
            "create": put(client, "c/x", {}, exists=False),
            "update": put(client, "c/x", {}, exists=True),
            "set": put(client, "c/x", {}),
            "delete": delete(client, "c/x"),
            "delete if there": delete(client, "c/x", exists=True),
        }
        client.document("c/x").set({"a": 1})
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, writes[first], writes[second])
        assert content(client, "c/x") == {"a": 1}


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

    def test_a_merge_leaves_the_other_fields_and_makes_the_document(self, client: Client) -> None:
        client.document("c/x").set({"a": {"b": 1}}, merge=True)
        client.document("c/x").set({"a": {"c": 2}, "d": 3}, merge=True)
        assert content(client, "c/x") == {"a": {"b": 1, "c": 2}, "d": 3}

    def test_a_set_without_merge_replaces_everything(self, client: Client) -> None:
        client.document("c/x").set({"a": 1, "b": 2})
        client.document("c/x").set({"c": 3})
        assert content(client, "c/x") == {"c": 3}

    def test_a_delete_takes_no_mask_and_no_transforms(self, client: Client) -> None:
        for options in (
            {"update_mask": types.DocumentMask(field_paths=["a"])},
            {"update_transforms": [increment("a", 1)]},
        ):
            with pytest.raises(exceptions.InvalidArgument):
                commit(client, delete(client, "c/x", **options))


class TestTransforms:
    @pytest.mark.parametrize(
        ("stored", "sentinel", "expected"),
        [
            (1, Increment(2), 3),
            (1, Increment(0.5), 1.5),
            (1.5, Increment(1), 2.5),
            ("text", Increment(1), 1),
            (2**63 - 1, Increment(5), 2**63 - 1),
            (-(2**63), Increment(-5), -(2**63)),
            (1.7e308, Increment(1.7e308), math.inf),
            (2**53 + 1, Increment(0.0), float(2**53)),
            (3, Maximum(4.5), 4.5),
            (3, Maximum(3.0), 3),
            (3, Maximum(math.nan), math.nan),
            (math.nan, Maximum(4), math.nan),
            ("text", Maximum(4), 4),
            (3, Minimum(2), 2),
            (0, Minimum(-0.0), 0),
            (3, Minimum(math.nan), math.nan),
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
            ([1, 2, 2, "x", None], ArrayRemove([2.0, None]), [1, "x"]),
            ("text", ArrayRemove([1]), []),
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
        client.document("c/x").update({"m.least": Minimum(7), "o.p": ArrayRemove([1])})
        assert content(client, "c/x") == {
            "n": 2,
            "m": {"tags": ["a"], "least": 7},
            "o": {"p": []},
        }

    def test_a_path_through_a_scalar_replaces_it(self, client: Client) -> None:
        client.document("c/x").set({"a": "text"})
        client.document("c/x").update({"a.b": Increment(2)})
        assert content(client, "c/x") == {"a": {"b": 2}}

    def test_the_server_time_is_one_time_in_milliseconds(self, client: Client) -> None:
        before = datetime.now(UTC) - timedelta(milliseconds=1)
        result = client.document("c/x").set({"a": SERVER_TIMESTAMP, "b": {"c": SERVER_TIMESTAMP}})
        first, second = (decode_value(value, client) for value in result.transform_results)
        assert first == second == client.document("c/x").get().get("b.c")
        assert first.nanosecond % 1_000_000 == 0
        assert before <= first <= result.update_time

    def test_results_come_in_the_order_of_the_transforms(self, client: Client) -> None:
        client.document("c/x").set({"a": 1, "b": 10})
        response = commit(
            client,
            put(
                client,
                "c/x",
                {},
                mask=[],
                update_transforms=[increment("b", 1), increment("a", 1), increment("b", 1)],
            ),
        )
        results = response.write_results[0].transform_results
        assert [decode_value(value, client) for value in results] == [11, 2, 12]

    def test_a_result_is_not_touched_by_later_transforms(self, client: Client) -> None:
        client.document("c/x").set({"a": 7})
        least = transform("a", minimum=encode_value(9))
        response = commit(
            client, put(client, "c/x", {}, mask=[], update_transforms=[least, increment("a", 1)])
        )
        results = response.write_results[0].transform_results
        assert [decode_value(value, client) for value in results] == [7, 8]

    def test_transforms_come_after_the_update_of_the_same_write(self, client: Client) -> None:
        client.document("c/x").set({"a": {"n": 5}})
        commit(
            client,
            put(
                client, "c/x", {"a": {"m": 1}}, mask=["a"], update_transforms=[increment("a.n", 1)]
            ),
        )
        assert content(client, "c/x") == {"a": {"m": 1, "n": 1}}

    @pytest.mark.parametrize(
        "transforms",
        [
            [increment("a.b", 1), increment("a", 1)],
            [transform("a", increment=types.Value(string_value="x"))],
            [transform("a", maximum=types.Value(null_value=0))],
            [transform("a", set_to_server_value=0)],
            [transform("a")],
            [increment("a..b", 1)],
        ],
        ids=["overlap", "text", "null", "no server value", "none", "bad path"],
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
            "bytes": b"\x00\xff",
            "place": GeoPoint(-90, 180),
            "reference": client.document("c/y"),
            "vector": Vector([1.0, 2.5]),
            "empty": [{}, "", b""],
            "nested": [{"a": [1, {"b": []}]}],
            "odd name.`\\\x00": 1,
        }
        client.document("c/x").set(stored)
        assert content(client, "c/x") == stored

    def test_nan_and_negative_zero_are_kept(self, client: Client) -> None:
        client.document("c/x").set({"nan": math.nan, "zero": -0.0})
        read = client.document("c/x").get()
        assert math.isnan(read.get("nan"))
        assert math.copysign(1, read.get("zero")) == -1

    def test_times_are_cut_to_microseconds(self, client: Client) -> None:
        fine = types.Value()
        fine._pb.timestamp_value.seconds = -1
        fine._pb.timestamp_value.nanos = 123456789
        document = types.Document(name=name(client, "c/x"), fields={"a": fine})
        commit(client, types.Write(update=document))
        read = client.document("c/x").get().get("a")
        assert read == datetime(1969, 12, 31, 23, 59, 59, 123456, tzinfo=UTC)

    @pytest.mark.parametrize(
        "document_id",
        [
            "a",
            "__x",
            "__",
            "____",
            "a\x00b",
            "\n",
            " ",
            "x" * 1500,
            "é" * 750,
            "__id7__",
            "a.b",
            "…",
        ],
    )
    def test_ids_that_are_taken(self, client: Client, document_id: str) -> None:
        client.collection("c").document(document_id).set({"a": 1})
        assert ids(client.collection("c")) == [document_id]

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "c",
            "c/",
            "c//d",
            "c/x/d",
            "c/.",
            "c/..",
            "./x",
            "c/__x__",
            "__c__/x",
            "c/__id007__",
            "c/" + "x" * 1501,
            "c/" + "é" * 751,
        ],
    )
    def test_names_that_are_refused(self, client: Client, path: str) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, path, {}))

    @pytest.mark.parametrize(
        "fields",
        [
            {"": 1},
            {"__x__": 1},
            {"__name__": 1},
            {"a": {"": 1}},
            {"a": {"__x__": 1}},
            {"a": [{"__x__": 1}]},
            {"a": {"__type__": "x"}},
            {"k" * 1501: 1},
            {"a": [[1]]},
            {"a": "x" * 1_048_488},
            {"a": "x" * 600_000, "b": "x" * 600_000},
            {"a": {"b": "x" * 600_000, "c": ["x" * 600_000]}},
        ],
        ids=lambda fields: repr(fields)[:30],
    )
    def test_fields_that_are_refused(self, client: Client, fields: dict[str, Any]) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, "c/x", fields))
        assert content(client, "c/x") is None

    @pytest.mark.parametrize(
        "value",
        [
            types.Value(),
            types.Value(geo_point_value={"latitude": 91}),
            types.Value(reference_value="x"),
            types.Value(timestamp_value={"seconds": 253_402_300_800}),
        ],
        ids=["unset", "off the globe", "no reference", "year 10000"],
    )
    def test_values_that_are_refused(self, client: Client, value: types.Value) -> None:
        document = types.Document(name=name(client, "c/x"), fields={"a": value})
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, types.Write(update=document))

    @pytest.mark.parametrize("wrap", [lambda v: {"m": v}, lambda v: [{"m": v}]])
    def test_twenty_levels_are_the_deepest(
        self, client: Client, wrap: Callable[[Any], Any]
    ) -> None:
        def nested(levels: int) -> Any:
            value: Any = 1
            for _ in range(levels):
                value = wrap(value)
            return value

        levels = 20 if isinstance(wrap(1), dict) else 10
        commit(client, put(client, "c/x", {"a": nested(levels)}))
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, put(client, "c/x", {"a": nested(levels + 1)}))

    def test_more_than_500_writes_fit_in_a_commit(self, client: Client) -> None:
        response = commit(client, *(put(client, f"c/{i}", {}) for i in range(501)))
        assert len(response.write_results) == 501

    def test_an_empty_write_is_refused(self, client: Client) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            commit(client, types.Write())

    def test_an_empty_commit_is_taken(self, client: Client) -> None:
        assert list(commit(client).write_results) == []


class TestReads:
    def test_missing_documents_are_told_apart(self, client: Client) -> None:
        client.document("c/x").set({"a": 1})
        wanted = [client.document("c/x"), client.document("c/none"), client.document("c/x")]
        found = {s.id: s.exists for s in client.get_all(wanted)}
        assert found == {"x": True, "none": False}

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

    def test_collections_are_listed_below_the_root_and_below_documents(
        self, client: Client
    ) -> None:
        for path in ("b/x", "a/x", "a/none/sub/y", "a/none/zub/y/deep/z"):
            client.document(path).set({})
        assert [c.id for c in client.collections()] == ["a", "b"]
        assert [c.id for c in client.document("a/none").collections()] == ["sub", "zub"]
        assert ids(client.collection("a")) == ["x"]

    def test_an_emptied_collection_is_not_listed(self, client: Client) -> None:
        client.document("a/x").set({})
        client.document("a/x").delete()
        assert list(client.collections()) == []


# In the order of Firestore; entries of one tuple are equal to a query.
ORDERED: list[tuple[Any, ...]] = [
    (None,),
    (False,),
    (True,),
    (math.nan,),
    (-math.inf,),
    (-0.0, 0, 0.0),
    (1, 1.0),
    (float(2**53),),
    (2**53 + 1,),
    (2**63 - 1,),
    (float(2**63),),
    (math.inf,),
    (datetime(1970, 1, 1, tzinfo=UTC),),
    (datetime(1970, 1, 1, microsecond=1, tzinfo=UTC),),
    ("",),
    ("A",),
    ("a",),
    ("a\x00",),
    ("\uffee",),
    ("\U0001f600",),
    (b"",),
    (b"\x01",),
    (b"\xff",),
    ("reference:r/__id5__",),
    ("reference:r/__id10__",),
    ("reference:r/a",),
    ("reference:r/a/s/t",),
    ("reference:r/b",),
    (GeoPoint(1, 2),),
    (GeoPoint(1, 3),),
    ([],),
    ([None],),
    ([1],),
    ([1, 2],),
    ([2],),
    (Vector([5.0]),),
    (Vector([1.0, 2.0]),),
    ({},),
    ({"a": 1},),
    ({"a": 1, "b": 1},),
    ({"a": 2},),
    ({"b": 0},),
]


def _stored(client: Client, value: Any) -> Any:
    if isinstance(value, str) and value.startswith("reference:"):
        return client.document(value.removeprefix("reference:"))
    return value


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
            batch.set(client.document(f"v/{document_id}"), {"x": _stored(client, value)})
    batch.set(client.document("v/none"), {"y": 1})
    batch.commit()
    return client


def places(client: Client, query: Any) -> set[int]:
    return {int(document_id[:2]) for document_id in ids(query)}


def at(value: Any) -> int:
    """The place of a value in ORDERED."""
    return next(
        place for place, equals in enumerate(ORDERED) if any(repr(v) == repr(value) for v in equals)
    )


NULL, NAN = 0, 3
NUMBERS = set(range(4, 12))


class TestTheOrderOfValues:
    def test_ascending_and_without_documents_that_lack_the_field(self, ordered: Client) -> None:
        expected = [document_id for names in _rank_ids() for document_id in names]
        assert ids(ordered.collection("v").order_by("x")) == expected

    def test_descending_is_the_exact_reverse(self, ordered: Client) -> None:
        expected = [document_id for names in _rank_ids() for document_id in names]
        query = ordered.collection("v").order_by("x", direction=DESCENDING)
        assert ids(query) == expected[::-1]

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("==", 0, {5}),
            ("==", 1.0, {6}),
            ("==", None, {NULL}),
            ("==", math.nan, {NAN}),
            ("==", [1.0], {at([1])}),
            ("==", {"a": 1.0}, {at({"a": 1})}),
            ("==", GeoPoint(1, 2), {at(GeoPoint(1, 2))}),
            ("<", 1, {4, 5}),
            ("<=", 1, {4, 5, 6}),
            (">", 1.0, {7, 8, 9, 10, 11}),
            (">=", 2**53 + 1, {8, 9, 10, 11}),
            ("<", True, {1}),
            ("<", "a", {at(""), at("A")}),
            (">", "a\x00", {at("\uffee"), at("\U0001f600")}),
            (">", b"", {at(b"\x01"), at(b"\xff")}),
            (">", [1], {at([1, 2]), at([2])}),
            ("<", {"a": 1, "b": 1}, {at({}), at({"a": 1})}),
            ("in", [1, "a", [1]], {6, at("a"), at([1])}),
            ("in", [None, math.nan, 1], {6}),
            ("array_contains", 1.0, {at([1]), at([1, 2])}),
            ("array_contains_any", [None, 2], {at([1, 2]), at([2])}),
            ("not-in", [1, None], set()),
        ],
    )
    def test_filters_compare_within_a_type(
        self, ordered: Client, operator: str, value: Any, expected: set[int]
    ) -> None:
        query = ordered.collection("v").where(filter=FieldFilter("x", operator, value))
        assert places(ordered, query) == expected

    @pytest.mark.parametrize(
        ("operator", "value", "left_out"),
        [
            ("!=", 1, {NULL, 6}),
            ("!=", None, {NULL}),
            ("!=", math.nan, {NULL, NAN}),
            ("!=", [1], {NULL, at([1])}),
            ("not-in", [1, "a"], {NULL, 6, at("a")}),
            ("not-in", [math.nan], {NULL}),
        ],
    )
    def test_negations_leave_out_null_and_missing_fields(
        self, ordered: Client, operator: str, value: Any, left_out: set[int]
    ) -> None:
        query = ordered.collection("v").where(filter=FieldFilter("x", operator, value))
        assert places(ordered, query) == set(range(len(ORDERED))) - left_out

    def test_references_are_ordered_by_segments(self, ordered: Client) -> None:
        query = ordered.collection("v").where(filter=FieldFilter("x", "<", ordered.document("r/b")))
        first = at("reference:r/__id5__")
        assert places(ordered, query) == {first, first + 1, first + 2, first + 3}

    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("EQUAL", types.Value(null_value=0)),
            ("LESS_THAN", types.Value(null_value=0)),
            ("EQUAL", types.Value(double_value=math.nan)),
            ("LESS_THAN", types.Value(double_value=math.nan)),
        ],
    )
    def test_null_and_nan_are_found_by_unary_filters_only(
        self, ordered: Client, operator: str, value: types.Value
    ) -> None:
        condition = {"field": {"field_path": "x"}, "op": operator, "value": value}
        query = {"from_": [{"collection_id": "v"}], "where": {"field_filter": condition}}
        assert run_query(ordered, query) == []


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
    def test_without_an_order_the_ids_decide(self, client: Client) -> None:
        for document_id in ("é", "a", "B", "__id10__", "__id5__", "__id-3__"):
            client.collection("v").document(document_id).set({})
        expected = ["__id-3__", "__id5__", "__id10__", "B", "a", "é"]
        assert ids(client.collection("v")) == expected

    def test_ties_are_broken_by_name_in_the_last_direction(self, rows: Client) -> None:
        v = rows.collection("v")
        assert ids(v.order_by("x")) == ["d0", "d2", "d4", "d1", "d3", "d5"]
        assert ids(v.order_by("x", direction=DESCENDING)) == ["d5", "d3", "d1", "d4", "d2", "d0"]
        mixed = v.order_by("x", direction=DESCENDING).order_by("__name__")
        assert ids(mixed) == ["d1", "d3", "d5", "d0", "d2", "d4"]
        mixed = v.order_by("x").order_by("k", direction=DESCENDING)
        assert ids(mixed) == ["d4", "d2", "d0", "d5", "d3", "d1"]

    def test_an_inequality_orders_by_its_field(self, rows: Client) -> None:
        query = rows.collection("v").where(filter=FieldFilter("x", ">=", 0))
        assert ids(query) == ["d0", "d2", "d4", "d1", "d3", "d5"]

    def test_several_inequalities_order_by_their_fields_names(self, rows: Client) -> None:
        query = rows.collection("v").where(
            filter=And([FieldFilter("x", ">=", 0), FieldFilter("k", ">", "k1")])
        )
        assert ids(query) == ["d2", "d3", "d4", "d5"]

    def test_filters_combine(self, rows: Client) -> None:
        v = rows.collection("v")
        both = v.where(filter=FieldFilter("x", "==", 1)).where(
            filter=FieldFilter("tags", "array_contains", 3)
        )
        assert ids(both) == ["d3"]
        either = v.where(filter=Or([FieldFilter("k", "==", "k4"), FieldFilter("x", "==", 1)]))
        assert ids(either) == ["d1", "d3", "d4", "d5"]
        nested = v.where(filter=FieldFilter("o.p", ">", 3))
        assert ids(nested) == ["d4", "d5"]

    def test_a_disjunction_with_an_inequality_needs_its_field(self, rows: Client) -> None:
        rows.document("v/bare").set({"k": "bare"})
        query = rows.collection("v").where(
            filter=Or([FieldFilter("x", ">", 0), FieldFilter("k", "==", "bare")])
        )
        assert ids(query) == ["d1", "d3", "d5"]

    def test_names_are_compared_as_references(self, rows: Client) -> None:
        v = rows.collection("v")
        assert ids(v.where(filter=FieldFilter("__name__", "==", v.document("d2")))) == ["d2"]
        assert ids(v.where(filter=FieldFilter("__name__", ">", v.document("d3")))) == ["d4", "d5"]
        some = [v.document("d4"), v.document("d1"), v.document("no")]
        assert ids(v.where(filter=FieldFilter("__name__", "in", some))) == ["d1", "d4"]

    def test_a_limit_and_an_offset_cut_the_ordered_result(self, rows: Client) -> None:
        by_k = rows.collection("v").order_by("k", direction=DESCENDING)
        assert ids(by_k.limit(2)) == ["d5", "d4"]
        assert ids(by_k.offset(4)) == ["d1", "d0"]
        assert ids(by_k.offset(2).limit(2)) == ["d3", "d2"]
        assert ids(by_k.offset(9).limit(2)) == []
        assert ids(by_k.limit(0)) == []
        assert [s.id for s in by_k.limit_to_last(2).get()] == ["d1", "d0"]

    def test_a_projection_reads_these_fields_only(self, rows: Client) -> None:
        d2 = rows.collection("v").where(filter=FieldFilter("k", "==", "k2"))
        assert [s.to_dict() for s in d2.select(["o.p", "none"]).stream()] == [{"o": {"p": 2}}]
        for nothing in ([], ["__name__"]):
            assert [s.to_dict() for s in d2.select(nothing).stream()] == [{}]

    def test_a_collection_group_reaches_every_depth(self, client: Client) -> None:
        for path, n in (("s/top", 3), ("g/1/s/a", 1), ("g/2/s/b", 2), ("g/2/not_s/b", 9)):
            client.document(path).set({"n": n})
        group = client.collection_group("s")
        paths = [snapshot.reference.path for snapshot in group.stream()]
        assert paths == ["g/1/s/a", "g/2/s/b", "s/top"]
        assert ids(group.order_by("n", direction=DESCENDING)) == ["top", "b", "a"]
        assert ids(client.collection("s")) == ["top"]

    @pytest.mark.parametrize(
        "filters",
        [
            FieldFilter("x", "in", list(range(31))),
            FieldFilter("x", "in", []),
            FieldFilter("x", "not-in", list(range(11))),
            FieldFilter("__name__", "==", "not a reference"),
            And([FieldFilter("a", "array_contains", 1), FieldFilter("b", "array_contains", 1)]),
            And([FieldFilter("x", "!=", 1), FieldFilter("k", "!=", 1)]),
            And([FieldFilter("x", "in", [1]), FieldFilter("k", "not-in", [1])]),
            And([FieldFilter("x", "in", [*range(6)]), FieldFilter("k", "in", [*range(6)])]),
            And([FieldFilter(f"f{i}", ">", 0) for i in range(11)]),
        ],
        ids=lambda _: "",
    )
    def test_filters_that_firestore_refuses(self, rows: Client, filters: Any) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            ids(rows.collection("v").where(filter=filters))

    @pytest.mark.parametrize(
        "refused",
        [
            lambda v: v.order_by("x").order_by("x"),
            lambda v: v.order_by("__name__").order_by("x"),
            lambda v: v.where(filter=FieldFilter("x", ">", 0)).order_by("__name__"),
            lambda v: v.limit(-1),
            lambda v: v.offset(-1),
        ],
    )
    def test_queries_that_are_refused(self, rows: Client, refused: Callable[[Any], Any]) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            ids(refused(rows.collection("v")))

    def test_names_alone_cannot_be_scanned_backwards(self, rows: Client) -> None:
        v = rows.collection("v")
        with pytest.raises(exceptions.FailedPrecondition):
            ids(v.order_by("__name__", direction=DESCENDING))
        filtered = v.where(filter=FieldFilter("x", "==", 1))
        assert ids(filtered.order_by("__name__", direction=DESCENDING)) == ["d5", "d3", "d1"]

    @pytest.mark.parametrize(
        "query",
        [
            {"from_": [{"collection_id": "v"}, {"collection_id": "w"}]},
            {"from_": [{"collection_id": "__x__"}]},
            {"where": {"field_filter": {"field": {"field_path": "x"}}}},
            {"where": {"unary_filter": {"field": {"field_path": "x"}}}},
            {"where": {"unary_filter": {"field": {"field_path": "__name__"}, "op": "IS_NULL"}}},
            {"order_by": [{"field": {"field_path": "a b"}}]},
            {"start_at": {"values": [types.Value(string_value="more than the order has")]}},
        ],
    )
    def test_malformed_queries_are_refused(self, client: Client, query: dict[str, Any]) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            run_query(client, {"from_": [{"collection_id": "v"}], **query})


class TestCursors:
    @pytest.mark.parametrize(
        ("direction", "expected"),
        [
            ("ASCENDING", {"start_at": 3, "start_after": 2, "end_before": 3, "end_at": 4}),
            (DESCENDING, {"start_at": 4, "start_after": 3, "end_before": 2, "end_at": 3}),
        ],
    )
    def test_they_cut_before_or_after_a_value(
        self, rows: Client, direction: str, expected: dict[str, int]
    ) -> None:
        query = rows.collection("v").order_by("k", direction=direction)
        for method, length in expected.items():
            cut = ids(getattr(query, method)({"k": "k3"}))
            everything = ids(query)
            kept = everything[-length:] if method.startswith("start") else everything[:length]
            assert cut == kept, method

    def test_a_prefix_of_the_order_is_enough(self, rows: Client) -> None:
        query = rows.collection("v").order_by("x").order_by("k", direction=DESCENDING)
        assert ids(query.start_after({"x": 0})) == ["d5", "d3", "d1"]
        assert ids(query.start_at({"x": 1, "k": "k3"})) == ["d3", "d1"]
        assert ids(query.end_at({"x": 0, "k": "k2"})) == ["d4", "d2"]

    def test_a_snapshot_or_a_reference_marks_a_place_among_ties(self, rows: Client) -> None:
        v = rows.collection("v")
        down = v.order_by("x", direction=DESCENDING)
        assert ids(down.start_after(v.document("d3").get())) == ["d1", "d4", "d2", "d0"]
        by_name = v.order_by("x").order_by("__name__")
        marker = {"x": 0, "__name__": v.document("d2")}
        assert ids(by_name.start_after(marker).limit(2)) == ["d4", "d1"]
        assert ids(v.order_by("__name__").start_at({"__name__": "d4"})) == ["d4", "d5"]

    def test_paging_by_cursor_meets_every_document_once(self, rows: Client) -> None:
        query = rows.collection("v").order_by("x", direction=DESCENDING).limit(2)
        met: list[str] = []
        page = list(query.stream())
        while page:
            met += [snapshot.id for snapshot in page]
            page = list(query.start_after(page[-1]).stream())
        assert met == ["d5", "d3", "d1", "d4", "d2", "d0"]

    def test_they_cross_types(self, ordered: Client) -> None:
        query = ordered.collection("v").order_by("x").start_after({"x": {"a": 2}})
        assert places(ordered, query) == {at({"b": 0})}
        query = ordered.collection("v").order_by("x", direction=DESCENDING)
        assert places(ordered, query.start_after({"x": False})) == {NULL}


class TestAggregation:
    @pytest.fixture
    def numbers(self, client: Client) -> Client:
        for i, x in enumerate([1, 2, "text", None, 2.5]):
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

    def test_sums_and_averages_leave_out_what_is_no_number(self, numbers: Client) -> None:
        n = numbers.collection("n")
        assert self.values(n.sum("x", alias="s").avg("x", alias="a")) == {"s": 5.5, "a": 5.5 / 3}

    def test_every_field_named_must_be_there_to_count(self, numbers: Client) -> None:
        n = numbers.collection("n")
        assert self.values(n.sum("x", alias="s").count(alias="c")) == {"s": 5.5, "c": 5}
        assert self.values(n.sum("x", alias="s").sum("y", alias="t").count(alias="c"))["c"] == 0

    def test_integer_sums_are_exact_until_they_overflow(self, client: Client) -> None:
        for i, x in enumerate([2**63 - 1, 1, -5]):
            client.document(f"n/{i}").set({"x": x})
        total = self.values(client.collection("n").sum("x", alias="s"))["s"]
        assert total == 2**63 - 5
        client.document("n/2").delete()
        assert self.values(client.collection("n").sum("x", alias="s")) == {"s": float(2**63)}

    def test_an_alias_is_used_once(self, client: Client) -> None:
        with pytest.raises(exceptions.InvalidArgument):
            client.collection("n").count(alias="c").sum("x", alias="c").get()


class TestConcurrency:
    def test_increments_of_many_threads_add_up(self, client: Client) -> None:
        client.document("c/x").set({"n": 0})

        def add() -> None:
            for _ in range(10):
                client.document("c/x").update({"n": Increment(1)})

        _in_threads([add] * 16)
        assert content(client, "c/x") == {"n": 160}

    def test_of_many_creators_one_succeeds_and_the_others_can_read(self, client: Client) -> None:
        outcomes: list[str] = []

        def create() -> None:
            try:
                client.document("c/x").create({"a": 1})
                outcomes.append("created")
            except exceptions.AlreadyExists:
                outcomes.append("there" if client.document("c/x").get().exists else "unseen")

        _in_threads([create] * 16)
        assert sorted(outcomes) == ["created"] + ["there"] * 15


def _in_threads(tasks: list[Callable[[], None]]) -> None:
    """Run each in a thread of its own; the first failure is raised here."""
    failures: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - reported by the caller's thread
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


# --- both at once: whatever is generated, they answer alike ---

scalars = st.sampled_from([None, True, 0, 1, 1.0, -2, 2.5, "", "a", "b", b"a"])
small = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner.filter(lambda v: not isinstance(v, list)), max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=4,
)
fields = st.dictionaries(st.sampled_from(["a", "b", "c"]), small, max_size=3)
paths = st.sampled_from(["a", "b", "a.a", "a.b", "c.a.b"])
transforms = st.one_of(
    st.builds(increment, paths, st.sampled_from([1, -3, 0.5])),
    st.builds(
        lambda path, values: transform(
            path, append_missing_elements={"values": [encode_value(v) for v in values]}
        ),
        paths,
        st.lists(scalars, min_size=1, max_size=3),
    ),
)
operations = st.fixed_dictionaries(
    {
        "document": st.sampled_from(["c/x", "c/y"]),
        "kind": st.sampled_from(["put", "put", "put", "delete"]),
        "exists": st.sampled_from([None, None, True, False]),
        "fields": fields,
        "mask": st.none() | st.lists(paths, max_size=2),
        "transforms": st.lists(transforms, max_size=2),
    }
)
queries = st.fixed_dictionaries(
    {
        "filters": st.lists(
            st.tuples(
                st.sampled_from(["a", "b"]),
                st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "array_contains"]),
                scalars.filter(lambda value: value is not None),
            ),
            max_size=2,
        ),
        "order": st.sampled_from([[], ["a"], ["b", "a"], ["a.b"]]),
        "descending": st.booleans(),
        "limit": st.none() | st.integers(0, 4),
    }
)


def _written(client: Client, operation: dict[str, Any]) -> types.Write:
    options: dict[str, Any] = {}
    if operation["exists"] is not None:
        options["exists"] = operation["exists"]
    if operation["kind"] == "delete":
        return delete(client, operation["document"], **options)
    if operation["mask"] is not None:
        options["mask"] = operation["mask"]
    options["update_transforms"] = operation["transforms"]
    return put(client, operation["document"], operation["fields"], **options)


def _outcome(client: Client, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except exceptions.GoogleAPICallError as error:
        return type(error).__name__


def _asked(client: Client, query: dict[str, Any]) -> list[str]:
    asked = client.collection("c")
    for path, operator, value in query["filters"]:
        asked = asked.where(filter=FieldFilter(path, operator, value))
    for path in query["order"]:
        direction = DESCENDING if query["descending"] else "ASCENDING"
        asked = asked.order_by(path, direction=direction)
    return ids(asked if query["limit"] is None else asked.limit(query["limit"]))


class TestWhateverIsSent:
    @settings(max_examples=60)
    @given(commits=st.lists(st.lists(operations, min_size=1, max_size=3), min_size=1, max_size=4))
    def test_commits_have_the_same_outcome(
        self, emulator: str, commits: list[list[dict[str, Any]]]
    ) -> None:
        def run(client: Client) -> list[Any]:
            seen: list[Any] = []
            for commit_operations in commits:
                writes = [_written(client, operation) for operation in commit_operations]
                answer = _outcome(client, partial(commit, client, *writes))
                if isinstance(answer, types.CommitResponse):
                    answer = [
                        (r.update_time is None, [repr(v) for v in r.transform_results])
                        for r in answer.write_results
                    ]
                seen.append((answer, repr(_sorted(content(client, "c/x"))), content(client, "c/y")))
            return seen

        with both_backends(emulator) as (embedded, reference):
            assert run(embedded) == run(reference)

    @settings(max_examples=25)
    @given(documents=st.lists(fields, min_size=1, max_size=8), asked=st.lists(queries, max_size=8))
    def test_queries_have_the_same_result(
        self, emulator: str, documents: list[dict[str, Any]], asked: list[dict[str, Any]]
    ) -> None:
        def run(client: Client) -> list[Any]:
            commit(client, *(put(client, f"c/{i}", data) for i, data in enumerate(documents)))
            return [_outcome(client, partial(_asked, client, q)) for q in asked]

        with both_backends(emulator) as (embedded, reference):
            assert run(embedded) == run(reference)


def _sorted(value: Any) -> Any:
    """The value with its maps in one order, so that its text can be compared."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value
