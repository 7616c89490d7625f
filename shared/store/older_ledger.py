"""What tells that a version without months and parts wrote here, and `reconcile --repair` did not.

Until then nothing is answered from months and parts, rather than something wrong: versions may
even run side by side. The time under its old name is the mark: such a version leaves it wherever it
records, this one never does, and a repair takes it away. Where it voids, totals are no longer the
sum of the months.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.cloud.firestore import CollectionReference, Query

from shared.domain.errors import BeingBuilt
from shared.store.connection import Connection
from shared.store.documents import OLD_TIME, has_times
from shared.store.posting import ALWAYS, TOTALS


def require_built(account: Mapping[str, Any]) -> None:
    """Raises `BeingBuilt` unless all that an account counts is in its months and parts."""
    months = (account.get("months") or {}).values()
    sums = {TOTALS[name]: sum(month.get(name, 0) for month in months) for name in ALWAYS}
    if not has_times(account) or any(account.get(name) != total for name, total in sums.items()):
        raise BeingBuilt


def require_all_recorded(connection: Connection, collection: CollectionReference) -> None:
    """Raises `BeingBuilt` where an older version recorded for one of these accounts."""
    query = marked_query(collection)
    if connection.first(query, connection.timing.deadline()):
        raise BeingBuilt


def marked_query(collection: CollectionReference) -> Query:
    """The accounts with the old name of the time."""
    down = Query.DESCENDING
    return collection.order_by(OLD_TIME, direction=down).order_by("id", direction=down)
