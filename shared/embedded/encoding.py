"""Values as bytes that compare as Firestore orders the values.

https://cloud.google.com/firestore/docs/concepts/data-types#value_type_ordering

Each form says itself where it ends, and none begins another, so that forms may follow one another
in a key and be turned round one by one. What a query calls equal has the same form.
"""

from __future__ import annotations

import math
import struct

from shared.embedded.messages import ValuePb
from shared.embedded.status import unimplemented

# The place of each type in the order leads every form; END is smaller than all of them.
END = b"\x00"
TEXT_END = b"\x00\x01"
NULL, BOOLEAN, NUMBER, TIMESTAMP, STRING, ARRAY, MAP = (bytes([n]) for n in (1, 2, 3, 4, 5, 9, 11))

_NUMBER = struct.Struct(">BQH")
_TIMESTAMP = struct.Struct(">BQI")
_DOUBLE, _BITS = struct.Struct(">d"), struct.Struct(">Q")
_SIGN, _ALL = 1 << 63, (1 << 64) - 1
_INVERTED = bytes(range(255, -1, -1))

# The smallest number that an inequality can find; NaN is before it.
LEAST_NUMBER = _NUMBER.pack(NUMBER[0], _ALL ^ 0xFFF0000000000000, 0)


def of_value(value: ValuePb) -> bytes:
    """The form of a value. Raises `StatusError` for types that the ledger does not store."""
    match value.WhichOneof("value_type"):
        case "string_value":
            return STRING + of_text(value.string_value)
        case "integer_value":
            return _of_number(value.integer_value)
        case "timestamp_value":
            stamp = value.timestamp_value
            return _TIMESTAMP.pack(TIMESTAMP[0], stamp.seconds + _SIGN, stamp.nanos)
        case "boolean_value":
            return BOOLEAN + bytes([value.boolean_value])
        case "double_value":
            return _of_number(value.double_value)
        case "null_value":
            return NULL
        case "array_value":
            return ARRAY + b"".join(map(of_value, value.array_value.values)) + END
        case "map_value":
            fields = value.map_value.fields
            forms = (STRING + of_text(name) + of_value(fields[name]) for name in sorted(fields))
            return MAP + b"".join(forms) + END
        case kind:
            raise unimplemented(f"The embedded store does not hold a {kind}.")


def of_text(text: str) -> bytes:
    """The form of a text without its type: by UTF-8 bytes, what begins another first."""
    return text.encode().replace(b"\0", b"\0\xff") + TEXT_END


def inverted(form: bytes) -> bytes:
    """A form that sorts the other way round."""
    return form.translate(_INVERTED)


def after(prefix: bytes) -> bytes:
    """The smallest key behind all that begin with a prefix."""
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes([kept[-1] + 1])


def _of_number(number: float) -> bytes:
    """Integers and doubles in one order, by exact value: the nearest double, then what it lacks."""
    if math.isnan(number):
        return _NUMBER.pack(NUMBER[0], 0, 0)
    double = float(number)
    [bits] = _BITS.unpack(_DOUBLE.pack(double + 0.0))  # -0.0 is 0.0
    rest = number - int(double) if isinstance(number, int) else 0
    return _NUMBER.pack(NUMBER[0], bits ^ (_ALL if bits & _SIGN else _SIGN), 0x8000 + rest)
