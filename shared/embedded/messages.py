"""The raw protobuf classes of the Firestore v1 API.

The client library wraps them in proto-plus classes, which are several times slower to read and
build; this backend works below them. Their Python types are made at run time, so to a type
checker they are `Any`.
"""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1.types import aggregation_result, document, firestore, query, write
from google.protobuf.timestamp_pb2 import Timestamp as Timestamp  # type: ignore[import-untyped]

DocumentPb = Any
ValuePb = Any
WritePb = Any
QueryPb = Any
FilterPb = Any
FieldMap = Any  # a protobuf map of str to Value: `in` and `.get()` read it, `[...]` creates

Document: Any = document.Document.pb()
Value: Any = document.Value.pb()
WriteResult: Any = write.WriteResult.pb()
StructuredQuery: Any = query.StructuredQuery.pb()
CommitRequest: Any = firestore.CommitRequest.pb()
CommitResponse: Any = firestore.CommitResponse.pb()
BatchGetDocumentsRequest: Any = firestore.BatchGetDocumentsRequest.pb()
BatchGetDocumentsResponse: Any = firestore.BatchGetDocumentsResponse.pb()
RunQueryRequest: Any = firestore.RunQueryRequest.pb()
RunQueryResponse: Any = firestore.RunQueryResponse.pb()
RunAggregationQueryRequest: Any = firestore.RunAggregationQueryRequest.pb()
RunAggregationQueryResponse: Any = firestore.RunAggregationQueryResponse.pb()
ListCollectionIdsRequest: Any = firestore.ListCollectionIdsRequest.pb()
ListCollectionIdsResponse: Any = firestore.ListCollectionIdsResponse.pb()
AggregationResult: Any = aggregation_result.AggregationResult.pb()


def timestamp(micros: int) -> Timestamp:
    """The protobuf form of a number of microseconds since 1970."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros(stamp: Timestamp) -> int:
    """Microseconds since 1970 of a protobuf time stamp, anything finer dropped."""
    return int(stamp.seconds) * 1_000_000 + int(stamp.nanos) // 1000
