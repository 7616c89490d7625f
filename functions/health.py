"""health: says whether the service is alive, whether Firestore answers, whether tracking works."""

from __future__ import annotations

from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point


def alive(call: Call) -> Answer:
    call.query()
    return Answer({"status": "ok"})


def ready(call: Call) -> Answer:
    call.query()
    seconds = call.services.ledger.probe.ready()
    return Answer({"status": "ready", "firestore_latency_ms": round(seconds * 1000, 1)})


HANDLERS = {"alive": alive, "ready": ready}

health = entry_point("health", HANDLERS)
