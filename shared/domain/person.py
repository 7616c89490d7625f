"""Who is one person: addresses that were joined, followed to the one that the others lead to.

Joined when they are read, and never when they are written: each address keeps an account of its
own, so that a split leaves everything as if there had been no join.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from pydantic import Field

from shared.domain.fields import Email, Request, Stored, Text, Time
from shared.domain.identifiers import contributor_id

# `array_contains_any` takes so many values.
# https://firebase.google.com/docs/firestore/query-data/queries#query_limitations
MOST_ADDRESSES = 30


class NewAlias(Request):
    """A further address of somebody."""

    email: Annotated[Email, Field(json_schema_extra={"examples": ["ada@home.example.com"]})]
    reason: Text | None = Field(None, examples=["Told so by Ada"])


class Alias(Stored):
    """A further address: whose it is, since when, by whom and why."""

    id: str
    email: str
    # Of the address that it leads to.
    contributor_id: str
    contributor_email: str
    joined_at: Time | None = None
    joined_by: str | None = None
    reason: str | None = None


class Address(NamedTuple):
    """An address with the id of its contributor."""

    id: str
    email: str

    @classmethod
    def of(cls, email: str) -> Address:
        """A normalised address."""
        return cls(contributor_id(email), email)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with several addresses; the others lead to the `head`, in the order of joining."""

    head: Address
    others: tuple[Address, ...]

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (self.head, *self.others)


class Joined:
    """What all aliases of one moment come to. Immutable."""

    def __init__(self, aliases: Iterable[Alias] = ()) -> None:
        self._aliases = {alias.id: alias for alias in sorted(aliases, key=_since)}
        others: dict[Address, list[Address]] = {}
        for alias in self._aliases.values():
            address = Address(alias.id, alias.email)
            head = self.head_of(address)
            # What a hand in the console led round in a circle stands for itself.
            if head != address:
                others.setdefault(head, []).append(address)
        self._persons = {head.id: Person(head, tuple(more)) for head, more in others.items()}
        self._by_id = {a.id: person for person in self for a in person.addresses}

    def __iter__(self) -> Iterator[Person]:
        return iter(self._persons.values())

    def person(self, contributor_id: str) -> Person | None:
        """The person with this one among several addresses."""
        return self._by_id.get(contributor_id)

    def ids(self, contributor_id: str) -> tuple[str, ...]:
        """The ids of all addresses of whoever has this one."""
        person = self.person(contributor_id)
        return tuple(a.id for a in person.addresses) if person else (contributor_id,)

    def number_leading_to(self, address: Address) -> int:
        """How many addresses lead to this one themselves, and not by way of another."""
        return sum(alias.contributor_id == address.id for alias in self._aliases.values())

    def head_of(self, address: Address) -> Address:
        """The address that it leads to in the end: a hand in the console can leave a chain."""
        passed: set[str] = set()
        while (alias := self._aliases.get(address.id)) and address.id not in passed:
            passed.add(address.id)
            address = Address(alias.contributor_id, alias.contributor_email)
        return address

    def same_person(self, some: Iterable[str], others: Iterable[str]) -> bool:
        """Whether somebody is among both, by any of their addresses."""
        heads = {self.head_of(Address.of(email)) for email in some}
        return not heads.isdisjoint(self.head_of(Address.of(email)) for email in others)

    def with_alias(self, alias: Alias) -> Joined:
        """The same with one more."""
        return Joined([*self._aliases.values(), alias])

    def without(self, contributor_id: str) -> Joined:
        """The same where this address is nobody's further one."""
        return Joined(a for a in self._aliases.values() if a.id != contributor_id)

    def __contains__(self, contributor_id: str) -> bool:
        """Whether this is somebody's further address."""
        return contributor_id in self._aliases


def _since(alias: Alias) -> tuple[bool, float, str]:
    when = alias.joined_at
    return when is not None, when.timestamp() if when else 0.0, alias.email
