"""The store's way to Firestore: collections, the calls it makes, and what their errors mean.

Each call has its own timeout and no retry of the client's, which would go on for 60 seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar

from google.api_core import exceptions as google_errors
from google.cloud.firestore import (
    Client,
    CollectionReference,
    DocumentReference,
    Query,
)
from google.cloud.firestore_v1.types import CommitResponse
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from shared.domain.drift import Kind
from shared.store.deadline import Deadline, Timing
from shared.store.reading import ONCE, Document, read_documents, run_query
from shared.store.write_batch import WriteBatch

# Worth another try within the deadline. A commit may be among them although it was carried out
# and only its answer was lost: its create makes sure that it counts once. `Aborted` is contention.
# Never caught as their base `Conflict`, which `AlreadyExists` shares with `Aborted`.
TRANSIENT = (
    google_errors.Aborted,
    google_errors.DeadlineExceeded,
    google_errors.InternalServerError,
    google_errors.ResourceExhausted,
    google_errors.ServiceUnavailable,
    google_errors.Unknown,
    google_errors.Cancelled,
)
# A precondition did not hold: somebody else was there first. Read, and decide again.
OVERTAKEN = (
    google_errors.AlreadyExists,
    google_errors.FailedPrecondition,
    google_errors.NotFound,
)

# The most that one call reads of what may be many.
DOCUMENTS_A_READ = 500

_T = TypeVar("_T")


class Moved(Exception):
    """What was found of a repository's name or number has changed meanwhile: look again."""


@dataclass(frozen=True)
class Connection:
    """One Firestore client with the ledger's collections. Thread-safe, as the client is."""

    client: Client
    timing: Timing = field(default_factory=Timing)

    @cached_property
    def contributors(self) -> CollectionReference:
        return self.client.collection("contributors")

    @cached_property
    def assets(self) -> CollectionReference:
        return self.client.collection("assets")

    @cached_property
    def contributions(self) -> CollectionReference:
        return self.client.collection("contributions")

    @cached_property
    def aliases(self) -> CollectionReference:
        return self.client.collection("aliases")

    @cached_property
    def participations(self) -> CollectionReference:
        return self.client.collection("participations")

    @cached_property
    def further_names(self) -> CollectionReference:
        return self.client.collection("repositories")

    def accounts(self, kind: Kind) -> CollectionReference:
        """The collection of contributors, assets or participations."""
        match kind:
            case Kind.CONTRIBUTOR:
                return self.contributors
            case Kind.ASSET:
                return self.assets
            case Kind.PART:
                return self.participations

    def further_name(self, document_id: str) -> DocumentReference:
        """Where it stands to which account a repository's name leads, if it is a further one."""
        return self.further_names.document(f"name@{document_id}")

    def number(self, number: int) -> DocumentReference:
        """Where it stands whose GitHub's number this is."""
        return self.client.collection("repositories").document(f"number@{number}")

    def write_batch(self) -> WriteBatch:
        """No writes yet, for one Commit."""
        return WriteBatch(self.client)

    def commit(self, writes: WriteBatch, deadline: Deadline) -> datetime:
        """Carry out writes: all of it or none. One RPC, one try; the caller decides on another.

        Gives the server's time that the first write took, where it took one.
        """
        response = self.client._firestore_api.commit(
            request=writes.request,
            metadata=self.client._rpc_metadata,
            retry=ONCE,
            timeout=deadline.timeout(),
        )
        answer = CommitResponse.pb(response)
        at = answer.commit_time
        if answer.write_results and answer.write_results[0].transform_results:
            at = answer.write_results[0].transform_results[0].timestamp_value
        when: datetime = at.ToDatetime(tzinfo=UTC)
        return when

    def read(
        self,
        references: Sequence[DocumentReference],
        deadline: Deadline,
        *,
        fields: Sequence[str] | None = None,
    ) -> dict[str, Document]:
        """Documents by path, with those that do not exist; all fields or some. One RPC."""
        found = read_documents(self.client, references, fields=fields, timeout=deadline.timeout())
        return {document.path: document for document in found}

    def existing(
        self,
        references: Sequence[DocumentReference],
        deadline: Deadline,
        *,
        fields: Sequence[str] | None = None,
    ) -> dict[str, Document]:
        """Those of many documents that exist, by id. Tried until the deadline."""
        found: dict[str, Document] = {}
        for start in range(0, len(references), DOCUMENTS_A_READ):
            some = references[start : start + DOCUMENTS_A_READ]
            read = self.patiently(lambda d: self.read(some, d, fields=fields), deadline)  # noqa: B023
            found |= {document.id: document for document in read.values() if document.exists}
        return found

    def query(
        self, query: Query, deadline: Deadline, *, at: Timestamp | None = None
    ) -> list[Document]:
        """All results of a query, now or as they were at a time of the last hour. One RPC."""
        return run_query(self.client, query, timeout=deadline.timeout(), at=at)

    def count(self, query: Query, deadline: Deadline) -> int:
        """How many documents a query has, counted by Firestore. One RPC.

        https://firebase.google.com/docs/firestore/query-data/aggregation-queries
        """
        [[result]] = query.count().get(retry=ONCE, timeout=deadline.timeout())
        return int(result.value)

    def sum(self, query: Query, field: str, deadline: Deadline) -> int:
        """What a whole-number field comes to over a query, summed by Firestore. One RPC."""
        [[result]] = query.sum(field).get(retry=ONCE, timeout=deadline.timeout())
        return int(result.value)

    def first(self, query: Query, deadline: Deadline) -> Document | None:
        """The first result of a query, or None. Tried until the deadline."""
        query = query.limit(1)
        found = self.patiently(lambda d: self.query(query, d), deadline)
        return found[0] if found else None

    def patiently(self, call: Callable[[Deadline], _T], deadline: Deadline | None = None) -> _T:
        """The result of reads, tried again on a passing fault until the deadline.

        Raises `Unavailable` at the deadline.
        """
        deadline = deadline or self.timing.deadline()
        while True:
            try:
                return call(deadline)
            except TRANSIENT:
                deadline.pause()
