"""API keys kept in Firestore, beside those that the environment names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from google.api_core.exceptions import GoogleAPICallError
from google.api_core.exceptions import NotFound as NoSuchDocument
from google.cloud.firestore import SERVER_TIMESTAMP, CollectionReference

from shared.domain.api_key import ApiKey
from shared.domain.errors import NotFound, Unavailable
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import to_fields

# Noting a use must not hold up the request that used the key.
_TOUCH_BUDGET_S = 1.0


@dataclass(frozen=True)
class KeyStore:
    """The collection `keys`: a document for each key, under the key's id."""

    connection: Connection

    @property
    def _keys(self) -> CollectionReference:
        return self.connection.client.collection("keys")

    def create(self, key: ApiKey) -> None:
        """Keep a new key."""
        writes = self.connection.write_batch()
        writes.create(
            self._keys.document(key.id), to_fields(key) | {"created_at": SERVER_TIMESTAMP}
        )
        self.connection.commit(writes, self.connection.timing.deadline())

    def find(self, key_id: str, deadline: Deadline | None = None) -> ApiKey | None:
        """The key with this id, revoked and expired ones included. One read."""
        reference = self._keys.document(key_id)
        found = self.connection.patiently(lambda d: self.connection.read([reference], d), deadline)
        document = found[reference.path]
        return ApiKey.model_validate(document.fields) if document.exists else None

    def any(self, deadline: Deadline | None = None) -> bool:
        """Whether there is a key at all. One read."""
        query = self._keys.select(())
        deadline = deadline or self.connection.timing.deadline()
        return self.connection.first(query, deadline) is not None

    def all(self) -> Sequence[ApiKey]:
        """Every key, oldest first."""
        query = self._keys.order_by("created_at")
        found = self.connection.patiently(lambda d: self.connection.query(query, d))
        return [ApiKey.model_validate(document.fields) for document in found]

    def revoke(self, key_id: str) -> None:
        """Take a key out of use for good; raises `NotFound` where there is none."""
        writes = self.connection.write_batch()
        writes.update(self._keys.document(key_id), {"revoked_at": SERVER_TIMESTAMP})
        try:
            self.connection.commit(writes, self.connection.timing.deadline())
        except NoSuchDocument:
            raise NotFound("Key") from None

    def touch(self, key_id: str) -> bool:
        """Note that a key was used now; False where that did not work, which is no one's loss."""
        writes = self.connection.write_batch()
        writes.update(self._keys.document(key_id), {"last_used_at": SERVER_TIMESTAMP})
        try:
            self.connection.commit(writes, self.connection.timing.deadline(_TOUCH_BUDGET_S))
        except (GoogleAPICallError, Unavailable):
            return False
        return True
