"""Voiding a contribution: it stays where it is, and leaves the totals exactly once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from google.cloud.firestore import SERVER_TIMESTAMP

from shared.domain.contribution import StoredContribution
from shared.domain.contributor import ContributorType
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.lookup import Finder
from shared.store.posting import Posting


@dataclass(frozen=True, slots=True)
class Voided:
    """A voided contribution, and whether it was voided before."""

    contribution: StoredContribution
    replayed: bool


@dataclass(frozen=True)
class Voider:
    """Voids contributions over one connection; `classify` as for recording."""

    connection: Connection
    classify: Callable[[str], ContributorType]

    def void(
        self, key: str, *, voided_by: str, reason: str | None, deadline: Deadline | None = None
    ) -> Voided:
        """Void the one with this id or natural key, and take it out of all totals it is in.

        Raises `NotFound` where there is none. The contribution is updated on condition that it
        still is what was read, in the Commit that lowers the totals: of many tries at once, one
        counts. An account that is gone is made anew, as recording does.
        """
        deadline = deadline or self.connection.timing.deadline()
        change = {"voided": True, "voided_by": voided_by, "void_reason": reason}
        missing: Collection[str] = ()
        while True:
            found = Finder(self.connection).contribution(key, deadline)
            if found.stored.voided:
                return Voided(found.stored, replayed=True)
            posting = Posting(self.connection, self.classify, sign=-1)
            posting.count(found.document.fields)
            writes = self.connection.write_batch()
            now = {"voided_at": SERVER_TIMESTAMP}
            read_at = found.document.update_time
            writes.update(found.reference, change | now, unchanged_since=read_at)
            try:
                at = self.connection.commit(posting.writes(missing, behind=writes), deadline)
            except OVERTAKEN:
                missing = self.connection.patiently(posting.missing, deadline)
                deadline.pause()
            except TRANSIENT:
                deadline.pause()
            else:
                voided = found.stored.model_copy(update=change | {"voided_at": at})
                return Voided(voided, replayed=False)
