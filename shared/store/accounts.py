"""Creating contributors and assets by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.asset import Asset, NewAsset, new_asset
from shared.domain.contributor import Contributor, NewContributor
from shared.domain.errors import Conflict
from shared.domain.identifiers import contributor_document_id, contributor_id
from shared.store.connection import TRANSIENT, Connection
from shared.store.documents import to_fields


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
        created_at = self._create(reference, contributor)
        if created_at is None:
            raise Conflict(f"A contributor with this email exists as {contributor.id}")
        return contributor.model_copy(update={"created_at": created_at})

    def create_asset(self, request: NewAsset) -> Asset:
        """A new asset; raises `Conflict`, naming the id, where the name is taken."""
        document_id, asset = new_asset(request, unique=self.unique())
        created_at = self._create(self.connection.assets.document(document_id), asset)
        if created_at is None:
            raise Conflict(f"An asset with this name exists as {asset.id}")
        return asset.model_copy(update={"created_at": created_at})

    def _create(self, reference: DocumentReference, record: Contributor | Asset) -> datetime | None:
        """The server's time of creation, or None where the document exists."""
        deadline = self.connection.timing.deadline()
        while True:
            batch = self.connection.batch()
            batch.create(reference, to_fields(record) | {"created_at": SERVER_TIMESTAMP})
            try:
                created_at: datetime = self.connection.commit(batch, deadline).transforms[0][0]
            except AlreadyExists:
                return None
            except TRANSIENT:
                deadline.pause()
            else:
                return created_at
