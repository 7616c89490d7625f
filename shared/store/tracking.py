"""Whether tracking works: what arrived last, how much there is, and what was turned away last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, FieldFilter, Query

from shared.domain.asset import Asset
from shared.domain.errors import NotFound, Unavailable
from shared.domain.tracking import Activity, Rejection
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import asset_from
from shared.store.lookup import Finder

# Noting a rejection must not hold up the answer that tells it.
_NOTE_BUDGET_S = 1.0


@dataclass(frozen=True)
class Tracker:
    """Reads the ledger's activity, and keeps the latest rejection."""

    connection: Connection

    def activity(self, now: datetime) -> Activity:
        """The whole ledger's: three documents, three counts and a sum.

        Firestore bills a count or a sum by the thousand of what it goes over: contributors,
        assets, and the day's contributions, so that the ledger's age does not matter.

        The newest contribution is found by the asset that changed last, since an asset takes the
        server's time of its newest contribution. Of two, because the newest may be that of the
        smoke check, which voids what it records.
        """
        deadline = self.connection.timing.deadline()
        assets = self.connection.assets
        newest = assets.order_by("last_contribution_at", direction=Query.DESCENDING).limit(2)
        found = self.connection.patiently(lambda d: self.connection.query(newest, d), deadline)
        changed = [asset_from(document.fields) for document in found]
        contributions = self._contributions(deadline)
        # Where both are voided throughout, an older one is not, and the newest has to do.
        lately = changed[0] if changed and contributions else None
        asset = next((asset for asset in changed if asset.contribution_count), lately)
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        today = self.connection.contributions.where(
            filter=FieldFilter("recorded_at", ">=", midnight)
        )
        return Activity(
            newest_at=asset.last_contribution_at if asset else None,
            newest_repository=asset.name if asset else None,
            contributions=contributions,
            contributors=self._count(self.connection.contributors, deadline),
            assets=self._count(assets, deadline),
            recorded_today=self._count(today, deadline),
            latest_rejection=self._latest_rejection(deadline),
        )

    def activity_of(self, repository: str) -> Activity:
        """One repository's, from its asset alone; empty where it has no contribution."""
        deadline = self.connection.timing.deadline()
        asset: Asset | None = None
        with suppress(NotFound):
            found = Finder(self.connection).asset(repository, deadline).stored
            asset = found if found.contribution_count else None
        rejection = self._latest_rejection(deadline)
        about_it = rejection is not None and (rejection.repository or "").lower() == (
            repository.lower()
        )
        return Activity(
            newest_at=asset.last_contribution_at if asset else None,
            newest_repository=asset.name if asset else None,
            contributions=asset.contribution_count if asset else 0,
            latest_rejection=rejection if about_it else None,
        )

    def note(self, rejection: Rejection) -> bool:
        """Keep a rejection as the latest one; False where that did not work."""
        writes = self.connection.write_batch()
        fields = rejection.model_dump(mode="python") | {"at": SERVER_TIMESTAMP}
        writes.set(self._rejection_ref, fields)
        try:
            self.connection.commit(writes, self.connection.timing.deadline(_NOTE_BUDGET_S))
        except (GoogleAPICallError, Unavailable):
            return False
        return True

    @property
    def _rejection_ref(self) -> DocumentReference:
        return self.connection.client.collection("tracking").document("latest_rejection")

    def _latest_rejection(self, deadline: Deadline) -> Rejection | None:
        reference = self._rejection_ref
        found = self.connection.patiently(lambda d: self.connection.read([reference], d), deadline)
        document = found[reference.path]
        return Rejection.model_validate(document.fields) if document.exists else None

    def _contributions(self, deadline: Deadline) -> int:
        # By the assets' counts: counting the contributions would be billed by the thousand of them.
        return self.connection.patiently(
            lambda d: self.connection.sum(self.connection.assets, "contribution_count", d), deadline
        )

    def _count(self, query: Query, deadline: Deadline) -> int:
        return self.connection.patiently(lambda d: self.connection.count(query, d), deadline)
