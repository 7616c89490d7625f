"""Finding one contributor, asset or contribution by any of its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.cloud.firestore import (
    CollectionReference,
    DocumentReference,
    FieldFilter,
)

from shared.domain.asset import Asset
from shared.domain.contribution import StoredContribution
from shared.domain.contributor import Contributor
from shared.domain.email import normalise_email
from shared.domain.errors import NotFound
from shared.domain.identifiers import (
    as_uuid,
    commit_document_id,
    contributor_document_id,
    repository_document_id,
)
from shared.domain.repository import Repository, normalise_commit_hash
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import asset_from, contribution_from, contributor_from
from shared.store.reading import Document

_S = TypeVar("_S")


@dataclass(frozen=True, slots=True)
class Found(Generic[_S]):
    """What is stored, with the document it stands in, as it was when read."""

    stored: _S
    document: Document

    @property
    def reference(self) -> DocumentReference:
        return self.document.reference


@dataclass(frozen=True)
class Finder:
    """Look-ups; each raises `NotFound` where there is no such thing, or the key is malformed.

    A UUID is found by one query, an imported id by a second one, a natural key by a direct read.
    """

    connection: Connection

    def contributor(self, key: str, deadline: Deadline | None = None) -> Found[Contributor]:
        """A contributor by UUID, imported id or email."""
        return self._find(
            "Contributor",
            self.connection.contributors,
            key,
            lambda text: contributor_document_id(normalise_email(text)),
            contributor_from,
            deadline,
        )

    def asset(self, key: str, deadline: Deadline | None = None) -> Found[Asset]:
        """An asset by UUID, imported id or `owner/repo`, also with `~number`."""
        return self._find(
            "Asset",
            self.connection.assets,
            key,
            lambda text: repository_document_id(Repository.parse_key(text)),
            asset_from,
            deadline,
        )

    def contribution(self, key: str, deadline: Deadline | None = None) -> Found[StoredContribution]:
        """A contribution by UUID, imported id or `owner/repo@commit`."""
        return self._find(
            "Contribution",
            self.connection.contributions,
            key,
            _commit_key,
            contribution_from,
            deadline,
        )

    def _find(
        self,
        thing: str,
        collection: CollectionReference,
        key: str,
        natural_id: Callable[[str], str],
        build: Callable[[Mapping[str, Any]], _S],
        deadline: Deadline | None,
    ) -> Found[_S]:
        deadline = deadline or self.connection.timing.deadline()
        uuid = as_uuid(key)
        if uuid:
            document = self._by_id(collection, uuid, deadline)
        else:
            try:
                reference = collection.document(natural_id(key))
            except ValueError:
                raise NotFound(thing) from None
            document = self._read(reference, deadline)
            if collection != self.connection.contributors and _is_gone(document):
                document = self._under_another_name(reference, deadline) or document
        if document is None or not document.exists:
            raise NotFound(thing)
        return Found(build(document.fields), document)

    def _read(self, reference: DocumentReference, deadline: Deadline) -> Document:
        read = self.connection.patiently(lambda d: self.connection.read([reference], d), deadline)
        return read[reference.path]

    def _under_another_name(
        self, reference: DocumentReference, deadline: Deadline
    ) -> Document | None:
        """The asset or the contribution where the name of its repository is a further one."""
        name, at, commit_hash = reference.id.partition("@")
        leads_to = self._read(self.connection.further_name(name), deadline).fields.get("leads_to")
        if leads_to is None:
            return None
        document_id = repository_document_id(Repository.parse_key(leads_to)) + at + commit_hash
        document = self._read(reference.parent.document(document_id), deadline)
        return document if document.exists else None

    def _by_id(
        self, collection: CollectionReference, uuid: str, deadline: Deadline
    ) -> Document | None:
        for condition in (
            FieldFilter("id", "==", uuid),
            FieldFilter("legacy_ids", "array_contains", uuid),
        ):
            document = self.connection.first(collection.where(filter=condition), deadline)
            if document:
                return document
        return None


def _is_gone(document: Document) -> bool:
    return not document.exists or document.fields.get("voided") is True


def _commit_key(text: str) -> str:
    repository, at, commit_hash = text.partition("@")
    if not at:
        raise ValueError("must be owner/repo@commit")
    return commit_document_id(Repository.parse_key(repository), normalise_commit_hash(commit_hash))
