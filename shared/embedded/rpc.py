"""The Firestore RPCs that the embedded store answers, each from wire form to wire form.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#google.firestore.v1.Firestore

A stored document is put into its response as it is kept: a message with one field, followed by a
message with other fields, is the message with all of them.
https://protobuf.dev/programming-guides/encoding/#last-one-wins
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shared.embedded import field_paths, limits, messages, names, writes
from shared.embedded.aggregation import aggregated
from shared.embedded.commits import Commits
from shared.embedded.documents import Documents
from shared.embedded.field_paths import FieldPath
from shared.embedded.messages import timestamp
from shared.embedded.query import Query
from shared.embedded.status import invalid_argument, unimplemented

Handler = Callable[[bytes], Any]


class FirestoreRpc:
    """Answers requests from one set of documents.

    Attributes:
        handlers: by method name; each gives a response, or yields the responses of a stream.
    """

    def __init__(self, documents: Documents, commits: Commits) -> None:
        self._documents = documents
        self._commits = commits
        self.handlers: Mapping[str, Handler] = {
            "Commit": self.commit,
            "ListCollectionIds": self.list_collection_ids,
            "BatchGetDocuments": self.batch_get_documents,
            "RunQuery": self.run_query,
            "RunAggregationQuery": self.run_aggregation_query,
        }

    def commit(self, wire: bytes) -> bytes:
        """Apply writes together, or none of them."""
        if len(wire) > limits.MAX_REQUEST_BYTES:
            raise invalid_argument("Request payload size exceeds the limit of 10 MiB.")
        request = messages.CommitRequest.FromString(wire)
        if request.transaction:
            raise unimplemented("The embedded store has no transactions; use preconditions.")
        writes.check_writes(request.writes, database=request.database)
        micros, results = self._commits.commit(request.writes)
        response = messages.CommitResponse(commit_time=timestamp(micros), write_results=results)
        return _wire(response)

    def batch_get_documents(self, wire: bytes) -> Iterator[bytes]:
        """Each document that is named, once, or the fact that it is missing."""
        request = messages.BatchGetDocumentsRequest.FromString(wire)
        _check_consistency(request)
        wanted = list(dict.fromkeys(request.documents))
        for name in wanted:
            names.check_document(name, database=request.database)
        mask = request.mask.field_paths if request.HasField("mask") else None
        paths = None if mask is None else [field_paths.parse(path) for path in mask]
        found = self._documents.get(wanted)
        rest = messages.BatchGetDocumentsResponse(read_time=self._read_time())
        for name, document in zip(wanted, found, strict=True):
            if document is None:
                rest.missing = name
                yield _wire(rest)
            else:
                rest.ClearField("missing")
                yield _in_field_1(_projected(document, paths)) + _wire(rest)

    def run_query(self, wire: bytes) -> Iterator[bytes]:
        """The documents of a query's result in order; one empty response where there is none."""
        request = messages.RunQueryRequest.FromString(wire)
        _check_consistency(request)
        query = Query(request.parent, request.structured_query)
        found = self._documents.run(query)
        rest = _wire(messages.RunQueryResponse(read_time=self._read_time(), done=not found))
        if not found:
            yield rest
        for document in found:
            yield _in_field_1(_projected(document, query.projection)) + rest

    def run_aggregation_query(self, wire: bytes) -> Iterator[bytes]:
        """The aggregates over a query's result, in one response."""
        request = messages.RunAggregationQueryRequest.FromString(wire)
        _check_consistency(request)
        asked = request.structured_aggregation_query
        query = Query(request.parent, asked.structured_query)
        result = aggregated(asked.aggregations, query, self._documents)
        yield _wire(
            messages.RunAggregationQueryResponse(result=result, read_time=self._read_time())
        )

    def list_collection_ids(self, wire: bytes) -> bytes:
        """The ids of the collections at the root of a database, all in one page."""
        request = messages.ListCollectionIdsRequest.FromString(wire)
        names.check_root(request.parent)
        found = self._documents.collection_ids(request.parent)
        return _wire(messages.ListCollectionIdsResponse(collection_ids=found))

    def _read_time(self) -> messages.Timestamp:
        return timestamp(self._commits.now())


def _wire(message: Any) -> bytes:
    wire: bytes = message.SerializeToString()
    return wire


def _in_field_1(document: bytes) -> bytes:
    """A response whose first field, the document, is set: both kinds of them have it there."""
    length, size = bytearray(), len(document)
    while size > 0x7F:
        length.append(0x80 | size & 0x7F)
        size >>= 7
    return b"\x0a" + bytes(length) + bytes([size]) + document


def _projected(document: bytes, paths: Sequence[FieldPath] | None) -> bytes:
    if paths is None:
        return document
    return _wire(field_paths.project(messages.Document.FromString(document), paths))


def _check_consistency(request: Any) -> None:
    """Reads are of now: there are no transactions and no older versions."""
    if request.WhichOneof("consistency_selector") is not None:
        raise unimplemented("The embedded store reads at no other time than now.")
