"""Field transforms: what the server computes from a field's present value.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#fieldtransform
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shared.embedded import encoding, field_paths, limits
from shared.embedded.messages import FieldMap, Timestamp, Value, ValuePb
from shared.embedded.status import invalid_argument, unimplemented

# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
MAX_TRANSFORMS = 500

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_REQUEST_TIME = 1
_WHOLE_ONLY = "The embedded store counts in whole numbers only."


def check(transforms: Sequence[Any]) -> None:
    """Refuse transforms that are wrong whatever the fields hold."""
    if len(transforms) > MAX_TRANSFORMS:  # which the emulator lets pass
        raise invalid_argument(f"At most {MAX_TRANSFORMS} transforms of a document are allowed.")
    paths = {field_paths.parse(transform.field_path) for transform in transforms}
    if any(path[:end] in paths for path in paths for end in range(1, len(path))):
        raise invalid_argument("Cannot transform a property and its nested property at once.")
    for transform in transforms:
        match transform.WhichOneof("transform_type"):
            case "set_to_server_value":
                if transform.set_to_server_value != _REQUEST_TIME:
                    raise invalid_argument("ServerValue type must be specified.")
            case "increment" | "maximum" | "minimum" as kind:
                operand = getattr(transform, kind).WhichOneof("value_type")
                if operand not in {"integer_value", "double_value"}:
                    raise invalid_argument("Input must be int64 or double.")
                if operand == "double_value":
                    raise unimplemented(_WHOLE_ONLY)
            case "append_missing_elements":
                limits.admit_elements(transform.append_missing_elements.values)
            case None:
                raise invalid_argument("Operation type must be specified for transformation.")
            case kind:
                raise unimplemented(f"The embedded store does not know {kind}.")


def apply(transforms: Sequence[Any], fields: FieldMap, request_time: Timestamp) -> list[ValuePb]:
    """Change `fields` by each checked transform; the results are in the same order."""
    results = []
    for transform in transforms:
        path = field_paths.parse(transform.field_path)
        current = field_paths.get(fields, path)
        match transform.WhichOneof("transform_type"):
            case "set_to_server_value":
                value = result = Value(timestamp_value=request_time)
            case "append_missing_elements":
                value = _united(current, transform.append_missing_elements.values)
                result = Value(null_value=0)
            case kind:
                value = result = _number(kind, current, getattr(transform, kind).integer_value)
        field_paths.put(fields, path, value)
        results.append(result)
    return results


def _number(kind: str, current: ValuePb | None, operand: int) -> ValuePb:
    """What comes of a whole number; one that is of another type, or missing, counts as none."""
    held = None if current is None else current.WhichOneof("value_type")
    if held == "double_value":
        raise unimplemented(_WHOLE_ONLY)
    if current is None or held != "integer_value":
        return Value(integer_value=operand)
    if kind == "increment":
        total = current.integer_value + operand
        return Value(integer_value=max(_INT64_MIN, min(_INT64_MAX, total)))
    extreme = max if kind == "maximum" else min
    return Value(integer_value=extreme(current.integer_value, operand))


def _united(current: ValuePb | None, missing: Iterable[ValuePb]) -> ValuePb:
    """An array with what it lacks; what is no array counts as an empty one."""
    value = Value(array_value={})
    if current is not None and current.WhichOneof("value_type") == "array_value":
        value.CopyFrom(current)
    present = set(map(encoding.of_value, value.array_value.values))
    for element in missing:
        form = encoding.of_value(element)
        if form not in present:
            present.add(form)
            value.array_value.values.append(element)
    return value
