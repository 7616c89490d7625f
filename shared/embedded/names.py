"""Resource names: `projects/P/databases/D/documents/COLLECTION/ID`.

Rules: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
"""

from __future__ import annotations

import re

from shared.embedded.status import invalid_argument, unimplemented

MAX_ID_BYTES = 1500
_ROOT = re.compile(r"projects/[^/]+/databases/[^/]+/documents")
_RESERVED = re.compile(r"__.+__", re.DOTALL)


def is_reserved(text: str) -> bool:
    """Whether a field name or an id is of the form `__x__`, which Firestore keeps to itself."""
    return _RESERVED.fullmatch(text) is not None


def check_document(name: str, *, database: str) -> None:
    """Refuse a name that no document can have, or that lies outside `database`."""
    root, *segments = name.removeprefix(f"{database}/").split("/")
    if _ROOT.fullmatch(f"{database}/{root}") is None or not segments or len(segments) % 2:
        raise invalid_argument(f'Document name "{name}" is no document of "{database}".')
    if len(segments) > 2:
        raise unimplemented("The embedded store has collections at the root only.")
    for segment in segments:
        check_id(segment)


def check_root(parent: str) -> None:
    """Refuse a parent of collections that is not the root of a database."""
    if _ROOT.fullmatch(parent) is None:
        raise unimplemented("The embedded store has collections at the root only.")


def check_id(segment: str) -> None:
    """Refuse a collection or document id that Firestore refuses."""
    if segment in {"", ".", ".."} or is_reserved(segment):
        raise invalid_argument(f'Resource id "{segment}" is empty or reserved.')
    if len(segment.encode()) > MAX_ID_BYTES:
        raise invalid_argument(f"The resource id is longer than {MAX_ID_BYTES} bytes.")


def split(name: str) -> tuple[str, str]:
    """The name of the collection that a document is in, and its id there."""
    collection, _, document_id = name.rpartition("/")
    return collection, document_id
