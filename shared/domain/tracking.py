"""Whether tracking works, told from what was recorded last."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.fields import Stored, Time


class TrackingStatus(StrEnum):
    """`quiet` and `empty` are what the replaced service could be in without anybody seeing it."""

    RECEIVING = "receiving"
    QUIET = "quiet"
    EMPTY = "empty"


class Rejection(Stored):
    """A request that came with a valid credential and was turned away."""

    at: Time | None = None
    code: str
    reason: str
    repository: str | None = None


class Activity(Stored):
    """What the ledger has received; None where it was not asked for."""

    newest_at: Time | None = None
    newest_repository: str | None = None
    contributions: int = 0
    contributors: int | None = None
    assets: int | None = None
    recorded_today: int | None = None
    latest_rejection: Rejection | None = None


class Tracking(Activity):
    """The answer to whether tracking works."""

    status: TrackingStatus
    quiet_after_hours: int


def tracking_of(activity: Activity, *, now: datetime, quiet_after_hours: int) -> Tracking:
    """The status: `empty` without any contribution, `quiet` where the newest one is too old."""
    if activity.newest_at is None:
        status = TrackingStatus.EMPTY
    elif now - activity.newest_at > timedelta(hours=quiet_after_hours):
        status = TrackingStatus.QUIET
    else:
        status = TrackingStatus.RECEIVING
    return Tracking(
        status=status,
        quiet_after_hours=quiet_after_hours,
        **{name: getattr(activity, name) for name in Activity.model_fields},
    )
