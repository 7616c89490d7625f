"""Paths: which are tests, which are documentation, and which are to be ignored."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from commits import Change, Commit
from common import ConfigurationError

TEST_DIRECTORIES = {"test", "tests", "__tests__", "spec", "specs", "e2e"}
TEST_FILE = re.compile(
    r"(test_.+|conftest)\.py"
    r"|.+[_.-](test|tests|spec|specs)\.[^.]+"
    r"|.+(Test|Tests|Spec)\.(java|kt|scala|groovy|cs|php|swift)"
)
DOC_DIRECTORIES = {"doc", "docs", "documentation"}
DOC_FILE = re.compile(
    r".+\.(md|mdx|rst|adoc|asciidoc)|(readme|changelog|contributing)(\.[^.]+)?", re.IGNORECASE
)


def touches(changes: Iterable[Change], directories: set[str], file_name: re.Pattern[str]) -> bool:
    """Whether a changed path lies below one of the directories or its file is named like that."""
    paths = (PurePosixPath(change.paths[-1]) for change in changes)
    return any(
        file_name.fullmatch(path.name)
        or any(part.lower() in directories for part in path.parts[:-1])
        for path in paths
    )


class PathFilter:
    """GitHub's `paths-ignore`: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet

    The last pattern that matches a path decides on it; `!` in front takes it out again.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [
            (_compile(pattern.removeprefix("!")), not pattern.startswith("!"))
            for pattern in patterns
            if pattern
        ]

    def ignores(self, commit: Commit) -> bool:
        """Whether the commit changes files and every one of them is ignored, under both names."""
        paths = [path for change in commit.changes for path in change.paths]
        return bool(self._rules and paths) and all(map(self._ignores_path, paths))

    def _ignores_path(self, path: str) -> bool:
        verdicts = (ignored for rule, ignored in reversed(self._rules) if rule.fullmatch(path))
        return next(verdicts, False)


GLOB_PIECE = re.compile(r"(?:\A|(?<=/))\*\*/|\*+|[?+]+|\[[^\]]+\]|\\.|.", re.DOTALL)
GLOB_WILDCARDS = ("(?:.*/)?", "[^/]*", ".*")


def _compile(pattern: str) -> re.Pattern[str]:
    """Return the regular expression; `?` and `+` say how often the character before comes."""
    directories, segment, anything = GLOB_WILDCARDS
    parts: list[str] = []
    for piece in GLOB_PIECE.findall(pattern):
        if piece == "**/":
            parts.append(directories)
        elif piece.startswith("*"):
            wildcard = segment if piece == "*" else anything
            parts += [wildcard] if parts[-1:] != [wildcard] else []
        elif piece[0] in "?+" and parts:
            # Said of a wildcard it changes nothing but the time it takes.
            if parts[-1] not in GLOB_WILDCARDS:
                parts[-1] += piece[0]
        elif piece.startswith("[") and len(piece) > 1:
            parts.append("[" + re.sub(r"([^\w-])", r"\\\1", piece[1:-1]) + "]")
        else:
            parts.append(re.escape(piece[-1]))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise ConfigurationError(f"paths-ignore: {pattern} is no pattern ({error})") from error
