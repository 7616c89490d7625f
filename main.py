"""The source file that `gcloud functions deploy` and functions-framework look for.

Every function is deployed from this one source with its own entry point. A function's module is
imported when it is asked for, so an instance loads only what its own function needs.
"""

from __future__ import annotations

import gc
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


def __getattr__(name: str) -> EntryPoint:
    # https://peps.python.org/pep-0562/
    if name not in ENTRY_POINTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # What an import makes is no garbage: looking for some takes a twentieth of a start, and touches
    # memory that the server's forked process could share.
    # https://docs.python.org/3/library/gc.html#gc.freeze
    gc.disable()
    try:
        entry_point: EntryPoint = getattr(import_module(f"functions.{name}"), name)
        gc.freeze()
    finally:
        gc.enable()
    return entry_point
