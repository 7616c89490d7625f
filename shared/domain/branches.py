"""Patterns of branches, as GitHub's own filters have them.

`*` stands for anything but a slash, `**` for anything, and `!` in front takes branches out again:
the last pattern that fits decides.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

# What no branch can be called: https://git-scm.com/docs/git-check-ref-format
_NEVER = re.compile(
    r"[\x00-\x20\x7f~^:?\[\\]|\.\.|@\{|//|^/|/$|^-|^@$|\.$|(?:^|/)\.|\.lock(?:/|$)|^refs/heads/"
)
_STARS = re.compile(r"(\*+)")


def fits(branch: str, patterns: Iterable[str]) -> bool:
    """Whether a branch is among those that the patterns name."""
    fitting = False
    for pattern in patterns:
        if _expression(pattern.removeprefix("!")).fullmatch(branch):
            fitting = not pattern.startswith("!")
    return fitting


def never_fits(pattern: str) -> bool:
    """Whether no branch can be called like that, as with `refs/heads/` in front or a blank."""
    return not pattern.removeprefix("!") or bool(_NEVER.search(pattern.removeprefix("!")))


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    wildcards = {"*": "[^/]*"}
    parts = _STARS.split(pattern)
    return re.compile(
        "".join(
            wildcards.get(part, ".*") if part.startswith("*") else re.escape(part) for part in parts
        ),
        re.DOTALL,
    )
