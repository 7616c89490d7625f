"""The two names of everything in the ledger: its Firestore document id and its UUID.

Document ids are natural keys, readable in the Firestore console. UUIDs are version 5 over the
same keys (https://www.rfc-editor.org/rfc/rfc9562#section-5.5): known without a look-up, and the
same for ever.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from shared.domain.repository import Repository

_NAMESPACE = UUID("6d2f8a1e-4f5b-5c7a-9a53-0c1d2e3f4a5b")
_ESCAPED = re.compile(r"[~/\x00-\x1f\x7f]|^\.|^__")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def contributor_id(email: str) -> str:
    """The UUID of the contributor with this normalised address."""
    return str(uuid5(_NAMESPACE, f"contributor:{email}"))


def contributor_document_id(email: str) -> str:
    """The address itself, with `~2F` escapes for what a document id may not hold.

    https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
    """
    return _ESCAPED.sub(lambda m: "".join(f"~{b:02X}" for b in m[0].encode()), email)


def repository_asset_id(repository: Repository) -> str:
    """The UUID of a repository's asset."""
    return str(uuid5(_NAMESPACE, f"asset:{repository.key}"))


def repository_document_id(repository: Repository) -> str:
    """`owner:name` in lower case; a colon cannot occur in either part.

    `owner:name~number` for one whose name another account has.
    """
    return repository.key.replace("/", ":")


def repository_of(document_id: str) -> Repository | None:
    """The repository whose asset has this document id; None where it is another asset's."""
    if ":" not in document_id:
        return None
    return Repository.parse_key(document_id.replace(":", "/"))


def named_asset_id(name: str) -> str:
    """The UUID, and document id, of an asset that has a name and is no repository."""
    return str(uuid5(_NAMESPACE, f"asset-name:{' '.join(name.split()).casefold()}"))


def contribution_id(document_id: str) -> str:
    """The UUID of the contribution kept under this document id."""
    return str(uuid5(_NAMESPACE, f"contribution:{document_id}"))


def commit_document_id(repository: Repository, commit_hash: str) -> str:
    """`owner:name@hash`: one commit of one repository, hence one contribution."""
    return f"{repository_document_id(repository)}@{commit_hash}"


def asset_document_id(contribution: Mapping[str, Any]) -> str:
    """Where the asset of a contribution is kept, told from the contribution's document."""
    if key := contribution.get("asset_key"):
        return str(key)
    # Recorded by a version to which a name was a repository; other assets are kept by their id.
    name = contribution.get("repository")
    return repository_document_id(Repository.parse(name)) if name else contribution["asset_id"]


def part_document_id(asset: str, contributor: str) -> str:
    """Where the participation of a contributor in an asset is kept, by their document ids."""
    return f"{asset}@{contributor}"


def split_part(document_id: str) -> tuple[str, str]:
    """The document ids of a participation's asset and contributor."""
    asset, _, contributor = document_id.partition("@")
    return asset, contributor


def contributor_of_part(document_id: str) -> str:
    """The document id of the contributor of a participation; that of an asset holds no `@`."""
    return split_part(document_id)[1]


def keyed_document_id(*, key_name: str, idempotency_key: str) -> str:
    """The document id of a contribution sent with an `Idempotency-Key`; a key's name scopes it."""
    digest = hashlib.sha256(f"{key_name}\n{idempotency_key}".encode()).hexdigest()
    return f"key@{digest}"


def unkeyed_document_id(unique: UUID) -> str:
    """The document id of a contribution recorded by ids, without an `Idempotency-Key`."""
    return f"by-id@{unique}"


def as_uuid(text: str) -> str | None:
    """The canonical spelling of a UUID, or None where the text is not one."""
    return text.lower() if _UUID.fullmatch(text) else None
