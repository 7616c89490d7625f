"""Whether all this works: alive, ready, and tracking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from shared.domain.errors import Forbidden, Unauthenticated, Unavailable
from shared.domain.repository import Repository
from shared.domain.tracking import TrackingStatus, tracking_of
from shared.domain.version import VERSION
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.operations import Access, Operation
from shared.web.presentation import present
from shared.web.queries import OfRepository, flag, readable

if TYPE_CHECKING:
    from typing_extensions import Doc

    from shared.web.described import Alive, Ready, TrackingAnswer


class TrackingQuery(OfRepository):
    """Tracking of what, and how to say that it does not work."""

    strict: Annotated[bool, Doc("Answer 503 unless tracking is `receiving`.")] = False


@Operation("GET", "/v1/health", Access.OPEN, main=True)
def alive(call: Call) -> Answer[Alive]:
    """Say that the process is alive, and what it is.

    Does not ask Firestore.
    """
    return Answer({"status": "ok", "version": VERSION, "revision": call.services.settings.revision})


@Operation("GET", "/v1/health/ready", Access.OPEN, errors=(Unavailable,))
def ready(call: Call) -> Answer[Ready]:
    """Say whether Firestore answers."""
    seconds = call.services.ledger.probe.ready()
    return Answer({"status": "ready", "firestore_latency_ms": round(seconds * 1000, 1)})


@Operation(
    "GET",
    "/v1/health/tracking",
    Access.OPEN,
    query=TrackingQuery,
    errors=(Forbidden, Unauthenticated, Unavailable),
)
def tracking(call: Call) -> Answer[TrackingAnswer]:
    """Say whether tracking works.

    `quiet` and `empty` are 200, and 503 with `strict=true`. Where reads need a key, nobody learns
    more than the status without one, and of a repository nothing.
    """
    query = call.query
    authenticator = call.services.authenticator
    if "repository" in query:
        authenticator.require_reader(call.request)
    strict = flag(query, "strict")
    now, hours = call.services.clock(), call.services.settings.quiet_after_hours
    tracker = call.services.ledger.tracker
    if "repository" in query:
        repository = readable("repository", Repository.parse, query["repository"])
        activity = tracker.activity_of(repository.full_name)
    else:
        activity = tracker.activity(now)
    tracked = tracking_of(activity, now=now, quiet_after_hours=hours)
    if strict and tracked.status is not TrackingStatus.RECEIVING:
        when = "yet" if tracked.status is TrackingStatus.EMPTY else f"in the last {hours} hours"
        where = f" of {query['repository']}" if "repository" in query else ""
        raise Unavailable(
            f"Tracking{where} is {tracked.status.value}: nothing was recorded {when}",
            code=tracked.status.value,
            retry_after=60,
        )
    if not authenticator.is_reader(call.request):
        return Answer({"status": tracked.status.value})
    return Answer(present(tracked, masked=True))
