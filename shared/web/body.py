"""The request's body: read within bounds, and parsed without losing or guessing anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from werkzeug.wrappers import Request

from shared.domain.errors import InvalidInput, MalformedRequest, PayloadTooLarge, UnsupportedMedia

_CHUNK = 64 * 1024
# A client that sends too much has to be heard out before it listens; up to here.
_DRAIN_LIMIT = 32 * 1024 * 1024
_MAX_NUMBER_LENGTH = 64
# How a NUL or half a surrogate pair can stand in JSON text. It may be a false alarm.
_SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read_body(request: Request, limit: int) -> bytes:
    """The body's bytes; raises `PayloadTooLarge` above `limit` without keeping what is beyond.

    Any `Content-Encoding` is refused: a few kilobytes can unpack to gigabytes.
    """
    if "Content-Encoding" in request.headers:
        raise UnsupportedMedia("Send the body without Content-Encoding")
    if request.content_length is not None and request.content_length > _DRAIN_LIMIT:
        raise PayloadTooLarge(limit)
    chunks: list[bytes] = []
    size = 0
    for chunk in _chunks(request):
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        if size > _DRAIN_LIMIT:
            break
    if size > limit:
        raise PayloadTooLarge(limit)
    if request.content_length is not None and size < request.content_length:
        # https://www.rfc-editor.org/rfc/rfc9112#section-8
        raise MalformedRequest("The body ended early")
    return b"".join(chunks)


def drain(request: Request) -> bool:
    """Read what is left of a body and throw it away; False where it is too long for that.

    Left to itself, the framework would read all of it into memory before it answers.
    """
    if request.content_length is not None and request.content_length > _DRAIN_LIMIT:
        return False
    size = 0
    try:
        for chunk in _chunks(request):
            size += len(chunk)
            if size > _DRAIN_LIMIT:
                return False
    except MalformedRequest:
        return False
    return True


def _chunks(request: Request) -> Iterator[bytes]:
    try:
        while chunk := request.stream.read(_CHUNK):
            yield chunk
    except Exception:  # noqa: BLE001 - each server has errors of its own for this
        raise MalformedRequest("The body ended early, or is not framed as HTTP wants it") from None


def require_json(request: Request) -> None:
    """Raises `UnsupportedMedia` unless the body is declared as JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMedia("Send Content-Type: application/json")


def parse_json(body: bytes) -> Any:
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
