"""The source file that `gcloud functions deploy` and functions-framework look for.

Every function is deployed from this one source with its own entry point. A function's module is
imported when it is asked for, so an instance loads only what its own function needs.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.web.entry_point import EntryPoint

ENTRY_POINTS = (
    "track_github",
    "github_webhook",
    "contributions",
    "contributors",
    "assets",
    "health",
)


@cache
def __getattr__(name: str) -> EntryPoint:
    # https://peps.python.org/pep-0562/
    if name not in ENTRY_POINTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from shared.web.start import collector_at_rest

    with collector_at_rest():
        from shared.web.entry_point import entry_point

        return entry_point(import_module(f"functions.{name}"))
