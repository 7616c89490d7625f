"""Count, sum and average over a query's result.

https://cloud.google.com/firestore/docs/query-data/aggregation-queries
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shared.embedded import field_paths, names
from shared.embedded.field_paths import FieldPath
from shared.embedded.messages import (
    NULL_VALUE,
    AggregationResult,
    DocumentPb,
    Value,
    ValuePb,
)
from shared.embedded.status import invalid_argument

MAX_AGGREGATIONS = 5
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_NUMBERS = ("integer_value", "double_value")


class Aggregations:
    """The checked aggregations of one query.

    Attributes:
        fields: paths that a document must have to be counted at all, by any of them.
    """

    def __init__(self, aggregations: Sequence[Any]) -> None:
        if not aggregations:
            raise invalid_argument("Aggregations can not be empty.")
        if len(aggregations) > MAX_AGGREGATIONS:
            raise invalid_argument(f"At most {MAX_AGGREGATIONS} aggregations are allowed.")
        self._compute: dict[str, Callable[[list[DocumentPb]], ValuePb]] = {}
        self.fields: list[FieldPath] = []
        for number, aggregation in enumerate(aggregations, start=1):
            alias = aggregation.alias or f"field_{number}"
            if names.is_reserved(alias):
                raise invalid_argument(f'The property.name "{alias}" is reserved.')
            if alias in self._compute:
                raise invalid_argument(f"Aggregation aliases contain duplicate alias: {alias}.")
            self._compute[alias] = self._compiled(aggregation)

    def result(self, documents: list[DocumentPb]) -> Any:
        """The values by alias."""
        computed = {alias: compute(documents) for alias, compute in self._compute.items()}
        return AggregationResult(aggregate_fields=computed)

    def _compiled(self, aggregation: Any) -> Callable[[list[DocumentPb]], ValuePb]:
        match aggregation.WhichOneof("operator"):
            case "count":
                return _count(aggregation.count)
            case "sum":
                path = self._field(aggregation.sum.field.field_path)
                return lambda documents: _sum(_numbers(documents, path))
            case "avg":
                path = self._field(aggregation.avg.field.field_path)
                return lambda documents: _average(_numbers(documents, path))
            case _:
                raise invalid_argument("Operator field in Aggregation is not set.")

    def _field(self, text: str) -> FieldPath:
        path = field_paths.parse(text)
        self.fields.append(path)
        return path


def _count(count: Any) -> Callable[[list[DocumentPb]], ValuePb]:
    most = count.up_to.value if count.HasField("up_to") else _INT64_MAX
    if most < 0:
        raise invalid_argument(
            "The `up_to` value in a COUNT aggregation must be greater than or equal to zero."
        )
    return lambda documents: Value(integer_value=min(len(documents), most))


def _numbers(documents: Iterable[DocumentPb], path: FieldPath) -> list[int | float]:
    """The numbers at a path; values of other types do not take part."""
    numbers: list[int | float] = []
    for document in documents:
        value = field_paths.get(document.fields, path)
        if value is not None and value.WhichOneof("value_type") in _NUMBERS:
            numbers.append(getattr(value, value.WhichOneof("value_type")))
    return numbers


def _sum(numbers: list[int | float]) -> ValuePb:
    """Exact where all are integers and the sum fits into 64 bits, else a double."""
    total = sum(numbers)
    if isinstance(total, int) and _INT64_MIN <= total <= _INT64_MAX:
        return Value(integer_value=total)
    return Value(double_value=float(total))


def _average(numbers: list[int | float]) -> ValuePb:
    if not numbers:
        return Value(null_value=NULL_VALUE)
    return Value(double_value=float(sum(numbers)) / len(numbers))
