"""What is read from the messages is what the client's own snapshots say, for every type."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud.firestore import Client

from shared.embedded import open_embedded
from shared.store.connection import Connection
from shared.store.reading import Document

MOMENT = datetime(2024, 5, 1, 12, 30, 15, 123_456, UTC)


@pytest.fixture
def connection() -> Iterator[Connection]:
    with open_embedded(None, project="demo-reading") as store:
        yield Connection(store.client())


def read(connection: Connection, path: str) -> Document:
    reference = connection.client.document(path)
    return connection.read([reference], connection.timing.deadline())[path]


def queried(connection: Connection, path: str) -> Document:
    query = connection.client.document(path).parent.order_by("__name__")
    [document] = connection.query(query, connection.timing.deadline())
    return document


@pytest.mark.parametrize("get", [read, queried])
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -(2**63),
        2**63 - 1,
        0.1,
        "",
        "é\U0001f600",
        MOMENT,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC),
        [],
        {},
        [1, "a", None, {"b": [MOMENT]}],
        {"a b": {"c": []}},
    ],
)
def test_a_value_comes_back(connection: Connection, get: Any, value: Any) -> None:
    connection.client.document("c/d").set({"field": value})
    document = get(connection, "c/d")
    assert document.fields == {"field": value}
    assert type(document.fields["field"]) is type(value)
    assert (document.id, document.path, document.exists) == ("d", "c/d", True)
    assert document.reference == connection.client.document("c/d")


def test_times_are_told_exactly(connection: Connection) -> None:
    client: Client = connection.client
    client.document("c/d").set({})
    snapshot = client.document("c/d").get()
    assert read(connection, "c/d").update_time == snapshot.update_time.timestamp_pb()


def test_a_document_that_is_not_there_has_no_fields(connection: Connection) -> None:
    missing = read(connection, "c/d")
    assert not missing.exists
    assert missing.fields == {}


def test_some_fields_are_read_where_some_are_asked_for(connection: Connection) -> None:
    connection.client.document("c/d").set({"a": 1, "b": 2})
    reference = connection.client.document("c/d")
    found = connection.read([reference], connection.timing.deadline(), fields=("b", "x"))
    assert found["c/d"].fields == {"b": 2}
