"""track-github: records commits that a workflow reports, one by one or in batches."""

from __future__ import annotations

from shared.domain.contribution import Batch, CommitReport
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.web.answer import Answer, recorded_answer
from shared.web.batches import batch_answer, record_items
from shared.web.call import Call
from shared.web.entry_point import entry_point


def track_commit(call: Call) -> Answer:
    report = parse(CommitReport, call.json())
    call.authorize(Repository.parse(report.repository))
    call.facts["commit_hash"] = report.commit_hash
    call.facts["contributor"] = call.services.log.pseudonym(report.contributor_email)
    recorded = call.services.ledger.commits.record(report, recorded_by=call.recorded_by)
    return recorded_answer(
        recorded.contribution.shown(), replayed=recorded.replayed, differs=recorded.differs
    )


def track_batch(call: Call) -> Answer:
    body = call.body()
    deadline = call.services.ledger.connection.timing.deadline()
    with call.services.large_bodies.turn(len(body)):
        batch = parse(Batch, call.json_of_many(body))
        repository = Repository.parse(batch.repository)
        call.authorize(repository)
        done = record_items(
            call, repository, batch.commits, recorded_by=call.recorded_by, deadline=deadline
        )
    return batch_answer(call, done)


HANDLERS = {"track_commit": track_commit, "track_batch": track_batch}

track_github = entry_point("track_github", HANDLERS)
