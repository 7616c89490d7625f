"""The Firestore RPCs that the embedded store answers, on raw protobuf messages.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#google.firestore.v1.Firestore
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.embedded import field_paths, limits, messages, names, writes
from shared.embedded.aggregation import Aggregations
from shared.embedded.documents import Documents
from shared.embedded.messages import timestamp
from shared.embedded.query import Query
from shared.embedded.status import invalid_argument, unimplemented

Handler = Callable[[bytes], Any]


class FirestoreRpc:
    """Answers requests, each given as its wire form, from one set of documents.

    Attributes:
        unary: handlers that return one response message, by method name.
        streaming: handlers that yield response messages, by method name.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.unary: Mapping[str, Handler] = {
            "Commit": self.commit,
            "ListCollectionIds": self.list_collection_ids,
        }
        self.streaming: Mapping[str, Handler] = {
            "BatchGetDocuments": self.batch_get_documents,
            "RunQuery": self.run_query,
            "RunAggregationQuery": self.run_aggregation_query,
        }

    def commit(self, wire: bytes) -> Any:
        """Apply writes together, or none of them."""
        if len(wire) > limits.MAX_REQUEST_BYTES:
            raise invalid_argument(
                f"Request payload size exceeds the limit: {limits.MAX_REQUEST_BYTES} bytes."
            )
        request = messages.CommitRequest.FromString(wire)
        if request.transaction:
            raise _no_transactions()
        names.check_database(request.database)
        writes.check_writes(request.writes, database=request.database)
        commit_micros, results = self._documents.commit(request.writes)
        return messages.CommitResponse(commit_time=timestamp(commit_micros), write_results=results)

    def batch_get_documents(self, wire: bytes) -> Iterator[Any]:
        """Each document that is named, once, or the fact that it is missing."""
        request = messages.BatchGetDocumentsRequest.FromString(wire)
        _check_consistency(request)
        names.check_database(request.database)
        wanted = list(dict.fromkeys(request.documents))
        for name in wanted:
            names.check_document(name, database=request.database)
        paths = None
        if request.HasField("mask"):
            paths = [field_paths.parse(path) for path in request.mask.field_paths]
        read_micros, found = self._documents.get(wanted)
        read_time = timestamp(read_micros)
        for name, document in zip(wanted, found, strict=True):
            response = messages.BatchGetDocumentsResponse(read_time=read_time)
            if document is None:
                response.missing = name
            elif paths is None:
                response.found.CopyFrom(document)
            else:
                response.found.CopyFrom(field_paths.project(document, paths))
            yield response

    def run_query(self, wire: bytes) -> Iterator[Any]:
        """The documents of a query's result in order; one empty response where there is none."""
        request = messages.RunQueryRequest.FromString(wire)
        _check_consistency(request)
        query = Query(request.parent, request.structured_query)
        read_micros, found = query.run(self._documents)
        read_time = timestamp(read_micros)
        for document in found:
            yield messages.RunQueryResponse(document=document, read_time=read_time)
        if not found:
            yield messages.RunQueryResponse(read_time=read_time, done=True)

    def run_aggregation_query(self, wire: bytes) -> Iterator[Any]:
        """The aggregates over a query's result, in one response."""
        request = messages.RunAggregationQueryRequest.FromString(wire)
        _check_consistency(request)
        aggregation = request.structured_aggregation_query
        query = Query(request.parent, aggregation.structured_query)
        aggregations = Aggregations(aggregation.aggregations)
        read_micros, found = query.run(self._documents, requiring=aggregations.fields)
        yield messages.RunAggregationQueryResponse(
            result=aggregations.result(found), read_time=timestamp(read_micros)
        )

    def list_collection_ids(self, wire: bytes) -> Any:
        """The ids of the collections below a document or database, all in one page."""
        request = messages.ListCollectionIdsRequest.FromString(wire)
        names.check_parent(request.parent)
        found = self._documents.collection_ids(request.parent)
        return messages.ListCollectionIdsResponse(collection_ids=found)


def _check_consistency(request: Any) -> None:
    """Reads are of now: there are no transactions and no older versions."""
    match request.WhichOneof("consistency_selector"):
        case None:
            return
        case "read_time":
            raise unimplemented("The embedded store reads at no other time than now.")
        case _:
            raise _no_transactions()


def _no_transactions() -> Exception:
    return unimplemented("The embedded store has no transactions; use preconditions.")
