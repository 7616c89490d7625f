"""A mailmap: which addresses git shows as another one.

https://git-scm.com/docs/gitmailmap
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shared.domain.email import normalise_email

# A name and an address, as git cuts them: up to the first `>` behind the first `<`.
_IDENTITY = re.compile(r"([^<]*)<([^>]*)>")


@dataclass
class Mailmap:
    """What a mailmap says of addresses.

    `proper` has the proper address of each other one. Lines that hold for one name of an address
    alone are in `needing_a_name`, those whose addresses the ledger can't have in `unusable`: by
    their numbers, from 1.
    """

    proper: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    needing_a_name: dict[int, str] = field(default_factory=dict)
    unusable: dict[int, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Mailmap:
        """The mailmap of a file; of several lines about one address, the last one counts."""
        mailmap = cls()
        for number, line in enumerate(text.split("\n"), 1):
            mailmap._add(number, line)
        return mailmap

    def _add(self, number: int, line: str) -> None:
        first = None if line.startswith("#") else _IDENTITY.match(line)
        second = first and _IDENTITY.match(line, first.end())
        if not first or not second:
            # A comment, or a name for an address that stays.
            return
        if second[1].strip():
            self.needing_a_name[number] = line.strip()
            return
        try:
            proper, other = normalise_email(first[2]), normalise_email(second[2])
        except ValueError:
            self.unusable[number] = line.strip()
            return
        self.proper.pop(other, None)
        if proper != other:
            self.proper[other] = proper
            self.lines[other] = number

    def people(self) -> list[tuple[str, ...]]:
        """The addresses of each person, the proper one first.

        Git looks once; where a proper address has one itself, the same person is meant.
        """
        groups: dict[str, list[str]] = {}
        for other, proper in self.proper.items():
            group = groups.setdefault(proper, [proper])
            more = groups.setdefault(other, [other])
            if more is not group:
                group += more
                groups |= dict.fromkeys(more, group)
        return [tuple(group) for email, group in groups.items() if group[0] == email]
