"""What Firestore refuses as a value.

https://firebase.google.com/docs/firestore/quotas#limits
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from shared.embedded import names
from shared.embedded.messages import FieldMap, ValuePb
from shared.embedded.status import invalid_argument, unimplemented

MAX_DOCUMENT_BYTES = 1_048_576
MAX_REQUEST_BYTES = 10 * 1024 * 1024
MAX_FIELD_NAME_BYTES = 1500

_PLAIN = {"string_value", "integer_value", "boolean_value", "double_value"}
_PLAIN |= {"null_value", "timestamp_value"}


def admit_fields(fields: FieldMap) -> None:
    """Refuse field names and values that no document may hold, at any depth."""
    for name in fields:
        _check_field_name(name)
        value = fields[name]
        if value.WhichOneof("value_type") not in _PLAIN:  # most are, and need no further call
            _admit(value)


def admit_elements(values: Iterable[ValuePb]) -> None:
    """The same for what is in an array."""
    for value in values:
        if value.WhichOneof("value_type") == "array_value":
            raise invalid_argument("Cannot convert an array value in an array value.")
        _admit(value)


def _admit(value: ValuePb) -> None:
    kind = value.WhichOneof("value_type")
    if kind in _PLAIN:
        return
    if kind == "map_value":
        admit_fields(value.map_value.fields)
    elif kind == "array_value":
        admit_elements(value.array_value.values)
    elif kind is None:
        raise invalid_argument("Cannot convert firestore.v1.Value with type unset.")
    else:
        raise unimplemented(f"The embedded store does not hold a {kind}.")


@lru_cache(maxsize=4096)
def _check_field_name(name: str) -> None:
    if not name or names.is_reserved(name) or len(name.encode()) > MAX_FIELD_NAME_BYTES:
        raise invalid_argument(f"A field's name is empty, reserved or too long: {name[:99]}")
