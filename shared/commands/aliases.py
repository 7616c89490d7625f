"""`make aliases MAILMAP=.mailmap`: join addresses that a mailmap says to be one person's.

Shows what it would do, and does it with `APPLY=1`. Addresses that the ledger does not have are left
alone. It may be interrupted and run again: what is joined stays so.

Exit codes: 0 what can be joined is shown, or joined, and what can't is named; 1 the file cannot be
read, or the ledger cannot be had.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shared.commands.errors import CommandError
from shared.commands.ledger_access import ended, open_for_writing
from shared.commands.local.environment import local_environment
from shared.domain.errors import Conflict
from shared.domain.mailmap import Mailmap
from shared.domain.person import Address, Joined

if TYPE_CHECKING:
    from shared.store.people import People

JOINED_BY = "mailmap"


@dataclass
class Plan:
    """What makes one person of some addresses: each of `steps` is to lead to the `head`.

    One that leads to another of them now is split off from that first. Those in `elsewhere` lead to
    somebody whom the mailmap does not name with them, and are left alone; so are those that are
    joined already, `before`.
    """

    head: str
    steps: dict[str, str | None] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    before: int = 0


def plan(there: Sequence[str], head: str, joined: Joined) -> Plan:
    """What makes one person of these addresses, of which `head` is one."""
    leads_to = {email: joined.head_of(Address.of(email)).email for email in there}
    if leads_to[head] not in there:
        head = leads_to[head]
    made = Plan(head)
    for first in dict.fromkeys(leads_to.values()):
        led = [email for email in there if leads_to[email] == first]
        person = joined.person(Address.of(first).id)
        if first == head:
            made.before += len(led) - (head in led)
        elif first in there:
            # With all that leads to it, one after the other, so that it may be interrupted.
            others = [address.email for address in person.others] if person else []
            others.sort(key=lambda email: email != head)
            made.steps |= {**dict.fromkeys(others, first), first: None}
        else:
            made.elsewhere += led
    return made


def plans(mailmap: Mailmap, people: People) -> Iterator[Plan]:
    """What makes people of the addresses that the ledger has."""
    groups = mailmap.people()
    known = people.known({email for group in groups for email in group})
    joined = people.aliases.joined()
    for proper, *others in groups:
        there = [email for email in (proper, *others) if email in known]
        if len(there) > 1:
            first = there[0]
            if first != proper:
                # Whom others lead to already, if there is one.
                people_there = (joined.person(Address.of(email).id) for email in there)
                heads = [person.head.email for person in people_there if person]
                first = next((email for email in heads if email in there), first)
            yield plan(there, first, joined)


def carry_out(made: Plan, people: People, mailmap: Mailmap) -> Iterator[str]:
    """Do it; gives a line for each address that could not be joined."""
    for email, split_from in made.steps.items():
        if split_from:
            people.split(split_from, email)
        if email == made.head:
            continue
        number = mailmap.lines.get(email)
        reason = f"line {number} of a mailmap" if number else "leads to one of a mailmap"
        try:
            people.join(made.head, email, joined_by=JOINED_BY, reason=reason)
        except Conflict as refusal:
            yield f"  {email}: {refusal.detail}"


def report(mailmap: Mailmap, people: People, *, apply: bool) -> Iterator[str]:
    """The lines that tell of it, as it goes on."""
    number = before = 0
    left_out: list[str] = []
    for made in plans(mailmap, people):
        joining = [email for email in made.steps if email != made.head]
        if joining:
            yield made.head
            yield from (f"  + {email}" for email in joining)
        number += len(joining)
        before += made.before
        left_out += [f"  {e}: leads to somebody else; split it off first" for e in made.elsewhere]
        if apply:
            refused = list(carry_out(made, people, mailmap))
            number -= len(refused)
            left_out += refused
    for title, lines in (
        ("Skipped, since they need a name too", _numbered(mailmap.needing_a_name)),
        ("Skipped, since nobody can have such an address", _numbered(mailmap.unusable)),
        ("Left out", left_out),
    ):
        if lines:
            yield f"{title} ({len(lines)}):"
            yield from lines
    yield f"{number} addresses {'joined' if apply else 'to join'}, {before} joined before"
    if number and not apply:
        yield "Nothing was changed. APPLY=1 joins them."


def _numbered(lines: dict[int, str]) -> list[str]:
    return [f"  line {number}: {line}" for number, line in lines.items()]


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="aliases", description="Join addresses by a mailmap.")
    parser.add_argument("mailmap", type=Path, help="a file as git's .mailmap")
    parser.add_argument("--apply", action="store_true", help="join them, and do not only say so")
    parser.add_argument("--cloud", metavar="PROJECT", help="Firestore in the cloud")
    arguments = parser.parse_args()
    return ended(lambda: _show_or_join(arguments))


def _show_or_join(arguments: argparse.Namespace) -> None:
    from shared.store.aliases import Aliases
    from shared.store.connection import Connection
    from shared.store.people import People

    try:
        text = arguments.mailmap.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandError(f"{arguments.mailmap} cannot be read: {error.strerror}") from None
    with ExitStack() as stack:
        client, where = open_for_writing(
            local_environment(os.environ), stack, cloud=arguments.cloud
        )
        print(f"In {where}:", flush=True)
        connection = Connection(client)
        people = People(connection, Aliases(connection))
        for line in report(Mailmap.parse(text), people, apply=arguments.apply):
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
