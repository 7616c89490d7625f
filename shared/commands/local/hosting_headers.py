"""The headers that `firebase.json` has hosting send with files, by their path.

https://firebase.google.com/docs/hosting/full-config#headers
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from shared.commands.rewrites import glob_expression


@dataclass(frozen=True, slots=True)
class HostingHeaders:
    """All rules, in order: each that matches a path adds its headers, and a later one stands."""

    table: Sequence[tuple[re.Pattern[str], Mapping[str, str]]]

    @classmethod
    def of(cls, rules: Iterable[Mapping[str, Any]]) -> Self:
        """The rules as `firebase.json` has them: each with a glob or a regular expression."""
        return cls(
            tuple(
                (
                    re.compile(rule["regex"])
                    if "regex" in rule
                    else glob_expression(rule["source"]),
                    {header["key"]: header["value"] for header in rule["headers"]},
                )
                for rule in rules
            )
        )

    def for_path(self, path: str) -> Mapping[str, str]:
        """The headers of a file at this path (percent-decoded, with its leading slash)."""
        found: dict[str, str] = {}
        for expression, headers in self.table:
            if expression.fullmatch(path):
                found |= headers
        return found
