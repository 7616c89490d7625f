"""A body as JSON: declared as such, and parsed without losing or guessing anything."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from werkzeug.wrappers import Request

from shared.domain.errors import InvalidInput, MalformedRequest, UnsupportedMedia

_MAX_NUMBER_LENGTH = 64
# How a NUL or half a surrogate pair can stand in JSON text. It may be a false alarm.
_SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def require_json(request: Request) -> None:
    """Raises `UnsupportedMedia` unless the body is declared as JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMedia("Send Content-Type: application/json")


def parse_json(body: bytes | bytearray) -> Any:
    """The JSON value of a body, with `Decimal` for every number that is not an integer.

    Raises `MalformedRequest` for what is no JSON, and `InvalidInput` for JSON that says two
    things at once (a key twice), is nested too deeply, or holds what cannot be stored: NaN,
    Infinity, a number of more than 64 characters, a NUL, half a surrogate pair.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest("The body is not UTF-8") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from None
    except RecursionError:
        raise InvalidInput.at("", "is nested too deeply") from None
    if _SUSPICIOUS.search(text):
        _refuse_unstorable(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise InvalidInput.at("", "an object holds the same key twice")
    return result


def _decimal(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise InvalidInput.at("", f"a number has more than {_MAX_NUMBER_LENGTH} characters")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidInput.at("", "a number's exponent is out of range") from None


def _integer(text: str) -> int:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise InvalidInput.at("", f"a number has more than {_MAX_NUMBER_LENGTH} characters")
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise InvalidInput.at("", f"{text} is not a number that can be recorded")


def _refuse_unstorable(value: Any) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if _UNSTORABLE.search(item):
                raise InvalidInput.at("", "a string holds a NUL or half a surrogate pair")
        elif isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
