"""Documents as JSON: Firestore's own REST form, exact for every value (all NaNs being one).

https://cloud.google.com/firestore/docs/reference/rest/v1/Value. Written by hand because
`protobuf.json_format`, which gives and takes the same form, is many times slower.
"""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from typing import Any

from shared.embedded.messages import (
    NULL_VALUE,
    Document,
    DocumentPb,
    FieldMap,
    Timestamp,
    ValuePb,
)

Json = dict[str, Any]

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encode_document(document: DocumentPb) -> Json:
    """The REST form of a document, fields by name."""
    return {
        "name": document.name,
        "fields": _encode_fields(document.fields),
        "createTime": encode_time(document.create_time),
        "updateTime": encode_time(document.update_time),
    }


def decode_document(form: Json) -> DocumentPb:
    """The document of a REST form.

    Raises:
        KeyError, TypeError, ValueError: it is no such form.
    """
    document = Document(
        name=form["name"],
        create_time=decode_time(form["createTime"]),
        update_time=decode_time(form["updateTime"]),
    )
    _decode_fields(form["fields"], document.fields)
    return document


def encode_time(stamp: Timestamp) -> str:
    """RFC 3339 in UTC with as many decimals as the time stamp needs."""
    text: str = stamp.ToJsonString()
    return text


def decode_time(text: str) -> Timestamp:
    """The time stamp of RFC 3339 text; ValueError where it is none."""
    stamp = Timestamp()
    stamp.FromJsonString(text)
    return stamp


def _encode_fields(fields: FieldMap) -> Json:
    return {name: _encode_value(fields[name]) for name in sorted(fields)}


def _encode_value(value: ValuePb) -> Json:
    match value.WhichOneof("value_type"):
        case "string_value":
            return {"stringValue": value.string_value}
        case "integer_value":
            return {"integerValue": str(value.integer_value)}
        case "timestamp_value":
            return {"timestampValue": encode_time(value.timestamp_value)}
        case "map_value":
            return {"mapValue": {"fields": _encode_fields(value.map_value.fields)}}
        case "array_value":
            return {"arrayValue": {"values": [_encode_value(v) for v in value.array_value.values]}}
        case "boolean_value":
            return {"booleanValue": value.boolean_value}
        case "null_value":
            return {"nullValue": None}
        case "double_value":
            return {"doubleValue": _encode_double(value.double_value)}
        case "bytes_value":
            return {"bytesValue": b64encode(value.bytes_value).decode()}
        case "reference_value":
            return {"referenceValue": value.reference_value}
        case "geo_point_value":
            point = value.geo_point_value
            return {"geoPointValue": {"latitude": point.latitude, "longitude": point.longitude}}
        case kind:
            raise ValueError(f"no JSON form for a value of type {kind}")


def _decode_fields(form: Json, fields: FieldMap) -> None:
    for name, value in form.items():
        _decode_value(value, fields[name])


def _decode_value(form: Json, value: ValuePb) -> None:
    ((kind, content),) = form.items()
    match kind:
        case "stringValue":
            value.string_value = content
        case "integerValue":
            value.integer_value = int(content)
        case "timestampValue":
            value.timestamp_value.FromJsonString(content)
        case "mapValue":
            value.map_value.SetInParent()
            _decode_fields(content["fields"], value.map_value.fields)
        case "arrayValue":
            value.array_value.SetInParent()
            for element in content["values"]:
                _decode_value(element, value.array_value.values.add())
        case "booleanValue":
            value.boolean_value = content
        case "nullValue":
            value.null_value = NULL_VALUE
        case "doubleValue":
            value.double_value = _NOT_FINITE[content] if isinstance(content, str) else content
        case "bytesValue":
            value.bytes_value = b64decode(content, validate=True)
        case "referenceValue":
            value.reference_value = content
        case "geoPointValue":
            value.geo_point_value.SetInParent()
            value.geo_point_value.latitude = content["latitude"]
            value.geo_point_value.longitude = content["longitude"]
        case _:
            raise ValueError(f"unknown type of value: {kind}")


def _encode_double(number: float) -> float | str:
    if math.isfinite(number):
        return number  # json writes the shortest text that reads back as the same double
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
