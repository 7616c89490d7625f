"""JSON text: parsed without losing or guessing anything."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from shared.domain.errors import InvalidInput, MalformedRequest
from shared.domain.unreadable import UNSTORABLE, Unreadable

_MAX_NUMBER_LENGTH = 64
# How a NUL or half a surrogate pair can stand in JSON text. It may be a false alarm.
_SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


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
    value = _value(text, _refuse)
    if _SUSPICIOUS.search(text):
        _refuse_unstorable(value)
    return value


def parse_json_of_many(body: bytes | bytearray) -> Any:
    """The JSON value of a body that brings many things, of which a bad one harms no other.

    Where `parse_json` finds fault, an `Unreadable` stands for the value; a string may hold a NUL,
    half a surrogate pair, and such halves for bytes that are no UTF-8. No field of the domain
    takes either. Raises `MalformedRequest` for what is no JSON, and `InvalidInput` for JSON that
    is nested too deeply.
    """
    return _value(body.decode("utf-8", "surrogateescape"), Unreadable)


def _refuse(why: str) -> NoReturn:
    raise InvalidInput.at("", why)


def _value(text: str, fault: Callable[[str], Any]) -> Any:
    """The value of JSON text; `fault` gives what stands for a bad one in it."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) < len(pairs):
            for key, times in Counter(key for key, _ in pairs).items():
                if times > 1:
                    result[key] = fault("an object holds the same key twice")
        return result

    def decimal(number: str) -> Any:
        if len(number) > _MAX_NUMBER_LENGTH:
            return fault(f"a number has more than {_MAX_NUMBER_LENGTH} characters")
        try:
            return Decimal(number)
        except InvalidOperation:
            return fault("a number's exponent is out of range")

    def integer(number: str) -> Any:
        if len(number) > _MAX_NUMBER_LENGTH:
            return fault(f"a number has more than {_MAX_NUMBER_LENGTH} characters")
        return int(number)

    def constant(name: str) -> Any:
        return fault(f"{name} is not a number that can be recorded")

    try:
        return json.loads(
            text,
            object_pairs_hook=mapping,
            parse_float=decimal,
            parse_int=integer,
            parse_constant=constant,
        )
    except json.JSONDecodeError as error:
        raise MalformedRequest(
            f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}"
        ) from None
    except RecursionError:
        raise InvalidInput.at("", "is nested too deeply") from None


def _refuse_unstorable(value: Any) -> None:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            if UNSTORABLE.search(item):
                _refuse("a string holds a NUL or half a surrogate pair")
        elif isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
