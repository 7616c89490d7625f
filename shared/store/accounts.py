"""Creating contributors and assets by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.asset import Asset, NewAsset, new_asset
from shared.domain.contributor import Contributor, NewContributor
from shared.domain.errors import Conflict
from shared.domain.identifiers import contributor_document_id, contributor_id
from shared.store.connection import TRANSIENT, Connection
from shared.store.documents import Fields, asset_from, contributor_from, to_fields

_S = TypeVar("_S", Contributor, Asset)


@dataclass(frozen=True)
class Registrar:
    """Creates contributors and assets; `unique` gives the id of an asset without a name."""

    connection: Connection
    unique: Callable[[], UUID] = uuid4

    def create_contributor(self, request: NewContributor) -> Contributor:
        """A new contributor; raises `Conflict`, naming the id, where the address is taken."""
        contributor = Contributor(
            id=contributor_id(request.email),
            email=request.email,
            name=request.name,
            contributor_type=request.contributor_type,
            wallet_address=request.wallet_address,
            hourly_rate=request.hourly_rate,
        )
        reference = self.connection.contributors.document(contributor_document_id(request.email))
        created = self._create(reference, contributor, contributor_from)
        if created is None:
            raise Conflict(f"A contributor with this email exists as {contributor.id}")
        return created

    def create_asset(self, request: NewAsset) -> Asset:
        """A new asset; raises `Conflict`, naming the id, where the name is taken."""
        document_id, asset = new_asset(request, unique=self.unique())
        created = self._create(self.connection.assets.document(document_id), asset, asset_from)
        if created is None:
            raise Conflict(f"An asset with this name exists as {asset.id}")
        return created

    def _create(
        self, reference: DocumentReference, stored: _S, build: Callable[[Fields], _S]
    ) -> _S | None:
        """What is stored, with its server time, or None where another one is there."""
        deadline = self.connection.timing.deadline()
        answer_lost = False
        while True:
            writes = self.connection.write_batch()
            writes.create(reference, to_fields(stored) | {"created_at": SERVER_TIMESTAMP})
            try:
                created_at = self.connection.commit(writes, deadline)
            except AlreadyExists:
                if not answer_lost:
                    return None
                # It may be ours: from the try before this one, whose answer did not arrive.
                [kept] = self.connection.patiently(
                    lambda d: self.connection.read([reference], d), deadline
                ).values()
                created = build(kept.fields)
                return created if _but_created(created) == stored else None
            except TRANSIENT:
                answer_lost = True
                deadline.pause()
            else:
                return stored.model_copy(update={"created_at": created_at})


def _but_created(stored: _S) -> _S:
    return stored.model_copy(update={"created_at": None})
