"""Commits as their own bytes say: who wrote them, when, and what they change."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from text import UNSEEN, decode

UTC = dt.timezone.utc  # noqa: UP017 - datetime.UTC came with Python 3.11
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)

NAME_LENGTH = 256
EMAIL_LENGTH = 254
CO_AUTHORS = 50
ASSISTANCE = 10
ABOUT_TOOLS = ("assisted-by", "generated-by")
TRAILERS = 10_000  # a message of a million trailers must not keep anybody busy

# As git splits an identity: the address ends at the first `>` and the time begins after the last.
# https://github.com/git/git/blob/v2.39.5/ident.c (split_ident_line)
IDENTITY = re.compile(r"(?P<name>[^<]*)<(?P<email>[^>]*)>(?:.*>)?\s*(?P<seconds>\d*)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
CONTACT = re.compile(r"(?P<name>[^<]*)<(?P<email>[^<>]*)>")


@dataclass(frozen=True)
class Person:
    email: str
    name: str

    @property
    def address(self) -> str:
        """The address as the ledger spells it: those that look alike are one person's."""
        seen = unicodedata.normalize("NFC", UNSEEN.sub("", self.email).strip())
        return unicodedata.normalize("NFC", seen.lower())

    @property
    def usable(self) -> bool:
        """Whether the ledger takes the address. Lenient: `root@localhost` does write commits."""
        address = self.address
        local, _, host = address.partition("@")
        return (
            bool(local and host)
            and "@" not in host
            and len(address) <= EMAIL_LENGTH
            and not any(c.isspace() or unicodedata.category(c) == "Cc" for c in address)
        )


Canonical = Callable[[Person], Person]
"""Returns the person as .mailmap has them."""


@dataclass(frozen=True)
class Change:
    """A changed file: a rename has its old and its new path, a binary file has no lines."""

    paths: tuple[str, ...]
    added: int
    deleted: int


@dataclass(frozen=True)
class Commit:
    """One commit; `author` is as .mailmap says and `written` as the commit itself does.

    `assistance` is what the trailers about tools say, for the ledger to read.
    `authored_at` is RFC 3339 in UTC, or None where the commit holds no time that fits it.
    """

    hash: str
    is_merge: bool
    author: Person
    written: Person
    authored_at: str | None
    co_authors: tuple[Person, ...]
    assistance: tuple[str, ...]
    changes: tuple[Change, ...]


def read_commit(
    commit_hash: str,
    raw: bytes,
    trailers: bytes,
    changes: Iterable[Change],
    canonical: Canonical,
) -> Commit:
    """Return the commit of these bytes; `trailers` are its own, one a line, in UTF-8."""
    header, encoding = _header(raw), encoding_of(raw)
    authored = IDENTITY.match(decode(_field(header, b"author"), encoding))
    committed = IDENTITY.match(decode(_field(header, b"committer"), encoding))
    written = Person(authored["email"], read_name(authored["name"])) if authored else Person("", "")
    mapped = canonical(written) if authored else written
    author = Person(mapped.email.strip(), mapped.name)
    found = _trailers(trailers)
    return Commit(
        hash=commit_hash,
        is_merge=sum(line.startswith(b"parent ") for line in header) > 1,
        author=author,
        written=written,
        authored_at=_utc(authored) or _utc(committed),
        co_authors=_co_authors(found, author, canonical),
        assistance=_assistance(found),
        changes=tuple(changes),
    )


def encoding_of(raw: bytes) -> str:
    """Return the encoding that the commit claims to be in, or nothing: then it is UTF-8."""
    return decode(_field(_header(raw), b"encoding"))


def _header(raw: bytes) -> list[bytes]:
    return raw.partition(b"\n\n")[0].split(b"\n")


def _field(header: Iterable[bytes], name: bytes) -> bytes:
    """Return the first value of the name; the further lines of a value begin with a blank."""
    values = (line[len(name) + 1 :] for line in header if line.startswith(name + b" "))
    return next(values, b"")


def _utc(identity: re.Match[str] | None) -> str | None:
    try:
        seconds = int(identity["seconds"]) if identity else None
        moment = EPOCH + dt.timedelta(seconds=seconds) if seconds is not None else None
    except (ValueError, OverflowError):
        return None
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _trailers(lines: bytes) -> list[tuple[str, str]]:
    """Return key, in lower case, and value of each."""
    pairs = (decode(line).partition(":") for line in lines.split(b"\n")[:TRAILERS])
    return [(key.strip().lower(), value) for key, _, value in pairs]


def _co_authors(
    trailers: Iterable[tuple[str, str]], author: Person, canonical: Canonical
) -> tuple[Person, ...]:
    """Return the co-authors, each address once, without the author and unusable addresses."""
    people: dict[str, Person] = {author.address: author}
    for key, value in trailers:
        contact = CONTACT.match(value) if key == "co-authored-by" else None
        if contact:
            person = canonical(read_person(contact))
            if person.usable:
                people.setdefault(person.address, person)
    return tuple(people.values())[1 : CO_AUTHORS + 1]


def _assistance(trailers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return what the trailers say that are about tools, each once."""
    told = (read_name(value) for key, value in trailers if key in ABOUT_TOOLS)
    return tuple(dict.fromkeys(filter(None, told)))[:ASSISTANCE]


def read_person(contact: re.Match[str]) -> Person:
    return Person(contact["email"].strip(), read_name(contact["name"]))


def read_name(name: str) -> str:
    """Return the name as git has it, made fit for the ledger: on one line, and not too long."""
    return CONTROL.sub(" ", name).strip()[:NAME_LENGTH].strip()
