"""Voiding a contribution: it stays where it is, and leaves the totals exactly once."""

from __future__ import annotations

from dataclasses import dataclass

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.contribution import StoredContribution
from shared.domain.identifiers import contributor_document_id, repository_document_id
from shared.domain.repository import Repository
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import removed
from shared.store.lookup import Finder, Found


@dataclass(frozen=True, slots=True)
class Voided:
    """A voided contribution, and whether it was voided before."""

    contribution: StoredContribution
    replayed: bool


@dataclass(frozen=True)
class Voider:
    """Voids contributions over one connection."""

    connection: Connection

    def void(self, key: str, *, voided_by: str, reason: str | None) -> Voided:
        """Void the one with this id or natural key, and take it out of all totals it is in.

        Raises `NotFound` where there is none. The contribution is updated on condition that it
        still is what was read, in the Commit that lowers the totals: of many tries at once, one
        counts.
        """
        deadline = self.connection.timing.deadline()
        while True:
            found = Finder(self.connection).contribution(key, deadline)
            if found.stored.voided:
                return Voided(found.stored, replayed=True)
            try:
                return Voided(self._commit(found, voided_by, reason, deadline), replayed=False)
            except (*OVERTAKEN, *TRANSIENT):
                deadline.pause()

    def _commit(
        self,
        found: Found[StoredContribution],
        voided_by: str,
        reason: str | None,
        deadline: Deadline,
    ) -> StoredContribution:
        contribution = found.stored
        change = {"voided": True, "voided_by": voided_by, "void_reason": reason}
        unchanged = self.connection.client.write_option(last_update_time=found.document.update_time)
        writes = self.connection.write_batch()
        writes.update(found.reference, change | {"voided_at": SERVER_TIMESTAMP}, option=unchanged)
        writes.update(self._asset_ref(contribution), removed(micros=contribution.cost_amount))
        for credit in contribution.credits:
            person = self.connection.contributors.document(contributor_document_id(credit.email))
            writes.update(person, removed(micros=credit.share_amount))
        [[voided_at], *_] = self.connection.commit(writes, deadline).transforms
        return contribution.model_copy(update=change | {"voided_at": voided_at})

    def _asset_ref(self, contribution: StoredContribution) -> DocumentReference:
        # Other assets than repositories are kept under their own id.
        document_id = (
            repository_document_id(Repository.parse(contribution.repository))
            if contribution.repository
            else contribution.asset_id
        )
        return self.connection.assets.document(document_id)
