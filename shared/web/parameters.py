"""What a query, or the headers of a request or an answer, may hold: declared as a class."""

from __future__ import annotations

from inspect import get_annotations
from typing import Any

# The default of a parameter that may not be left out.
REQUIRED: Any = object()


class Parameters:
    """Base of such classes: an annotation for each parameter.

    Values are text, which the handler reads or writes. What an annotation says is for the OpenAPI
    document: when a function starts, none is evaluated.
    """

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the class itself, then those of its bases."""
        return tuple(name for base in cls.__mro__ for name in get_annotations(base))
