"""Recording by the ids of a contributor and an asset, and corrections of what was voided."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from google.api_core.exceptions import Aborted
from google.cloud.firestore import DocumentReference

from shared.domain.contribution import NewContribution, StoredContribution
from shared.domain.contribution_by_ids import contribution_by_ids
from shared.domain.contributor import ContributorType
from shared.domain.errors import Conflict, InvalidInput, OutcomeUnknown, Unavailable
from shared.domain.identifiers import (
    contribution_id,
    keyed_document_id,
    unkeyed_document_id,
)
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import contribution_from, to_fields
from shared.store.lookup import Finder, Found
from shared.store.posting import Posting
from shared.store.recording import Recorded


@dataclass(frozen=True)
class RecorderByIds:
    """Records contributions by ids over one connection."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    unique: Callable[[], UUID] = uuid4

    def record(
        self,
        request: NewContribution,
        *,
        recorded_by: str,
        idempotency_key: str | None = None,
        deadline: Deadline | None = None,
    ) -> Recorded:
        """Record a contribution; with an idempotency key, the same request again is a replay.

        Raises `NotFound` for a contributor, an asset or a corrected contribution that does not
        exist, `InvalidInput` where the key came with another request before, and `Conflict` where
        the corrected contribution is not voided or has its correction. Raises `Unavailable` when
        Firestore does not answer in time, and `OutcomeUnknown` where it may have recorded what has
        no key: sent again, that would be another contribution.
        """
        deadline = deadline or self.connection.timing.deadline()
        attempt = _Attempt(self, request, recorded_by, idempotency_key, deadline)
        try:
            while True:
                try:
                    return attempt.kept() or attempt.commit()
                except (*OVERTAKEN, *TRANSIENT):
                    # Overtaken by the same request, or the corrected contribution has changed.
                    deadline.pause()
        except Unavailable:
            if attempt.answer_lost and idempotency_key is None:
                raise OutcomeUnknown(safely="an Idempotency-Key") from None
            raise


class _Attempt:
    """One request to record a contribution, and the document it is to become."""

    def __init__(
        self,
        recorder: RecorderByIds,
        request: NewContribution,
        recorded_by: str,
        idempotency_key: str | None,
        deadline: Deadline,
    ) -> None:
        self.connection = recorder.connection
        self.classify = recorder.classify
        self.request = request
        self.recorded_by = recorded_by
        self.deadline = deadline
        self.now = recorder.clock()
        self.digest = _digest(request)
        self.document_id = (
            unkeyed_document_id(recorder.unique())
            if idempotency_key is None
            else keyed_document_id(key_name=recorded_by, idempotency_key=idempotency_key)
        )
        self.reference: DocumentReference = self.connection.contributions.document(self.document_id)
        self.nonce = recorder.unique().hex
        # A new document id cannot be taken, unless by a try of ours whose answer was lost.
        self.may_be_kept = idempotency_key is not None
        # Whether a Commit may have been carried out without our being told.
        self.answer_lost = False

    def kept(self) -> Recorded | None:
        """The contribution that stands in the document already, if one does."""
        if not self.may_be_kept:
            self.may_be_kept = True
            return None
        document = self.connection.read([self.reference], self.deadline)[self.reference.path]
        if not document.exists:
            return None
        contribution = contribution_from(document.fields)
        if contribution.request_digest != self.digest:
            raise InvalidInput.at(
                ":Idempotency-Key", "was used before, with another request; choose a new key"
            )
        return Recorded(contribution, replayed=contribution.request_nonce != self.nonce)

    def commit(self) -> Recorded:
        finder = Finder(self.connection)
        contributor = finder.contributor(self.request.contributor_id, self.deadline)
        asset = finder.asset(self.request.asset_id, self.deadline)
        corrected = self._corrected(finder)
        contribution = contribution_by_ids(
            self.request,
            document_id=self.document_id,
            contributor=contributor.stored,
            asset=asset.stored,
            asset_key=asset.document.id,
            corrects=corrected.stored.id if corrected else None,
            recorded_by=self.recorded_by,
            request_digest=self.digest,
            request_nonce=self.nonce,
            now=self.now,
        )
        posting = Posting(self.connection, self.classify)
        fields = to_fields(contribution)
        posting.add(self.reference, fields, asset=asset.reference, author=contributor.reference)
        writes = posting.writes()
        if corrected:
            # The state that was read must still stand, so that there is one correction.
            read_at = corrected.document.update_time
            change = {"corrected_by": contribution.id}
            writes.update(corrected.reference, change, unchanged_since=read_at)
        try:
            recorded_at = self.connection.commit(writes, self.deadline)
        except Aborted:
            raise
        except TRANSIENT:
            self.answer_lost = True
            raise
        return Recorded(
            contribution.model_copy(update={"recorded_at": recorded_at}), replayed=False
        )

    def _corrected(self, finder: Finder) -> Found[StoredContribution] | None:
        if self.request.corrects is None:
            return None
        found = finder.contribution(self.request.corrects, self.deadline)
        if not found.stored.voided:
            raise Conflict("Only a voided contribution can be corrected", code="not_voided")
        if found.stored.corrected_by == contribution_id(self.document_id):
            raise Aborted("The same request came between; it is kept by now")
        if found.stored.corrected_by is not None:
            raise Conflict(
                f"The contribution was corrected already, by {found.stored.corrected_by}",
                code="already_corrected",
            )
        return found


def _digest(request: NewContribution) -> str:
    # In one order: the members of a JSON object have none, and a retry may send them in another.
    told = request.model_dump(mode="json")
    if not request.assistance:
        # Digests that are kept from before it could be told are still those of the same request.
        del told["assistance"]
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
