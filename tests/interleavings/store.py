"""An embedded store for one run: a copy of what a world begins with, each call of it a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import grpc
from google.cloud.firestore import Client

from shared.embedded import INDEX_FILE, messages
from shared.embedded.channel import connect
from shared.embedded.commits import Commits
from shared.embedded.database import Database
from shared.embedded.documents import Documents, follow_rules
from shared.embedded.files import connect_to_memory
from shared.embedded.indexes import Indexes
from shared.embedded.rpc import FirestoreRpc
from shared.embedded.status import StatusError
from tests.interleavings.stage import Fault, Step, take

# A call as it is sent: by method, a request in wire form; gives its response, or those of a stream.
Send = Callable[[str, bytes], Any]
# Stands between a request and the store, and sends on; a planted flaw sends something else.
Wire = Callable[[str, bytes, Send], Any]

_INDEXES = Indexes(INDEX_FILE)
# The server's, which stands still: each Commit is a microsecond later than the one before.
_SERVER_TIME = datetime(2020, 5, 1, 13, tzinfo=UTC)
_CODES = {Fault.ABORTED: grpc.StatusCode.ABORTED}


def honest(method: str, wire: bytes, send: Send) -> Any:
    """Sends what the ledger sends."""
    return send(method, wire)


class Store:
    """A database in memory; `content` is that of another one."""

    def __init__(self, content: bytes | None = None, wire: Wire = honest) -> None:
        self._connection = connect_to_memory()
        database = Database(lambda: self._connection, most=1)
        if content is None:
            with database.writing() as connection:
                follow_rules(connection, _INDEXES)
        else:
            self._connection.deserialize(content)
        documents = Documents(database, _INDEXES)
        commits = Commits(database, _INDEXES, lambda: _SERVER_TIME)
        self._rpc = _SteppedRpc(documents, commits, wire)

    def client(self) -> Client:
        """A client of its own, as each process has one."""
        return connect(self._rpc, project="demo-interleavings")

    def content(self) -> bytes:
        """Everything, for another store."""
        return self._connection.serialize()

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path and fields of each document."""
        for (content,) in self._connection.execute("SELECT content FROM documents"):
            document = messages.Document.FromString(content)
            yield _path(document.name), _fields(document.fields)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()


class _SteppedRpc(FirestoreRpc):
    """The store's calls, each a step of the request that makes it."""

    def __init__(self, documents: Documents, commits: Commits, wire: Wire) -> None:
        super().__init__(documents, commits)
        self._honest = dict(self.handlers)
        self.handlers = {name: partial(self._call, wire, name) for name in self._honest}

    def _call(self, wire: Wire, method: str, request: bytes) -> Any:
        return wire(method, request, self._send)

    def _send(self, method: str, request: bytes) -> Any:
        return take(_step_of(method, request), partial(self._answer, method, request), _failure)

    def _answer(self, method: str, request: bytes) -> Any:
        answer = self._honest[method](request)
        # A stream is read at once, so that nothing of it is read after the next step.
        return answer if isinstance(answer, bytes) else list(answer)


def _failure(fault: Fault) -> StatusError:
    return StatusError(_CODES.get(fault, grpc.StatusCode.UNAVAILABLE), f"{fault}, as planned")


def _step_of(method: str, wire: bytes) -> Step:
    match method:
        case "Commit":
            writes = messages.CommitRequest.FromString(wire).writes
            return Step(method, writes=frozenset(_path(write.update.name) for write in writes))
        case "BatchGetDocuments":
            names = messages.BatchGetDocumentsRequest.FromString(wire).documents
            return Step(method, reads=frozenset(map(_path, names)))
        case "RunQuery":
            query = messages.RunQueryRequest.FromString(wire).structured_query
        case "RunAggregationQuery":
            request = messages.RunAggregationQueryRequest.FromString(wire)
            query = request.structured_aggregation_query.structured_query
        case _:
            raise AssertionError(f"{method} is no step of a request")
    [collection] = query.from_
    return Step(method, queries=collection.collection_id)


def _path(name: str) -> str:
    return name.partition("/documents/")[2]


def _fields(fields: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    match kind:
        case "null_value":
            return None
        case "map_value":
            return _fields(value.map_value.fields)
        case "array_value":
            return [_value(item) for item in value.array_value.values]
        case "timestamp_value":
            return value.timestamp_value.ToDatetime(tzinfo=UTC)
        case _:
            return getattr(value, kind)
