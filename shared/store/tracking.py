"""Whether tracking works: what arrived last, how much there is, and what was turned away last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference, FieldFilter, Query

from shared.domain import smoke_check
from shared.domain.asset import Asset
from shared.domain.errors import NotFound, Unavailable
from shared.domain.tracking import Activity, Rejection
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import OLD_TIME, asset_from
from shared.store.listing import ContributionFilter, contributions_query
from shared.store.lookup import Finder
from shared.store.reading import Document

# Noting a rejection must not hold up the answer that tells it.
_NOTE_BUDGET_S = 1.0


@dataclass(frozen=True)
class Tracker:
    """Reads the ledger's activity, and keeps the latest rejection."""

    connection: Connection

    def activity(self, now: datetime) -> Activity:
        """The whole ledger's, without the smoke check's: five documents or seven, three counts and
        a sum.

        Firestore bills a count or a sum by the thousand of what it goes over: contributors,
        assets, and the day's contributions, so that the ledger's age does not matter.

        The newest contribution is found by the asset that changed last, since an asset takes the
        server's time of its newest contribution. Of two, because the newest may be that of the
        smoke check.
        """
        deadline = self.connection.timing.deadline()
        assets, contributors = self.connection.assets, self.connection.contributors
        changed = self._changed_last(deadline)
        kept, asset_of_check, contributor_of_check = self._read(
            self._rejection_ref,
            assets.document(smoke_check.ASSET),
            contributors.document(smoke_check.CONTRIBUTOR),
            deadline=deadline,
        )
        checked = asset_from(asset_of_check.fields) if asset_of_check.exists else None
        contributions = self._contributions(deadline)
        if checked:
            contributions -= checked.contribution_count
        # Where both are voided throughout, an older one is not, and the newest has to do.
        lately = changed[0] if changed and contributions else None
        asset = next((asset for asset in changed if asset.contribution_count), lately)
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        today = self.connection.contributions.where(
            filter=FieldFilter("recorded_at", ">=", midnight)
        )
        recorded_today = self._count(today, deadline)
        if checked and checked.last_recorded_at and checked.last_recorded_at >= midnight:
            # By its own time, which is that of recording, since that has an index with the asset.
            checks = ContributionFilter(
                asset_id=smoke_check.ASSET_ID, since=midnight, include_voided=True
            )
            query = contributions_query(self.connection.contributions, checks)
            recorded_today -= self._count(query, deadline)
        return Activity(
            newest_at=asset.last_recorded_at if asset else None,
            newest_repository=asset.name if asset else None,
            contributions=contributions,
            contributors=self._count(contributors, deadline) - contributor_of_check.exists,
            assets=self._count(assets, deadline) - asset_of_check.exists,
            recorded_today=recorded_today,
            latest_rejection=_rejection_from(kept),
        )

    def _changed_last(self, deadline: Deadline) -> list[Asset]:
        """The assets that something was recorded for last, the newest first."""
        found: dict[str, Asset] = {}
        # Where an older version has recorded, the time has another name.
        for field in ("last_recorded_at", OLD_TIME):
            newest = self.connection.assets.order_by(field, direction=Query.DESCENDING).limit(2)
            read = partial(self.connection.query, newest)
            for document in self.connection.patiently(read, deadline):
                found[document.id] = asset_from(document.fields)
        found.pop(smoke_check.ASSET, None)
        recorded = [asset for asset in found.values() if asset.last_recorded_at]
        return sorted(recorded, key=attrgetter("last_recorded_at"), reverse=True)

    def activity_of(self, repository: str) -> Activity:
        """One repository's, from its asset alone; empty where it has no contribution."""
        deadline = self.connection.timing.deadline()
        asset: Asset | None = None
        with suppress(NotFound):
            found = Finder(self.connection).asset(repository, deadline).stored
            asset = found if found.contribution_count else None
        rejection = _rejection_from(*self._read(self._rejection_ref, deadline=deadline))
        about_it = rejection is not None and (rejection.repository or "").lower() == (
            repository.lower()
        )
        return Activity(
            newest_at=asset.last_recorded_at if asset else None,
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

    def _read(self, *references: DocumentReference, deadline: Deadline) -> list[Document]:
        found = self.connection.patiently(lambda d: self.connection.read(references, d), deadline)
        return [found[reference.path] for reference in references]

    def _contributions(self, deadline: Deadline) -> int:
        # By the assets' counts: counting the contributions would be billed by the thousand of them.
        return self.connection.patiently(
            lambda d: self.connection.sum(self.connection.assets, "contribution_count", d), deadline
        )

    def _count(self, query: Query, deadline: Deadline) -> int:
        return self.connection.patiently(lambda d: self.connection.count(query, d), deadline)


def _rejection_from(document: Document) -> Rejection | None:
    return Rejection.model_validate(document.fields) if document.exists else None
