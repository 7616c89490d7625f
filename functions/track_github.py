"""track-github: records commits that a workflow reports."""

from __future__ import annotations

from http import HTTPStatus

from shared.domain.contribution import CommitReport
from shared.domain.fields import parse
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point


def track_commit(call: Call) -> Answer:
    report = parse(CommitReport, call.json())
    recorded = call.services.ledger.commits.record(report, recorded_by=call.recorded_by)
    if not recorded.replayed:
        return Answer(recorded.entry.shown(), HTTPStatus.CREATED, outcome="recorded")
    headers = {"Idempotency-Replayed": "true"}
    if recorded.differs:
        headers["Idempotency-Differs"] = ", ".join(recorded.differs)
    return Answer(recorded.entry.shown(), headers=headers, outcome="replayed")


HANDLERS = {"track_commit": track_commit}

track_github = entry_point("track_github", HANDLERS)
