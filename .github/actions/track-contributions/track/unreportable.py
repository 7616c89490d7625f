"""Commits whose author has no address that a ledger takes, and the line that mends them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from commits import Person
from ledger import UNREPORTABLE
from reports import Result
from text import UNSEEN, inert, one_line

SHOWN_LENGTH = 320
REACHABLE = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


class Remedy(NamedTuple):
    """What is wrong, for `public`, and beside it a line to copy, which shows nobody's address."""

    reason: str
    line: str


@dataclass
class Unreportable:
    """The authors without a usable address, each once however many commits they wrote."""

    _hashes: dict[str, list[str]] = field(default_factory=dict)

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            if result.outcome.name == UNREPORTABLE:
                self._hashes.setdefault(_identity(result.written), []).append(result.commit_hash)

    def remedies(self) -> Iterator[Remedy]:
        for identity, hashes in self._hashes.items():
            commits = "1 commit" if len(hashes) == 1 else f"{len(hashes):,} commits"
            reason = f"{commits} by an author without a usable address, as in {hashes[0][:10]}."
            yield Remedy(f"Unreportable: {reason}", _remedy(identity, hashes[0]))


def _identity(written: Person) -> str:
    """Return what .mailmap knows the author by: the address, or the name beside an empty one."""
    return f"<{written.email}>" if written.email else f"{written.name} <>".strip()


def _remedy(identity: str, commit_hash: str) -> str:
    """Return the .mailmap line, or the command that writes it where the line must not be shown.

    An address that somebody could be reached at has no place in a log, and what nobody sees would
    not survive it: https://git-scm.com/docs/gitmailmap
    """
    new = "Name <name@example.com>"
    harmless = identity == one_line(identity) == inert(identity) == UNSEEN.sub("", identity)
    if harmless and len(identity) <= SHOWN_LENGTH and not REACHABLE.search(identity):
        return f"This line in .mailmap mends it: {new} {identity}"
    old = "<%ae>" if not identity.endswith(" <>") else "%an <%ae>"
    command = f"git log -1 --format='{new} {old}' {commit_hash[:10]} >> .mailmap"
    return f"This command writes the line into .mailmap that mends it: {command}"
