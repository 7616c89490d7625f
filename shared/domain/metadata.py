"""The free-form facts of a contribution: what they may hold, and what may be stored."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from shared.domain.unreadable import UNSTORABLE, Unreadable

MAX_METADATA_BYTES = 16 * 1024
MAX_METADATA_DEPTH = 8
# Firestore keeps integers as int64 and a map's keys as field names.
# https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
_INT64 = range(-(2**63), 2**63)
_MAX_KEY_BYTES = 1500
_RESERVED_KEY = re.compile(r"__.*__", re.DOTALL)

COUNTS = ("files_changed", "lines_added", "lines_deleted")

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


def parse_metadata(value: object) -> dict[str, Json]:
    """The metadata as it can be stored, or `ValueError`.

    An object of at most 16 KiB as JSON and 8 levels, with finite numbers and non-empty keys;
    `files_changed`, `lines_added` and `lines_deleted` are whole numbers of at least 0. Three
    limits are Firestore's: integers of 64 bits, no key of the form `__x__`, and no list as a
    direct item of a list. No string holds a NUL or half a surrogate pair.
    """
    if not isinstance(value, Mapping):
        raise ValueError("must be an object")  # noqa: TRY004
    metadata = {_key(k): _storable(v, depth=2) for k, v in value.items()}
    for name in COUNTS:
        if name in metadata:
            metadata[name] = _count(name, metadata[name])
    size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"must have at most {MAX_METADATA_BYTES} bytes as JSON")
    return metadata


def count(metadata: Mapping[str, object], name: str) -> int:
    """One of the whole numbers of metadata; 0 where it is absent."""
    value = metadata.get(name)
    return value if isinstance(value, int) else 0


def _key(key: object) -> str:
    if not isinstance(key, str) or not key:
        raise ValueError("must have no empty key")
    _text(key)
    if len(key.encode()) > _MAX_KEY_BYTES:
        raise ValueError(f"must have keys of at most {_MAX_KEY_BYTES} bytes")
    if _RESERVED_KEY.fullmatch(key):
        raise ValueError("must have no key that begins and ends with two underscores")
    return key


def _text(text: str) -> str:
    if UNSTORABLE.search(text):
        raise ValueError("must hold no NUL and no half of a surrogate pair")
    return text


def _storable(value: object, depth: int, *, in_list: bool = False) -> Json:
    if isinstance(value, Mapping | list | tuple) and depth > MAX_METADATA_DEPTH:
        raise ValueError(f"must be at most {MAX_METADATA_DEPTH} levels deep")
    match value:
        case None | bool():
            return value
        case str():
            return _text(value)
        case Unreadable():
            raise ValueError(value.why)
        case int() if value in _INT64:
            return value
        case int():
            raise ValueError("must hold integers of at most 64 bits")
        case float() | Decimal():
            number = float(value)
            if not math.isfinite(number):
                raise ValueError("must hold finite numbers only")
            if value and not number:
                raise ValueError("must hold no number too small for a 64-bit float")
            return number
        case Mapping():
            return {_key(k): _storable(v, depth + 1) for k, v in value.items()}
        case list() | tuple():
            if in_list:
                raise ValueError("must hold no list directly inside a list")
            return [_storable(item, depth + 1, in_list=True) for item in value]
        case _:
            raise ValueError("must hold JSON values only")


def _count(name: str, value: Json) -> int:
    whole = not isinstance(value, bool) and isinstance(value, int | float) and value == int(value)
    if not whole or not isinstance(value, int | float) or not 0 <= value < 2**63:
        raise ValueError(f"must have a whole number of at least 0 as {name}")
    return int(value)
