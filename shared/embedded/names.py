"""Resource names: `projects/P/databases/D/documents/COLLECTION/ID`.

Rules: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
"""

from __future__ import annotations

import re

from shared.embedded.status import invalid_argument, unimplemented

MAX_ID_BYTES = 1500
_ROOT_SEGMENTS = 5  # projects/P/databases/D/documents
_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_DATABASE = re.compile(r"projects/[^/]+/databases/[^/]+")
_RESERVED = re.compile(r"__.+__", re.DOTALL)


def is_reserved(text: str) -> bool:
    """Whether a field name or an id is of the form `__x__`, which Firestore keeps to itself."""
    return _RESERVED.fullmatch(text) is not None


def check_database(name: str) -> None:
    """Refuse what is not `projects/P/databases/D`."""
    if _DATABASE.fullmatch(name) is None:
        raise invalid_argument(f'Database name "{name}" is invalid.')


def check_document(name: str, *, database: str) -> None:
    """Refuse a name that no document can have, or that lies outside `database`."""
    segments = name.split("/")
    if len(segments) < _ROOT_SEGMENTS + 2 or _ROOT.match(name) is None or len(segments) % 2 == 0:
        raise invalid_argument(f'Document name "{name}" is invalid.')
    if not name.startswith(f"{database}/documents/"):
        raise invalid_argument(f'Document name "{name}" is not in database "{database}".')
    if len(segments) > _ROOT_SEGMENTS + 2:
        raise unimplemented("The embedded store has collections at the root only.")
    for segment in segments[_ROOT_SEGMENTS:]:
        check_id(segment, where=name)


def check_root(parent: str) -> None:
    """Refuse a parent of collections that is not the root of a database."""
    if _ROOT.fullmatch(parent) is None:
        raise unimplemented("The embedded store has collections at the root only.")


def check_id(segment: str, *, where: str) -> None:
    """Refuse a collection or document id that Firestore refuses."""
    if not segment:
        raise invalid_argument(f'Document name "{where}" lacks a resource id.')
    if segment in {".", ".."} or is_reserved(segment):
        raise invalid_argument(f'Resource id "{segment}" is invalid because it is reserved.')
    if len(segment.encode()) > MAX_ID_BYTES:
        raise invalid_argument(f"The resource id is longer than {MAX_ID_BYTES} bytes.")


def split(name: str) -> tuple[str, str]:
    """The name of the collection that a document is in, and its id there."""
    collection, _, document_id = name.rpartition("/")
    return collection, document_id
