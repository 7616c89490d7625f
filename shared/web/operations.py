"""What a function declares: its operations, each in one place, at its handler.

The entry point, the table of operations and the OpenAPI document are made from this.
`firebase.json` alone says beside it which function answers a path; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from shared.web.parameters import Parameters

if TYPE_CHECKING:
    from pydantic import BaseModel

    from shared.domain.errors import LedgerError
    from shared.web.answer import Answer

KIB = 1024

# What a parameter of a path takes; any text, slashes included, unless it says otherwise.
PATTERNS = {
    # One segment that is a UUID, or two that are a repository: `octo/contributions` is one.
    "asset": r"[0-9a-fA-F-]{36}|[^/]+/[^/]+",
}


class Access(Enum):
    """What a caller needs."""

    OPEN = "open"
    READ = "read"
    RECORD = "record"
    ADMIN = "admin"
    SIGNED = "signed"


@dataclass(eq=False)
class Operation:
    """One method on one path: the decorator of the handler that answers it.

    The handler's docstring is the summary and the description, its return annotation says what it
    answers. `main` marks what the function also does at its own URL's `/`. A `body` that only the
    document needs is named as `module:class`. `errors` are those that access, path and body do not
    tell.
    """

    method: str
    path: str
    access: Access
    main: bool = False
    query: type[Parameters] = Parameters
    headers: type[Parameters] = Parameters
    body: type[BaseModel] | str | None = None
    body_limit: int = 64 * KIB
    errors: tuple[type[LedgerError], ...] = ()
    # Takes the call, and each parameter of the path by its name.
    handler: Callable[..., Answer[Any]] = field(init=False)

    def __call__(self, handler: Callable[..., Answer[Any]]) -> Operation:
        """Decorate the handler."""
        self.handler = handler
        return self

    @property
    def name(self) -> str:
        """What the handler is called."""
        return self.handler.__name__

    @property
    def function(self) -> str:
        """The deployed function: the module of the handler."""
        return self.handler.__module__.rpartition(".")[2]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern, with a group for each parameter."""
        path = re.sub(
            r"\\\{(\w+)\\\}",
            lambda name: f"(?P<{name[1]}>{PATTERNS.get(name[1], '.+')})",
            re.escape(self.path),
        )
        return re.compile(path + (r"|/" if self.main else ""), re.DOTALL)


def operations_of(function: ModuleType) -> tuple[Operation, ...]:
    """The operations of a function, in order: of several paths that fit, the first one counts."""
    return tuple(thing for thing in vars(function).values() if isinstance(thing, Operation))
