"""Further addresses of people: one document each, made by a join and taken away by a split.

The address that they lead to has a document here too, which counts them. So none can be both, and
nobody gets more than there may be, whatever is joined at once.

An instance reads the whole collection and keeps it for a minute; what it changes itself it knows at
once. Up to some thousands of joined addresses are meant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.errors import Conflict, NotFound, Unavailable
from shared.domain.identifiers import contributor_document_id
from shared.domain.person import MOST_ADDRESSES, Address, Alias, Joined
from shared.store.attempt import Attempt
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.reading import Document
from shared.store.write_batch import WriteBatch

# Seconds for which an instance uses what it has read, and for which who changes something does.
KEPT_S = 60.0
_RECENT_S = 1.0
# How many addresses lead to one: a field of its document, and of no other.
_FURTHER = "further"


class Aliases:
    """The collection over one connection. Safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._joined: Joined | None = None
        self._read_at = 0.0
        # How often this instance has changed something: what was read meanwhile may lack it.
        self._changes = 0
        self._lock = threading.Lock()  # guards these, for moments
        self._turn = threading.Lock()  # held while reading, so that one reads for all that wait

    def joined(self, deadline: Deadline | None = None, *, within: float = KEPT_S) -> Joined:
        """Who is one person, as it stood at most `within` seconds ago.

        Raises `Unavailable` when Firestore does not answer in time.
        """
        kept = self._kept(within)
        if kept:
            return kept
        deadline = deadline or self.connection.timing.deadline()
        if not self._turn.acquire(timeout=deadline.timeout()):
            raise Unavailable("Firestore did not answer in time; nothing is lost, try again")
        try:
            while not (kept := self._kept(within)):
                self._read(deadline)
            return kept
        finally:
            self._turn.release()

    def _kept(self, within: float) -> Joined | None:
        with self._lock:
            age = self.connection.timing.monotonic() - self._read_at
            return self._joined if age <= within else None

    def _read(self, deadline: Deadline) -> None:
        with self._lock:
            changes, read_at = self._changes, self.connection.timing.monotonic()
        query = self.connection.aliases.order_by("__name__")
        found = self.connection.patiently(lambda d: self.connection.query(query, d), deadline)
        joined = Joined(Alias.model_validate(d.fields) for d in found if not _is_first(d))
        with self._lock:
            if changes == self._changes:
                self._joined, self._read_at = joined, read_at

    def join(
        self,
        address: Address,
        email: str,
        *,
        joined_by: str,
        reason: str | None = None,
        deadline: Deadline | None = None,
    ) -> bool:
        """Let `email` lead to the person with this address; False where it did before.

        Raises `Conflict` where it is their first address or somebody else's further one, has
        further ones itself, or is one too many; `Unavailable` when Firestore does not answer.
        """
        deadline = deadline or self.connection.timing.deadline()
        further = Address.of(email)
        attempt = Attempt(self.connection, deadline)
        while True:
            joined = self.joined(deadline, within=_RECENT_S)
            head = joined.head_of(address)
            if further.id in joined and joined.head_of(further) == head:
                return attempt.answer_lost
            [first] = self._documents([head.email], deadline)
            number = first.fields.get(_FURTHER, joined.number_leading_to(head)) + 1
            _admit(joined, head, further, number)
            alias = Alias(
                id=further.id,
                email=email,
                contributor_id=head.id,
                contributor_email=head.email,
                joined_by=joined_by,
                reason=reason,
            )
            writes = self.connection.write_batch()
            fields = alias.model_dump() | {"joined_at": SERVER_TIMESTAMP}
            # Neither somebody's further address nor one that others lead to.
            writes.create(self._reference(email), fields)
            _set_number(writes, first, number)
            if joined_at := attempt.commit(writes):
                kept = alias.model_copy(update={"joined_at": joined_at})
                self._change(partial(Joined.with_alias, alias=kept))
                return True
            self._change(lambda _: None)

    def split(self, address: Address, email: str, *, deadline: Deadline | None = None) -> bool:
        """Let `email` stand for itself again; False where it did before.

        Raises `NotFound` where it is somebody else's, and `Unavailable` as `join` does.
        """
        deadline = deadline or self.connection.timing.deadline()
        further = Address.of(email)
        attempt = Attempt(self.connection, deadline)
        while True:
            joined = self.joined(deadline, within=_RECENT_S)
            head = joined.head_of(address)
            found, first = self._documents([email, head.email], deadline)
            if found.update_time is None or _is_first(found):
                self._change(lambda joined: joined.without(further.id))
                return attempt.answer_lost
            leads_to = Address(found.fields["contributor_id"], found.fields["contributor_email"])
            if joined.head_of(leads_to) != head:
                raise NotFound("Alias")
            writes = self.connection.write_batch()
            writes.delete(found.reference, unchanged_since=found.update_time)
            if leads_to == head and _is_first(first):
                _set_number(writes, first, first.fields[_FURTHER] - 1)
            if attempt.commit(writes):
                self._change(lambda joined: joined.without(further.id))
                return True

    def _reference(self, email: str) -> DocumentReference:
        return self.connection.aliases.document(contributor_document_id(email))

    def _documents(self, emails: Iterable[str], deadline: Deadline) -> list[Document]:
        """The documents of some addresses, as they stand now, also where there is none."""
        references = [self._reference(email) for email in emails]
        read = self.connection.patiently(lambda d: self.connection.read(references, d), deadline)
        return [read[reference.path] for reference in references]

    def _change(self, change: Callable[[Joined], Joined | None]) -> None:
        with self._lock:
            self._changes += 1
            self._joined = self._joined and change(self._joined)


def _is_first(document: Document) -> bool:
    """Whether it is of an address that others lead to."""
    return _FURTHER in document.fields


def _set_number(writes: WriteBatch, first: Document, number: int) -> None:
    """Keep how many addresses lead to this one; the document must be as it was when it was read.

    An address that leads to another one by now has no number, so joins make no chain and no circle.
    """
    if not _is_first(first) or first.update_time is None:
        writes.create(first.reference, {_FURTHER: number})
    elif number:
        writes.update(first.reference, {_FURTHER: number}, unchanged_since=first.update_time)
    else:
        writes.delete(first.reference, unchanged_since=first.update_time)


def _admit(joined: Joined, head: Address, further: Address, number: int) -> None:
    """Raises `Conflict` unless this address can become the person's further one of this number."""
    if further == head:
        raise Conflict("This is the first address of that person", code="own_address")
    if further.id in joined:
        raise Conflict(
            f"This address leads to contributor {joined.head_of(further).id}: split it off first",
            code="joined_elsewhere",
        )
    if joined.person(further.id):
        raise Conflict(
            "This address has further ones: take them apart, or join the other way round",
            code="has_aliases",
        )
    if max(number, len(joined.ids(head.id))) >= MOST_ADDRESSES:
        raise Conflict(f"A person has at most {MOST_ADDRESSES} addresses", code="too_many_aliases")
