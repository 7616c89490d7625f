"""Documents as text, each field with its type, as the Firestore console shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

_INDENT = "  "


def document_lines(document_id: str, fields: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one document: its id, and under it the fields by name."""
    yield _plain(document_id)
    yield from _indented(_members(sorted(fields.items())))


def _field(name: str, value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            yield f"{name}: {'' if value else '{} '}(map)"
            yield from _indented(_members(sorted(value.items())))
        case list() | tuple():
            yield f"{name}: {'' if value else '[] '}(array)"
            yield from _indented(_members(_numbered(value)))
        case _:
            text, kind = _scalar(value)
            yield f"{name}: {text} ({kind})"


def _members(pairs: Sequence[tuple[str, Any]]) -> Iterator[str]:
    for name, value in pairs:
        yield from _field(_plain(name), value)


def _numbered(values: Sequence[Any]) -> list[tuple[str, Any]]:
    return [(str(index), value) for index, value in enumerate(values)]


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (_INDENT + line for line in lines)


def _scalar(value: Any) -> tuple[str, str]:
    match value:
        case None:
            return "null", "null"
        case bool():
            return str(value).lower(), "boolean"
        case int() | float():
            return str(value), "number"
        case str():
            return _plain(json.dumps(value, ensure_ascii=False)), "string"
        case datetime():
            return _rfc3339(value), "timestamp"
        case bytes():
            return value.hex(), "bytes"
        case _:
            return _plain(str(value)), type(value).__name__.lower()


def _rfc3339(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _plain(text: str) -> str:
    """The text, with whatever could move the cursor or turn the writing direction escaped."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
