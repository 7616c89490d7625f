"""Reading single query parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from shared.domain.errors import InvalidInput

_T = TypeVar("_T")


def flag(query: Mapping[str, str], name: str) -> bool:
    """A parameter that is `true` or `false`, and false where it is absent."""
    text = query.get(name, "false")
    if text not in {"true", "false"}:
        raise InvalidInput.at(f"?{name}", "must be true or false")
    return text == "true"


def readable(name: str, read: Callable[[str], _T], text: str) -> _T:
    """What `read` makes of a parameter; its `ValueError` becomes `InvalidInput`."""
    try:
        return read(text)
    except ValueError as error:
        raise InvalidInput.at(f"?{name}", str(error)) from None
