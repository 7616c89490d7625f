"""Documents as they are read, decoded straight from the protobuf messages.

It stands in for the client's own snapshots, which wrap every value in several Python objects: of a
list of 100 that took more than half of the time. The requests are the client's.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#value
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.retry import Retry, if_exception_type
from google.cloud.firestore import Client, DocumentReference, Query
from google.cloud.firestore_v1._helpers import decode_value
from google.cloud.firestore_v1.types import BatchGetDocumentsResponse, RunQueryResponse
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

# Each call is tried once; `None` would do, but the client's queries ask the policy.
ONCE = Retry(predicate=if_exception_type())

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN = frozenset({"string_value", "integer_value", "double_value", "boolean_value"})


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read: its fields, or none where there is no such document.

    The times are exact, as Firestore tells them, so that they can be sent back to it.
    """

    client: Client
    # Relative to the database.
    path: str
    fields: dict[str, Any]
    update_time: Timestamp | None
    read_time: Timestamp

    @property
    def exists(self) -> bool:
        return self.update_time is not None

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def reference(self) -> DocumentReference:
        return self.client.document(self.path)


def read_documents(
    client: Client,
    references: Sequence[DocumentReference],
    *,
    fields: Sequence[str] | None,
    timeout: float,
) -> list[Document]:
    """Each once, also where there is none; all fields or some. One RPC."""
    request: dict[str, Any] = {
        "database": client._database_string,
        "documents": [reference._document_path for reference in references],
    }
    if fields is not None:
        request["mask"] = {"field_paths": fields}
    responses = client._firestore_api.batch_get_documents(
        request=request, metadata=client._rpc_metadata, retry=ONCE, timeout=timeout
    )
    return [
        _document(client, response.found, response.read_time)
        if response.HasField("found")
        else Document(client, _path(response.missing), {}, None, response.read_time)
        for response in map(BatchGetDocumentsResponse.pb, responses)
    ]


def run_query(
    client: Client, query: Query, *, timeout: float, at: Timestamp | None
) -> list[Document]:
    """The results of a query in its order. One RPC."""
    request, _, options = query._prep_stream(None, ONCE, timeout, None, at)
    responses = client._firestore_api.run_query(
        request=request, metadata=client._rpc_metadata, **options
    )
    return [
        _document(client, response.document, response.read_time)
        for response in map(RunQueryResponse.pb, responses)
        if response.HasField("document")
    ]


def _document(client: Client, document: Any, read_time: Timestamp) -> Document:
    fields = _fields(document.fields, client)
    return Document(client, _path(document.name), fields, document.update_time, read_time)


def _path(name: str) -> str:
    return name.partition("/documents/")[2]


def _fields(values: Any, client: Client) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    # Not its `items`, which are made in Python one by one.
    for name in values:
        value = values[name]
        kind = value.WhichOneof("value_type")
        # Most are these, and a call for each took a third of the time.
        if kind in _PLAIN:
            fields[name] = getattr(value, kind)
        elif kind == "null_value":
            fields[name] = None
        else:
            fields[name] = _decoded(value, kind, client)
    return fields


def _decoded(value: Any, kind: str, client: Client) -> Any:
    if kind == "timestamp_value":
        at = value.timestamp_value
        return _EPOCH + timedelta(seconds=at.seconds, microseconds=at.nanos // 1000)
    if kind == "map_value":
        return _fields(value.map_value.fields, client)
    if kind == "array_value":
        values = value.array_value.values
        return [_decoded(item, item.WhichOneof("value_type"), client) for item in values]
    # Plain, or what the ledger never writes and a person at the console may.
    return decode_value(value, client)
