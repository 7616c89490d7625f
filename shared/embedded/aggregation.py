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
from shared.embedded.status import invalid_argument, unimplemented


def aggregated(aggregations: Sequence[Any], query: Query, documents: Documents) -> Any:
    """The values by alias; those of counts alone without a look at the documents.

    A document must have every field that is summed to be counted by any of them.
    """
    kinds = {one.alias: one.WhichOneof("operator") for one in aggregations}
    if len(kinds) < len(aggregations) or not kinds:
        raise invalid_argument("Each aggregation has an alias of its own.")
    limited = any(one.count.HasField("up_to") for one in aggregations)
    if limited or not set(kinds.values()) <= {"count", "sum"}:
        raise unimplemented("The embedded store counts to the end, and sums.")
    if "sum" not in kinds.values():
        number = Value(integer_value=documents.count(query))
        return AggregationResult(aggregate_fields=dict.fromkeys(kinds, number))
    paths = {
        one.alias: field_paths.parse(one.sum.field.field_path)
        for one in aggregations
        if kinds[one.alias] == "sum"
    }
    found = [Document.FromString(document).fields for document in documents.run(query)]
    values = [{alias: field_paths.get(d, path) for alias, path in paths.items()} for d in found]
    counted = [each for each in values if None not in each.values()]
    results = {alias: Value(integer_value=len(counted)) for alias in kinds}
    results |= {alias: _sum([each[alias] for each in counted]) for alias in paths}
    return AggregationResult(aggregate_fields=results)


def _sum(values: Sequence[ValuePb]) -> ValuePb:
    """Of the whole numbers among values, which fits into 64 bits."""
    if any(value.WhichOneof("value_type") == "double_value" for value in values):
        raise unimplemented("The embedded store sums whole numbers only.")
    return Value(integer_value=sum(value.integer_value for value in values))  # 0 for what is none
