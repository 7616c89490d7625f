"""What is reported of whom, and what it adds: told from the name alone, without the ledger."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

REPOSITORIES = ("octo/one", "octo/two")
# The further address is joined to the head, and split off, again and again.
HEAD, FURTHER = "head@example.com", "further@example.com"
PEOPLE = ("ada@example.com", "bea@example.com", "cleo@example.com")
# So few that they tie.
TIMES = tuple(f"2020-0{month}-{day}T12:00:00Z" for month in (1, 2, 3) for day in (10, 20))
MONTHS = ("2020-01", "2020-02", "2020-03")
EVERYTHING = "everything"
_MICROS = Decimal(10**6)


def commit(subject: str) -> dict[str, Any]:
    """The commit of this name: what it says depends on nothing else."""
    chance = random.Random(subject)
    author, *others = chance.sample((*PEOPLE, HEAD, FURTHER), chance.randint(1, 3))
    return {
        "commit_hash": subject.partition("@")[2],
        "contributor_email": author,
        "co_authors": [{"email": email} for email in others],
        "cost_amount": f"{chance.randint(0, 10**9) / 10**6:.6f}",
        "timestamp": chance.choice(TIMES),
    }


def correction(subject: str) -> dict[str, Any]:
    """The commit as it is corrected: another cost, and the author alone."""
    return commit(subject) | {"co_authors": [], "cost_amount": commit(subject + "!")["cost_amount"]}


def adds(repository: str, said: Mapping[str, Any]) -> dict[str, int]:
    """What a commit adds to which account, worked out without the ledger."""
    cost, month = micros(said["cost_amount"]), said["timestamp"][:7]
    people = [said["contributor_email"], *(person["email"] for person in said["co_authors"])]
    share = cost // len(people)
    found = {EVERYTHING: cost, f"asset {repository}": cost, f"month {repository} {month}": cost}
    for number, person in enumerate(people):
        part = share if number else cost - share * (len(people) - 1)
        found[f"person {person}"] = found[f"part {repository} {person}"] = part
        found[f"month {person} {month}"] = part
    return found


def micros(amount: str) -> int:
    return int(Decimal(amount) * _MICROS)
