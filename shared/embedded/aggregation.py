"""Count and sum over a query's result.

https://cloud.google.com/firestore/docs/query-data/aggregation-queries
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.embedded import field_paths
from shared.embedded.documents import Documents
from shared.embedded.messages import AggregationResult, Document, Value, ValuePb
from shared.embedded.query import Query
from shared.embedded.status import unimplemented


def aggregated(aggregations: Sequence[Any], query: Query, documents: Documents) -> Any:
    """The value of one count or sum, by its alias; a count without a look at the documents."""
    if len(aggregations) != 1:
        raise unimplemented("The embedded store gives one aggregate a request.")
    [asked] = aggregations
    match asked.WhichOneof("operator"):
        case "count" if not asked.count.HasField("up_to"):
            value = Value(integer_value=documents.count(query))
        case "sum":
            path = field_paths.parse(asked.sum.field.field_path)
            found = (Document.FromString(document).fields for document in documents.run(query))
            value = _sum([v for f in found if (v := field_paths.get(f, path)) is not None])
        case _:
            raise unimplemented("The embedded store counts to the end, and sums.")
    return AggregationResult(aggregate_fields={asked.alias: value})


def _sum(values: Sequence[ValuePb]) -> ValuePb:
    """Of the whole numbers among values, which fits into 64 bits."""
    if any(value.WhichOneof("value_type") == "double_value" for value in values):
        raise unimplemented("The embedded store sums whole numbers only.")
    return Value(integer_value=sum(value.integer_value for value in values))  # 0 for what is none
