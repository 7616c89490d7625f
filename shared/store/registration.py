"""What is written once, when a name or a number of a repository is new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.cloud.firestore import DocumentReference
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from shared.store.connection import OVERTAKEN, TRANSIENT, Connection, Moved
from shared.store.deadline import Deadline
from shared.store.documents import Fields
from shared.store.write_batch import WriteBatch


@dataclass(frozen=True, slots=True)
class Registration:
    """Goes with the first contribution that is new, in one Commit.

    The `fields` are the asset's, which must be as it was when it was read, or must not exist.
    `write` adds the documents of names and numbers, with what must hold of them.
    """

    asset: DocumentReference
    fields: Fields
    # None where there was no such asset.
    read_at: Timestamp | None
    write: Callable[[WriteBatch], None]

    def carry_out(self, connection: Connection, deadline: Deadline) -> None:
        """Write it by itself, for an asset that is there.

        Raises `Moved` where something has changed since, and `Unavailable` at the deadline.
        """
        while True:
            writes = connection.write_batch()
            if self.fields:
                writes.update(self.asset, self.fields, unchanged_since=self.read_at)
            self.write(writes)
            try:
                connection.commit(writes, deadline)
            except OVERTAKEN:
                raise Moved from None
            except TRANSIENT:
                deadline.pause()
            else:
                return
