"""health: says whether the service is alive, whether Firestore answers, whether tracking works."""

from __future__ import annotations

from shared.domain.errors import Unavailable
from shared.domain.repository import Repository
from shared.domain.tracking import TrackingStatus, tracking_of
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.presentation import present
from shared.web.queries import flag, readable


def alive(call: Call) -> Answer:
    call.query()
    return Answer({"status": "ok"})


def ready(call: Call) -> Answer:
    call.query()
    seconds = call.services.ledger.probe.ready()
    return Answer({"status": "ready", "firestore_latency_ms": round(seconds * 1000, 1)})


def tracking(call: Call) -> Answer:
    query = call.query("repository", "strict")
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
    return Answer(present(tracked, masked=True))


def openapi(call: Call) -> Answer:
    # Imported here: only this path needs all models.
    from shared.web.openapi import document

    call.query()
    return Answer(document())


HANDLERS = {"alive": alive, "ready": ready, "tracking": tracking, "openapi": openapi}

health = entry_point("health", HANDLERS)
