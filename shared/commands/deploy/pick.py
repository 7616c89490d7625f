"""Looks a value up in the JSON that `firebase ... --json` prints: `pick result.projectId NAME`.

Prints the value if it is there. A resource's name counts by its last part.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from shared.commands.errors import CommandError


def values(document: Any, path: str) -> Iterator[str]:
    """The texts at a path of field names; a list on the way stands for its items."""
    if isinstance(document, list):
        for item in document:
            yield from values(item, path)
    elif not path:
        if isinstance(document, str):
            yield document.rpartition("/")[2]
    elif isinstance(document, dict):
        name, _, rest = path.partition(".")
        yield from values(document.get(name), rest)


def is_there(printed: str, path: str, value: str) -> bool:
    """Whether what firebase-tools printed has this value at this path.

    Raises `CommandError` where it reports an error, which must not pass for an absence.
    """
    try:
        answer = json.loads(printed)
    except ValueError:
        raise CommandError("firebase-tools printed no JSON") from None
    if not isinstance(answer, dict) or answer.get("status") != "success":
        error = answer.get("error") if isinstance(answer, dict) else None
        raise CommandError(f"firebase-tools: {error or 'no success'}")
    return value in values(answer, path)


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("value")
    arguments = parser.parse_args()
    try:
        if is_there(sys.stdin.read(), arguments.path, arguments.value):
            print(arguments.value)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
