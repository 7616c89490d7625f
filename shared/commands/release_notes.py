"""Prints what a release says: the section of `CHANGELOG.md` about the version that a tag names.

Run by the release workflow as `python3 -m shared.commands.release_notes v1.2.3`, so it imports
nothing that is not in Python.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from shared.commands.errors import CommandError
from shared.domain.version import VERSION

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
# `## 1.2.3 - 2026-11-23`, and what stands below it up to the next such line.
_SECTION = re.compile(r"^## (?P<version>\S+)[^\n]*\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S)


def notes(tag: str, changelog: str) -> str:
    """The section of the version that the tag `vX.Y.Z` names, without its heading.

    Raises `CommandError` where there is none, or where the code says that it is another version.
    """
    sections = {found["version"]: found["text"].strip() for found in _SECTION.finditer(changelog)}
    version = tag.removeprefix("v")
    if tag != f"v{VERSION}":
        raise CommandError(f"The code says that it is version {VERSION}, and the tag is {tag}")
    if not sections.get(version):
        raise CommandError(f"CHANGELOG.md has nothing about version {version}")
    return sections[version]


def main() -> int:
    """Run the command; returns its exit code."""
    if len(sys.argv) != 2:
        print("usage: python3 -m shared.commands.release_notes vX.Y.Z", file=sys.stderr)
        return 2
    try:
        print(notes(sys.argv[1], CHANGELOG.read_text(encoding="utf-8")))
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
