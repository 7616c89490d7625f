"""The rewrites of `firebase.json`: the single table that says which function answers a path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One rewrite: a pattern for paths, and the function that answers them.

    In a pattern `*` stands for anything within one segment and `**` for any number of segments.
    https://firebase.google.com/docs/hosting/full-config#glob_pattern_matching
    """

    source: str
    function_id: str
    _expression: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_expression", glob_expression(self.source))

    @property
    def entry_point(self) -> str:
        """The name in `main.py`: `track_github` for the deployed `track-github`."""
        return self.function_id.replace("-", "_")

    def matches(self, path: str) -> bool:
        """Whether the pattern covers this path (percent-decoded, with its leading slash)."""
        return self._expression.fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Rewrites:
    """All rewrites, in order: the first that matches a path decides."""

    table: Sequence[Rewrite]

    @classmethod
    def load(cls, firebase_json: Path) -> Self:
        """Read the rewrites that name a function."""
        hosting = json.loads(firebase_json.read_text(encoding="utf-8"))["hosting"]
        return cls(
            tuple(
                Rewrite(rewrite["source"], rewrite["function"]["functionId"])
                for rewrite in hosting["rewrites"]
                if "function" in rewrite
            )
        )

    def entry_point(self, path: str) -> str | None:
        """The entry point that answers a path, or None where none does."""
        return next((r.entry_point for r in self.table if r.matches(path)), None)

    def entry_points(self) -> Iterable[str]:
        """The entry point of every function of the table once, in order."""
        return dict.fromkeys(rewrite.entry_point for rewrite in self.table)

    def function_ids(self) -> Iterable[str]:
        """The deployed name of every function of the table once, in order."""
        return dict.fromkeys(rewrite.function_id for rewrite in self.table)


def glob_expression(source: str) -> re.Pattern[str]:
    """The expression of a pattern for paths."""
    parts = (_WILDCARDS.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*)", source))
    return re.compile("".join(parts), re.DOTALL)


_WILDCARDS = {"**": ".*", "*": "[^/]*"}
