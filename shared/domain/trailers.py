"""The trailers of a commit message, found by git's own rules.

What `git interpret-trailers --parse --no-divider` and the placeholder `%(trailers)` of `git log`
print, told again: a function has no git, and a webhook brings no more than the message.
https://git-scm.com/docs/git-interpret-trailers
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What git counts as white space: neither form feeds nor anything beyond ASCII.
# https://github.com/git/git/blob/v2.39.5/ctype.c
_BLANK = " \t\n\r"
_COMMENT = "#"
_SEPARATOR = re.compile(r"(?P<key>[A-Za-z0-9-]+)[ \t]*:")
_OF_GIT = ("Signed-off-by: ", "(cherry picked from commit ")
# `git commit -v` shows the change below, https://git-scm.com/docs/git-commit
_SCISSORS = f"{_COMMENT} ------------------------ >8 ------------------------\n"
_OLD_CONFLICTS = "Conflicts:\n"


def trailers(message: str) -> list[tuple[str, str]]:
    """Key and unfolded value of each trailer, in order.

    They make up the last paragraph, which is not the first one; comments count for nothing, and
    those at the end are cut off. Other lines may stand among trailers only beside one that git
    itself writes, and at most three for each.
    """
    lines = _lines_of_log(message)
    found: list[tuple[str, list[str]]] = []
    in_trailer = False
    for line in lines[_first_trailer(lines) :]:
        if in_trailer and line[0] in _BLANK:
            found[-1][1].append(line)
            continue
        separator = _SEPARATOR.match(line)
        in_trailer = separator is not None
        if separator:
            found.append((separator["key"], [line[separator.end() :]]))
    return [(key, _unfolded("".join(value))) for key, value in found]


def _lines_of_log(message: str) -> list[str]:
    """The lines that git keeps of a message, each with its line feed."""
    # To git a message ends at a NUL; `git log` leaves out blank lines in front of the subject.
    lines = re.findall(r"[^\n]*\n|[^\n]+", message.partition("\0")[0])
    first = next((at for at, line in enumerate(lines) if not _is_blank(line)), len(lines))
    if _SCISSORS in lines[first:]:
        del lines[lines.index(_SCISSORS, first) :]
    return lines[first : _end(lines, first)]


def _end(lines: Sequence[str], first: int) -> int:
    """Where comments and blank lines begin that reach to the end of the message."""
    end: int | None = None
    in_old_conflicts = False
    for at, line in enumerate(lines[first:], first):
        if line[0] in (_COMMENT, "\n"):
            end = at if end is None else end
        elif line == _OLD_CONFLICTS:
            end = at if end is None else end
            in_old_conflicts = True
        elif not (in_old_conflicts and line[0] == "\t"):
            end = None
            in_old_conflicts = False
    return len(lines) if end is None else end


def _first_trailer(lines: Sequence[str]) -> int:
    """Where the last paragraph begins, or the end of the lines where it holds no trailers."""
    trailing, others, continuing, of_git, only_blank = 0, 0, 0, False, True
    for at in range(len(lines) - 1, _end_of_subject(lines) - 1, -1):
        line = lines[at]
        if line[0] == _COMMENT:
            others, continuing = others + continuing, 0
        elif _is_blank(line):
            if only_blank:
                continue
            others += continuing
            held = trailing * 3 >= others if of_git else not others
            return at + 1 if trailing and held else len(lines)
        else:
            only_blank = False
            if line.startswith(_OF_GIT):
                trailing, continuing, of_git = trailing + 1, 0, True
            elif _SEPARATOR.match(line):
                trailing, continuing = trailing + 1, 0
            elif line[0] in _BLANK:
                continuing += 1
            else:
                others, continuing = others + 1 + continuing, 0
    return len(lines)


def _end_of_subject(lines: Sequence[str]) -> int:
    for at, line in enumerate(lines):
        if line[0] != _COMMENT and _is_blank(line):
            return at
    return len(lines)


def _is_blank(line: str) -> bool:
    return not line.strip(_BLANK)


def _unfolded(value: str) -> str:
    return re.sub(r"\n[ \t\n\r]*", " ", value).strip(_BLANK)
