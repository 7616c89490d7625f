"""Field transforms: what the server computes from a field's present value.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#fieldtransform
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from shared.embedded import field_paths
from shared.embedded.field_paths import FieldPath
from shared.embedded.messages import NULL_VALUE, FieldMap, Timestamp, Value, ValuePb
from shared.embedded.status import invalid_argument
from shared.embedded.values import sort_key

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_NUMBERS = ("integer_value", "double_value")
_REQUEST_TIME = 1


def check(transforms: Sequence[Any]) -> None:
    """Refuse transforms that are wrong whatever the fields hold."""
    _check_overlap([field_paths.parse(transform.field_path) for transform in transforms])
    for transform in transforms:
        match transform.WhichOneof("transform_type"):
            case "set_to_server_value":
                if transform.set_to_server_value != _REQUEST_TIME:
                    raise invalid_argument("ServerValue type must be specified.")
            case "increment" | "maximum" | "minimum" as kind:
                if not _is_number(getattr(transform, kind)):
                    raise invalid_argument("Input must be int64 or double.")
            case None:
                raise invalid_argument("Operation type must be specified for transformation.")


def apply(transforms: Sequence[Any], fields: FieldMap, *, request_time: Timestamp) -> list[ValuePb]:
    """Change `fields` by each checked transform; the results are in the same order."""
    results = []
    for transform in transforms:
        path = field_paths.parse(transform.field_path)
        current = field_paths.get(fields, path)
        value, result = _transformed(transform, current, request_time)
        answer = Value()
        answer.CopyFrom(result)  # which may be the field itself, and that may change again
        results.append(answer)
        field_paths.put(fields, path, value)
    return results


def _check_overlap(paths: Sequence[FieldPath]) -> None:
    distinct = set(paths)
    for path in distinct:
        for length in range(1, len(path)):
            if path[:length] in distinct:
                raise invalid_argument(
                    f"Cannot transform property {'.'.join(path[:length])} "
                    "and its nested property at the same time."
                )


def _transformed(
    transform: Any, current: ValuePb | None, request_time: Timestamp
) -> tuple[ValuePb, ValuePb]:
    """The new value of the field, and what the commit answers for it."""
    match transform.WhichOneof("transform_type"):
        case "set_to_server_value":
            value = Value(timestamp_value=request_time)
        case "increment":
            value = _incremented(current, transform.increment)
        case "maximum":
            value = _extreme(current, transform.maximum, wanted=1)
        case "minimum":
            value = _extreme(current, transform.minimum, wanted=-1)
        case "append_missing_elements":
            value = _united(current, transform.append_missing_elements.values)
            return value, Value(null_value=NULL_VALUE)
        case _:
            value = _reduced(current, transform.remove_all_from_array.values)
            return value, Value(null_value=NULL_VALUE)
    return value, value


def _plain(value: ValuePb) -> int | float:
    """The Python number of an integer or double value."""
    number: int | float = getattr(value, value.WhichOneof("value_type"))
    return number


def _is_number(value: ValuePb | None) -> bool:
    return value is not None and value.WhichOneof("value_type") in _NUMBERS


def _incremented(current: ValuePb | None, by: ValuePb) -> ValuePb:
    if current is None or not _is_number(current):
        return by
    left, right = _plain(current), _plain(by)
    if isinstance(left, int) and isinstance(right, int):
        return Value(integer_value=max(_INT64_MIN, min(_INT64_MAX, left + right)))
    return Value(double_value=float(left) + float(right))


def _extreme(current: ValuePb | None, operand: ValuePb, *, wanted: int) -> ValuePb:
    if current is None or not _is_number(current):
        return operand
    left, right = _plain(current), _plain(operand)
    if math.isnan(left) or math.isnan(right):
        return Value(double_value=math.nan)
    if left == right:  # 3 and 3.0, 0 and -0.0: the field keeps the form it has
        return current
    return operand if (right > left) == (wanted > 0) else current


def _elements(current: ValuePb | None) -> Iterable[ValuePb]:
    if current is None or current.WhichOneof("value_type") != "array_value":
        return ()
    elements: Iterable[ValuePb] = current.array_value.values
    return elements


def _united(current: ValuePb | None, missing: Iterable[ValuePb]) -> ValuePb:
    elements = list(_elements(current))
    present = set(map(sort_key, elements))
    for element in missing:
        key = sort_key(element)
        if key not in present:
            present.add(key)
            elements.append(element)
    return Value(array_value={"values": elements})


def _reduced(current: ValuePb | None, unwanted: Iterable[ValuePb]) -> ValuePb:
    refused = set(map(sort_key, unwanted))
    kept = [element for element in _elements(current) if sort_key(element) not in refused]
    return Value(array_value={"values": kept})
