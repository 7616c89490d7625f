"""Resource names: `projects/P/databases/D/documents/COLLECTION/ID`.

Rules: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
"""

from __future__ import annotations

import re
from functools import total_ordering

from shared.embedded.status import invalid_argument

MAX_ID_BYTES = 1500
_ROOT_SEGMENTS = 5  # projects/P/databases/D/documents
_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_DATABASE = re.compile(r"projects/[^/]+/databases/[^/]+")
_RESERVED = re.compile(r"__.+__", re.DOTALL)
_NUMERIC_ID = re.compile(r"__id(0|-?[1-9][0-9]*)__")
_NUMERIC_START = "/__id"


def is_reserved(text: str) -> bool:
    """Whether a field name or an id is of the form `__x__`, which Firestore keeps to itself."""
    return _RESERVED.fullmatch(text) is not None


def check_database(name: str) -> None:
    """Refuse what is not `projects/P/databases/D`."""
    if _DATABASE.fullmatch(name) is None:
        raise invalid_argument(f'Database name "{name}" is invalid.')


def check_document(name: str, *, database: str | None = None, what: str = "Document") -> None:
    """Refuse a name that no document can have, or that lies outside `database`."""
    segments = name.split("/")
    if len(segments) < _ROOT_SEGMENTS + 2 or _ROOT.match(name) is None or len(segments) % 2 == 0:
        raise invalid_argument(f'{what} name "{name}" is invalid.')
    if database is not None and not name.startswith(f"{database}/documents/"):
        raise invalid_argument(f'{what} name "{name}" is not in database "{database}".')
    for segment in segments[_ROOT_SEGMENTS:]:
        check_id(segment, where=name)


def check_parent(name: str) -> None:
    """Refuse what is neither the root of a database nor a document."""
    if _ROOT.fullmatch(name) is None:
        check_document(name, what="Document parent")


def check_id(segment: str, *, where: str) -> None:
    """Refuse a collection or document id that Firestore refuses."""
    if not segment:
        raise invalid_argument(f'Document name "{where}" lacks a resource id.')
    if segment in {".", ".."}:
        raise invalid_argument(f'Document name "{where}" contains the resource id "{segment}".')
    if is_reserved(segment) and _NUMERIC_ID.fullmatch(segment) is None:
        raise invalid_argument(f'Resource id "{segment}" is invalid because it is reserved.')
    if len(segment.encode()) > MAX_ID_BYTES:
        raise invalid_argument(f"The resource id is longer than {MAX_ID_BYTES} bytes.")


def collection_of(name: str) -> str:
    """The name of the collection that a document is in."""
    return name.rpartition("/")[0]


def relative(name: str) -> list[str]:
    """The segments below `.../documents`: collection, id, collection, id, ..."""
    return name.split("/")[_ROOT_SEGMENTS:]


@total_ordering
class NameKey:
    """The place of a name in the order: segment by segment, numeric ids before all others.

    Segments compare by UTF-8 bytes, which is the order of Python's strings. The segments are only
    looked at when two names are compared, since most comparisons of documents end before that.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NameKey) and self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __lt__(self, other: NameKey) -> bool:
        if _NUMERIC_START in self._name or _NUMERIC_START in other._name:
            return _segments(self._name) < _segments(other._name)
        return self._name.split("/") < other._name.split("/")


def _segments(name: str) -> list[tuple[int, int | str]]:
    return [
        (0, int(match[1])) if (match := _NUMERIC_ID.fullmatch(segment)) else (1, segment)
        for segment in name.split("/")
    ]
