"""What Firestore refuses to store, whoever asks.

https://firebase.google.com/docs/firestore/quotas#limits
"""

from __future__ import annotations

from shared.embedded import names
from shared.embedded.messages import DocumentPb, FieldMap, ValuePb
from shared.embedded.status import invalid_argument
from shared.embedded.values import is_vector

MAX_DOCUMENT_BYTES = 1_048_576
MAX_VALUE_BYTES = MAX_DOCUMENT_BYTES - 89
MAX_REQUEST_BYTES = 10 * 1024 * 1024
MAX_FIELD_NAME_BYTES = 1500
MAX_DEPTH = 20

_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799  # years 1 to 9999
# No value takes more than this many times the bytes of its protobuf form (a geo point at 0, 0).
_LARGEST_RATIO = 8


def admit_fields(fields: FieldMap) -> None:
    """Refuse field names and values that no document may hold, at any depth.

    Time stamps lose, in place, what is finer than a microsecond: Firestore does not keep it.
    """
    for name in fields:
        _check_field_name(name)
        _admit_value(fields[name], depth=0, in_array=False)


def _admit_value(value: ValuePb, *, depth: int, in_array: bool) -> None:
    match value.WhichOneof("value_type"):
        case "string_value":
            _check_length(len(value.string_value.encode()))
        case "bytes_value":
            _check_length(len(value.bytes_value))
        case "timestamp_value":
            stamp = value.timestamp_value
            if not _FIRST_SECOND <= stamp.seconds <= _LAST_SECOND:
                raise invalid_argument("Timestamp seconds exceeds limit for field.")
            if not 0 <= stamp.nanos < 1_000_000_000:
                raise invalid_argument("Timestamp nanos exceeds limit for field.")
            if finer := stamp.nanos % 1000:
                stamp.nanos -= finer
        case "reference_value":
            names.check_document(value.reference_value, what="Resource")
        case "geo_point_value":
            point = value.geo_point_value
            if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):
                raise invalid_argument("Geo point outside permitted range.")
        case "array_value":
            if in_array:
                raise invalid_argument("Cannot convert an array value in an array value.")
            for element in value.array_value.values:
                _admit_value(element, depth=_deeper(depth), in_array=True)
        case "map_value":
            _admit_map(value.map_value.fields, depth=_deeper(depth))
        case None:
            raise invalid_argument("Cannot convert firestore.v1.Value with type unset.")


def check_size(document: DocumentPb) -> None:
    """Refuse a document above 1 MiB, counted as Firestore counts."""
    if document.ByteSize() * _LARGEST_RATIO > MAX_DOCUMENT_BYTES:
        size = _name_size(document.name) + _fields_size(document.fields) + 32
        if size > MAX_DOCUMENT_BYTES:
            raise invalid_argument(
                f"Document '{document.name}' cannot be written because its size ({size:,} bytes) "
                f"exceeds the maximum allowed size of {MAX_DOCUMENT_BYTES:,} bytes."
            )


def _admit_map(fields: FieldMap, *, depth: int) -> None:
    vector = is_vector(fields)
    for name in fields:
        if not (vector and name == "__type__"):
            _check_field_name(name)
        _admit_value(fields[name], depth=depth, in_array=False)


def _check_field_name(name: str) -> None:
    if not name:
        raise invalid_argument("The property.name is the empty string.")
    if names.is_reserved(name):
        raise invalid_argument(f"field name {name} is reserved")
    if len(name.encode()) > MAX_FIELD_NAME_BYTES:
        raise invalid_argument(f"The property.name is longer than {MAX_FIELD_NAME_BYTES} bytes.")


def _check_length(size: int) -> None:
    if size > MAX_VALUE_BYTES:
        raise invalid_argument(f"The value of a property is longer than {MAX_VALUE_BYTES} bytes.")


def _deeper(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise invalid_argument(f"Maps and arrays are nested deeper than {MAX_DEPTH} levels.")
    return depth + 1


# https://firebase.google.com/docs/firestore/storage-size


def _name_size(name: str) -> int:
    return sum(len(segment.encode()) + 1 for segment in names.relative(name)) + 16


def _fields_size(fields: FieldMap) -> int:
    return sum(len(name.encode()) + 1 + _value_size(fields[name]) for name in fields)


def _value_size(value: ValuePb) -> int:
    match value.WhichOneof("value_type"):
        case "string_value":
            return len(value.string_value.encode()) + 1
        case "bytes_value":
            return len(value.bytes_value)
        case "reference_value":
            return _name_size(value.reference_value)
        case "array_value":
            return sum(map(_value_size, value.array_value.values))
        case "map_value":
            return _fields_size(value.map_value.fields)
        case "geo_point_value":
            return 16
        case "boolean_value" | "null_value":
            return 1
        case _:
            return 8
