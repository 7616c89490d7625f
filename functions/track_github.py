"""Commits, as a workflow reports them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.contribution import Batch, CommitReport
from shared.domain.errors import Conflict
from shared.web.answer import Answer, Recorded, Replayed
from shared.web.batches import batch_answer, record_items
from shared.web.call import Call
from shared.web.operations import KIB, Access, Operation

if TYPE_CHECKING:
    from shared.domain.contribution import Contribution
    from shared.store.deadline import Deadline
    from shared.web.described import BatchAnswer


@Operation(
    "POST",
    "/v1/contributions/github",
    Access.RECORD,
    main=True,
    body=CommitReport,
    errors=(Conflict,),
)
def track_commit(call: Call) -> Recorded[Contribution] | Replayed[Contribution]:
    """Record one commit.

    Creates the contributor and the asset where they are new. A cost that is left out is
    estimated. 409: the commit is kept for another author, or was voided.
    """
    report = call.read(CommitReport)
    deadline = call.deadline()
    call.authorize(report.repository)
    call.facts["commit_hash"] = report.commit_hash
    call.facts["contributor"] = call.services.log.pseudonym(report.contributor_email)
    recorded = call.services.ledger.commits.record(
        report,
        recorded_by=call.recorded_by,
        claim=call.claim(report.repository_id),
        deadline=deadline,
    )
    shown = recorded.contribution.shown()
    return Replayed(shown, differs=recorded.differs) if recorded.replayed else Recorded(shown)


@Operation(
    "POST",
    "/v1/contributions/github/batch",
    Access.RECORD,
    body=Batch,
    body_limit=4 * KIB * KIB,
)
def track_batch(call: Call) -> Answer[BatchAnswer]:
    """Record up to 500 commits of one repository.

    Each commit is validated and recorded by itself: one that is no `Commit` has the outcome
    `invalid`, and the others are recorded.
    """
    body = call.body()
    deadline = call.deadline()
    with call.services.large_bodies.turn(len(body)):
        done = _record_all(call, body, deadline)
    return batch_answer(call, done)


def _record_all(call: Call, body: bytearray, deadline: Deadline) -> dict[str, Any]:
    batch = call.parse_many(Batch, body)
    call.authorize(batch.repository)
    return record_items(
        call, batch.repository, batch.commits, number=batch.repository_id, deadline=deadline
    )
