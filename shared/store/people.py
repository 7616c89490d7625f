"""People as they are read: addresses that were joined are one, with the sums of their figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.domain.contributor import Contributor
from shared.domain.email import normalise_email
from shared.domain.errors import NotFound
from shared.domain.identifiers import as_uuid, contributor_document_id, contributor_id
from shared.domain.person import Address, Joined, Person
from shared.store.aliases import Aliases
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import OLD_TIME, Fields, contributor_from, months_of
from shared.store.lookup import Finder
from shared.store.reading import Document

# Seconds for which lists use the figures of joined people.
KEPT_S = 15.0

_SUMS = ("contribution_count", "assisted_count", "total_cost_micros")
_LATEST = ("last_at_micros", "last_recorded_at", OLD_TIME)


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody after a join or a split, and whether it was so before."""

    contributor: Contributor
    replayed: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """Somebody's accounts, first the one that the other addresses lead to; these may have none."""

    documents: tuple[Document, ...]
    aliases: tuple[str, ...]

    def together(self) -> Document:
        """The first one with the sums of all."""
        first = self.documents[0]
        if not self.aliases:
            return first
        sums = _sums([document.fields for document in self.documents])
        return replace(first, fields={**first.fields, **sums, "aliases": list(self.aliases)})


@dataclass(frozen=True, slots=True)
class Together:
    """All who have several addresses, as documents, and the ids of what these stand for.

    In `of` each is found by the document ids of all addresses.
    """

    documents: tuple[Document, ...]
    instead_of: frozenset[str]
    of: Mapping[str, Document]


@dataclass
class People:
    """Reads people over one connection."""

    connection: Connection
    aliases: Aliases
    # What was read for lists, from what and when.
    _kept: tuple[Together, Joined, float] | None = field(default=None, init=False, repr=False)

    def find(self, key: str, deadline: Deadline | None = None) -> Contributor:
        """Whoever has this address, UUID or imported id; raises `NotFound`."""
        return contributor_from(self.accounts(key, deadline).together().fields)

    def accounts(self, key: str, deadline: Deadline | None = None) -> Accounts:
        """The accounts of whoever has this address, UUID or imported id; raises `NotFound`."""
        deadline = deadline or self.connection.timing.deadline()
        joined = self.aliases.joined(deadline)
        person = joined.person(_id_of(key))
        if person is None:
            found = Finder(self.connection).contributor(key, deadline)
            person = joined.person(found.stored.id)
            if person is None:
                return Accounts((found.document,), ())
        accounts = _accounts(person, self._read(person.addresses, deadline))
        if accounts is None:
            raise NotFound("Contributor")
        return accounts

    def ids(self, key: str) -> tuple[str, ...]:
        """The ids of all addresses of whoever has this address, UUID or imported id.

        Raises `NotFound` where no contributor has the UUID; an address is not looked up.
        """
        joined = self.aliases.joined()
        known = joined.ids(_id_of(key))
        if len(known) > 1 or not as_uuid(key):
            return known
        return joined.ids(Finder(self.connection).contributor(key).stored.id)

    def known(self, emails: Iterable[str]) -> set[str]:
        """Those of these addresses that have an account."""
        addresses = [Address.of(email) for email in emails]
        read = self._read(addresses, self.connection.timing.deadline())
        return {address.email for address in addresses if _document_id(address) in read}

    def together(self) -> Together:
        """All joined people, with figures that are at most 15 seconds old."""
        deadline = self.connection.timing.deadline()
        joined = self.aliases.joined(deadline)
        now = self.connection.timing.monotonic()
        kept = self._kept
        if kept and kept[1] is joined and now - kept[2] <= KEPT_S:
            return kept[0]
        addresses = [address for person in joined for address in person.addresses]
        read = self._read(addresses, deadline)
        people = filter(None, (_accounts(person, read) for person in joined))
        documents = tuple(accounts.together() for accounts in people)
        of = {
            contributor_document_id(email): document
            for document in documents
            for email in (document.fields["email"], *document.fields["aliases"])
        }
        together = Together(documents, frozenset(map(_document_id, addresses)), of)
        self._kept = together, joined, now
        return together

    def forget(self) -> None:
        """Read the accounts of joined people anew for the next list: this instance changed some."""
        self._kept = None

    def join(self, key: str, email: str, *, joined_by: str, reason: str | None) -> Changed:
        """Let an address lead to somebody; raises `NotFound`, and `Conflict` as `Aliases` does."""
        deadline = self.connection.timing.deadline()
        address = _address_of(self.find(key, deadline))
        new = self.aliases.join(
            address, email, joined_by=joined_by, reason=reason, deadline=deadline
        )
        return Changed(self.find(address.id, deadline), replayed=not new)

    def split(self, key: str, email: str) -> Changed:
        """Let an address stand for itself again.

        Raises `NotFound` where there is no such person, or the address is none of theirs.
        """
        deadline = self.connection.timing.deadline()
        address = _address_of(self.find(key, deadline))
        done = self.aliases.split(address, email, deadline=deadline)
        if not done:
            # It may be a slip of the pen, too.
            self.find(email, deadline)
        return Changed(self.find(address.id, deadline), replayed=not done)

    def _read(self, addresses: Sequence[Address], deadline: Deadline) -> dict[str, Document]:
        """The accounts of these addresses by document id, where there are any."""
        references = [self.connection.contributors.document(_document_id(a)) for a in addresses]
        return self.connection.existing(references, deadline)


def _id_of(key: str) -> str:
    uuid = as_uuid(key)
    if uuid:
        return uuid
    try:
        return contributor_id(normalise_email(key))
    except ValueError:
        raise NotFound("Contributor") from None


def _address_of(contributor: Contributor) -> Address:
    return Address(contributor.id, contributor.email)


def _document_id(address: Address) -> str:
    return contributor_document_id(address.email)


def _accounts(person: Person, read: Mapping[str, Document]) -> Accounts | None:
    """The accounts of a person among those read; None where there is none."""
    there = [read[_document_id(a)] for a in person.addresses if _document_id(a) in read]
    if not there:
        return None
    others = tuple(a.email for a in person.addresses if _document_id(a) != there[0].id)
    return Accounts(tuple(there), others)


def _sums(accounts: Sequence[Fields]) -> Fields:
    sums: dict[str, Any] = {
        name: sum(account.get(name) or 0 for account in accounts) for name in _SUMS
    }
    for name in _LATEST:
        if any(name in account for account in accounts):
            sums[name] = max(_known(accounts, name), default=None)
    sums["first_at_micros"] = min(_known(accounts, "first_at_micros"), default=None)
    # All is in months and parts where that holds of each address.
    sums["parts"] = min(account.get("parts", 0) for account in accounts)
    sums["months"] = months_of(accounts)
    ids = (old for account in accounts for old in account.get("legacy_ids") or ())
    return sums | {"legacy_ids": list(dict.fromkeys(ids))}


def _known(accounts: Sequence[Fields], name: str) -> Iterator[Any]:
    return (account[name] for account in accounts if account.get(name) is not None)
