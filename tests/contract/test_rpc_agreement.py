"""Whatever is sent, both local backends answer alike: generated writes and queries."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import (
    Client,
    FieldFilter,
)
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import encode_value
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.rpcs import (
    both_backends,
    commit,
    content,
    delete,
    ids,
    increment,
    put,
    transform,
    write_index_file,
)

scalars = st.sampled_from([None, True, 0, 1, 1.0, -2, 2.5, "", "a", "b"])
comparable = scalars.filter(lambda value: value is not None)


def _fields_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Documents of some values, in lists and maps too."""
    small = st.recursive(
        values,
        lambda inner: (
            st.lists(inner.filter(lambda v: not isinstance(v, list)), max_size=2)
            | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
        ),
        max_leaves=4,
    )
    return st.dictionaries(st.sampled_from(["a", "b", "c"]), small, max_size=3)


paths = st.sampled_from(["a", "b", "a.a", "a.b", "c.a.b"])
transforms = st.one_of(
    st.builds(increment, paths, st.sampled_from([1, -3])),
    st.builds(
        lambda path, kind, number: transform(path, **{kind: encode_value(number)}),
        paths,
        st.sampled_from(["minimum", "maximum"]),
        st.sampled_from([1, -3]),
    ),
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
        "document": st.sampled_from(["v/x", "v/y"]),
        "kind": st.sampled_from(["put", "put", "put", "delete"]),
        "exists": st.sampled_from([None, None, True, False]),
        # The embedded store counts in whole numbers only.
        "fields": _fields_of(scalars.filter(lambda value: not isinstance(value, float))),
        "mask": st.none() | st.lists(paths, max_size=2),
        "transforms": st.lists(transforms, max_size=2),
    }
)
one_a_document = st.lists(
    operations, min_size=1, max_size=2, unique_by=lambda operation: str(operation["document"])
)
# What must be equal or contained, a field between two bounds, and an order: as the ledger asks.
queries = st.fixed_dictionaries(
    {
        "equal": st.lists(
            st.tuples(st.just("=="), st.lists(comparable, min_size=1, max_size=1)),
            max_size=1,
        ),
        "contained": st.lists(
            st.tuples(
                st.sampled_from(["array_contains", "array_contains_any"]),
                st.lists(comparable, min_size=1, max_size=3),
            ),
            max_size=1,
        ),
        "range": st.lists(
            st.tuples(st.sampled_from(["<", "<=", ">", ">="]), comparable), max_size=2
        ),
        "descending": st.booleans(),
        "after": st.none() | st.tuples(comparable, st.sampled_from("01234567")),
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
    asked = client.collection("v")
    for field, kind in (("a", "equal"), ("b", "contained")):
        for operator, values in query[kind]:
            value = values if operator == "array_contains_any" else values[0]
            asked = asked.where(filter=FieldFilter(field, operator, value))
    for operator, value in query["range"]:
        asked = asked.where(filter=FieldFilter("c", operator, value))
    direction = "DESCENDING" if query["descending"] else "ASCENDING"
    asked = asked.order_by("c", direction=direction).order_by("__name__", direction=direction)
    if query["after"]:
        value, place = query["after"]
        marker = {"c": value, "__name__": client.document(f"v/{place}")}
        asked = asked.start_after(marker)
    return ids(asked if query["limit"] is None else asked.limit(query["limit"]))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The composite indexes of the queries."""
    beginnings = ("a, ", "b CONTAINS, ", "a, b CONTAINS, ")
    composites = [f"{b}c {way}" for b in beginnings for way in ("ASCENDING", "DESCENDING")]
    return write_index_file(tmp_path_factory.mktemp("indexes"), *composites)


class TestWhateverIsSent:
    @settings(max_examples=60)
    @given(commits=st.lists(one_a_document, min_size=1, max_size=4))
    def test_commits_have_the_same_outcome(
        self, emulator: str, served: Path, commits: list[list[dict[str, Any]]]
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
                seen.append((answer, repr(_sorted(content(client, "v/x"))), content(client, "v/y")))
            return seen

        with both_backends(emulator, served) as (embedded, reference):
            assert run(embedded) == run(reference)

    @settings(max_examples=25)
    @given(
        documents=st.lists(_fields_of(scalars), min_size=1, max_size=8),
        asked=st.lists(queries, max_size=8),
    )
    def test_queries_have_the_same_result(
        self,
        emulator: str,
        served: Path,
        documents: list[dict[str, Any]],
        asked: list[dict[str, Any]],
    ) -> None:
        def run(client: Client) -> list[Any]:
            commit(client, *(put(client, f"v/{i}", data) for i, data in enumerate(documents)))
            return [_outcome(client, partial(_asked, client, q)) for q in asked]

        with both_backends(emulator, served) as (embedded, reference):
            assert run(embedded) == run(reference)


def _sorted(value: Any) -> Any:
    """The value with its maps in one order, so that its text can be compared."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value
