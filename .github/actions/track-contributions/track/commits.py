"""Commits as git shows them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from text import decode, one_line

UTC = dt.timezone.utc  # noqa: UP017 - datetime.UTC came with Python 3.11
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


NAME_LENGTH = 256
EMAIL_LENGTH = 254
CO_AUTHORS = 50


@dataclass(frozen=True)
class Person:
    email: str
    name: str

    @property
    def usable(self) -> bool:
        """Whether the ledger takes the address. Lenient: `root@localhost` does write commits."""
        local, _, host = self.email.partition("@")
        return (
            bool(local and host)
            and "@" not in host
            and len(unicodedata.normalize("NFC", self.email)) <= EMAIL_LENGTH
            and not any(c.isspace() or unicodedata.category(c) == "Cc" for c in self.email)
        )

    def same_address(self, other: Person) -> bool:
        return self.email.lower() == other.email.lower()


@dataclass(frozen=True)
class Change:
    """A changed file: a rename has its old and its new path, a binary file has no lines."""

    paths: tuple[str, ...]
    added: int
    deleted: int


@dataclass(frozen=True)
class Commit:
    """One commit; `author` is as .mailmap says and `written_email` as the commit itself does.

    `authored_at` is RFC 3339 in UTC, or None where the commit holds no time that fits it.
    """

    hash: str
    is_merge: bool
    author: Person
    written_email: str
    authored_at: str | None
    co_authors: tuple[Person, ...]
    changes: tuple[Change, ...]


# Each field ends with a NUL, which no commit header can contain; -z sets one after the last.
LOG_FORMAT = "%x00".join(
    (
        "commit %H",
        *("%P", "%aN", "%aE", "%ae", "%at", "%ct"),
        "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x0A)",
    )
)
# All that somebody's configuration could change, said outright.
LOG_OPTIONS = (
    "-z",
    f"--format={LOG_FORMAT}",
    "--numstat",
    "--find-renames",
    "--diff-algorithm=myers",
    "--encoding=UTF-8",
    "--no-ext-diff",
    "--no-textconv",
    "--no-show-signature",
)
NUMSTAT = re.compile(rb"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
CONTACT = re.compile(r"(?P<name>[^<]*)<(?P<email>[^<>]*)>")


def parse_log(tokens: Iterator[bytes], canonical: Callable[[Person], Person]) -> Iterator[Commit]:
    """Yield the commits in the output of `git log` with LOG_OPTIONS, split at NUL.

    No file name can pass for a commit: a numstat token has two tabs in front of its name, and the
    two names of a rename are taken right after the token that announces them.
    """
    token = next(tokens, None)
    while token is not None:
        fields = [decode(next(tokens, b"")) for _ in range(7)]
        parents, name, address, written_address, authored, committed, trailers = fields
        author = Person(address.strip(), _name(name))
        changes, following = _read_changes(tokens)
        yield Commit(
            hash=decode(token).removeprefix("commit "),
            is_merge=" " in parents,
            author=author,
            written_email=written_address.strip(),
            authored_at=_utc(authored) or _utc(committed),
            co_authors=_co_authors(trailers, author, canonical),
            changes=changes,
        )
        token = following


def _read_changes(tokens: Iterator[bytes]) -> tuple[tuple[Change, ...], bytes | None]:
    """Return the changes up to the next commit, and that commit's first token."""
    changes = []
    for token in tokens:
        entry = NUMSTAT.fullmatch(token)
        if entry:
            paths = (entry[3],) if entry[3] else (next(tokens, b""), next(tokens, b""))
            added, deleted = (0 if count == b"-" else int(count) for count in entry.group(1, 2))
            changes.append(Change(tuple(map(decode, paths)), added, deleted))
        elif token.startswith(b"commit "):
            return tuple(changes), token
    return tuple(changes), None


def _utc(seconds: str) -> str | None:
    try:
        moment = EPOCH + dt.timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _co_authors(
    trailers: str, author: Person, canonical: Callable[[Person], Person]
) -> tuple[Person, ...]:
    """Return the co-authors, each address once, without the author and unusable addresses."""
    people: list[Person] = []
    # A message of a million trailers must not keep git busy with a million questions.
    for contact in map(CONTACT.match, trailers.split("\n")[: 4 * CO_AUTHORS]):
        if contact:
            person = canonical(read_person(contact))
            if person.usable and not any(map(person.same_address, (author, *people))):
                people.append(person)
    return tuple(people[:CO_AUTHORS])


def read_person(contact: re.Match[str]) -> Person:
    return Person(contact["email"].strip(), _name(contact["name"]))


def _name(name: str) -> str:
    return one_line(name)[:NAME_LENGTH].rstrip()
