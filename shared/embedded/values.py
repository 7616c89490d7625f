"""The order and equality of Firestore values across types.

https://cloud.google.com/firestore/docs/concepts/data-types#value_type_ordering
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import Any

from shared.embedded.messages import FieldMap, ValuePb
from shared.embedded.names import NameKey

SortKey = tuple[Any, ...]


class Rank(IntEnum):
    """The place of each type in the order; it leads every sort key."""

    NULL = 0
    BOOLEAN = 1
    NUMBER = 2
    TIMESTAMP = 3
    STRING = 4
    BYTES = 5
    REFERENCE = 6
    GEO_POINT = 7
    ARRAY = 8
    VECTOR = 9
    MAP = 10


NULL_KEY: SortKey = (Rank.NULL,)
NAN_KEY: SortKey = (Rank.NUMBER, 0)  # before every other number


def sort_key(value: ValuePb) -> SortKey:
    """A tuple that orders as Firestore orders: keys are equal where a query says `==`.

    Integers and doubles compare by exact value, strings by UTF-8 bytes (as code points do),
    arrays element by element, maps by their sorted entries.
    """
    match value.WhichOneof("value_type"):
        case "string_value":
            return (Rank.STRING, value.string_value)
        case "integer_value":
            return (Rank.NUMBER, 1, value.integer_value)
        case "timestamp_value":
            return (Rank.TIMESTAMP, value.timestamp_value.seconds, value.timestamp_value.nanos)
        case "boolean_value":
            return (Rank.BOOLEAN, value.boolean_value)
        case "double_value":
            number = value.double_value
            return NAN_KEY if math.isnan(number) else (Rank.NUMBER, 1, number)
        case "bytes_value":
            return (Rank.BYTES, value.bytes_value)
        case "reference_value":
            return reference_key(value.reference_value)
        case "geo_point_value":
            point = value.geo_point_value
            return (Rank.GEO_POINT, point.latitude, point.longitude)
        case "array_value":
            return (Rank.ARRAY, tuple(map(sort_key, value.array_value.values)))
        case "map_value":
            return _map_key(value.map_value.fields)
        case _:
            return NULL_KEY


def reference_key(name: str) -> SortKey:
    """The sort key of a document's name, in a value or as `__name__`."""
    return (Rank.REFERENCE, NameKey(name))


def is_vector(fields: FieldMap) -> bool:
    """Whether a map is the form of a vector, the one use of the reserved name `__type__`."""
    if len(fields) != 2 or "__type__" not in fields or "value" not in fields:
        return False
    elements = fields["value"].array_value.values
    return (
        fields["__type__"].string_value == "__vector__"
        and len(elements) > 0
        and all(element.WhichOneof("value_type") == "double_value" for element in elements)
    )


def _map_key(fields: FieldMap) -> SortKey:
    if is_vector(fields):
        elements = tuple(map(sort_key, fields["value"].array_value.values))
        return (Rank.VECTOR, len(elements), elements)
    return (Rank.MAP, tuple((name, sort_key(fields[name])) for name in sorted(fields)))
