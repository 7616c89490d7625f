"""Examples for the OpenAPI document: one commit's way through the ledger.

The answers are made from the requests by the rules of the domain, so they are what the service
would answer.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.domain.asset import NewAsset, asset_of_repository, new_asset
from shared.domain.contribution import (
    CommitReport,
    NewContribution,
    Outcome,
    contribution_by_ids,
    contribution_of_commit,
)
from shared.domain.contributor import Contributor
from shared.domain.credits import share_out
from shared.domain.fields import parse
from shared.domain.identifiers import contributor_id, keyed_document_id, repository_asset_id
from shared.domain.identity import Classifier
from shared.domain.repository import Repository
from shared.domain.tracking import Activity, tracking_of
from shared.web.json_text import parse_json

Example = dict[str, Any]

EMAIL = "test@example.com"
REPOSITORY = "seeker71/Coherence-Network"
COMMIT_HASH = "2f4a1c9d8e7b6a5f4e3d2c1b0a9f8e7d6c5b4a39"
IDEMPOTENCY_KEY = "invoice-2026-0017"
CONTRIBUTOR_ID = contributor_id(EMAIL)
ASSET_ID = repository_asset_id(Repository.parse(REPOSITORY))

_OTHER_EMAIL = "grace@example.com"
_RECORDED_AT = datetime(2026, 1, 5, 12, 0, 31, 482_113, tzinfo=UTC)
_KEY_NAME = "ci"

# What is asked for.
SHORTEST_REPORT: Example = {
    "contributor_email": EMAIL,
    "repository": REPOSITORY,
    "commit_hash": COMMIT_HASH,
}
REPORT: Example = {
    **SHORTEST_REPORT,
    "contributor_name": "Ada Example",
    "cost_amount": 100.00,
    "metadata": {"files_changed": 3, "lines_added": 120, "has_tests": True},
    "timestamp": "2026-01-05T12:00:00Z",
    "co_authors": [{"email": _OTHER_EMAIL, "name": "Grace Example"}],
    "url": f"https://github.com/{REPOSITORY}/commit/{COMMIT_HASH}",
}
BATCH: Example = {
    "repository": REPOSITORY,
    "commits": [
        {"contributor_email": EMAIL, "commit_hash": COMMIT_HASH, "cost_amount": 100.00},
        {"contributor_email": _OTHER_EMAIL, "commit_hash": "abc123"},
    ],
}
NEW_CONTRIBUTOR: Example = {"name": "Ada Example", "email": EMAIL, "type": "HUMAN"}
NEW_ASSET: Example = {"name": "Small model", "description": "Its weights", "type": "MODEL"}
NEW_CONTRIBUTION: Example = {
    "contributor_id": CONTRIBUTOR_ID,
    "asset_id": ASSET_ID,
    "cost_amount": "12.50",
    "metadata": {"invoice_id": "2026-0017"},
}
VOID: Example = {"reason": "Reported with the wrong cost"}
PUSH: Example = {
    "ref": "refs/heads/main",
    "deleted": False,
    "repository": {"full_name": REPOSITORY, "default_branch": "main"},
    "head_commit": {"id": COMMIT_HASH},
    "commits": [
        {
            "id": COMMIT_HASH,
            "message": "Add a ledger",
            "timestamp": "2026-01-05T13:00:00+01:00",
            "url": REPORT["url"],
            "author": {"name": "Ada Example", "email": EMAIL},
            "added": ["ledger.py", "tests/test_ledger.py"],
            "modified": ["README.md"],
            "removed": [],
        }
    ],
}

_report = parse(CommitReport, parse_json(json.dumps(REPORT).encode()))
_contribution = contribution_of_commit(
    _report,
    Repository.parse(REPOSITORY),
    asset_id=ASSET_ID,
    credits=share_out(
        _report.cost_amount or 0,
        author=EMAIL,
        co_authors=tuple(_report.distinct_co_authors()),
        type_of=Classifier(),
    ),
    recorded_by=_KEY_NAME,
    now=_RECORDED_AT,
).model_copy(update={"recorded_at": _RECORDED_AT})
_new_contributor = Contributor(
    id=CONTRIBUTOR_ID, email=EMAIL, name="Ada Example", created_at=_RECORDED_AT
)
_contributor = _new_contributor.model_copy(
    update={
        "contribution_count": 1,
        "total_cost": _contribution.credits[0].share_amount,
        "last_contribution_at": _RECORDED_AT,
    }
)
_asset = asset_of_repository(Repository.parse(REPOSITORY))[1].model_copy(
    update={
        "contribution_count": 1,
        "total_cost": _contribution.cost_amount,
        "created_at": _RECORDED_AT,
        "last_contribution_at": _RECORDED_AT,
    }
)
_new_asset = new_asset(parse(NewAsset, NEW_ASSET), unique=UUID(int=0))[1].model_copy(
    update={"created_at": _RECORDED_AT}
)
_by_ids = contribution_by_ids(
    parse(NewContribution, NEW_CONTRIBUTION),
    document_id=keyed_document_id(key_name=_KEY_NAME, idempotency_key=IDEMPOTENCY_KEY),
    contributor=_contributor,
    asset=_asset,
    corrects=None,
    recorded_by=_KEY_NAME,
    request_digest="",
    now=_RECORDED_AT,
).model_copy(update={"recorded_at": _RECORDED_AT})
_voided = _contribution.model_copy(
    update={
        "voided": True,
        "voided_at": _RECORDED_AT + timedelta(days=1),
        "voided_by": _KEY_NAME,
        "void_reason": VOID["reason"],
    }
)
_tracking = tracking_of(
    Activity(
        newest_at=_RECORDED_AT,
        newest_repository=REPOSITORY,
        contributions=1,
        contributors=2,
        assets=1,
        recorded_today=1,
    ),
    now=_RECORDED_AT,
    quiet_after_hours=72,
)

# What is answered.
CONTRIBUTION = _contribution.shown()
CONTRIBUTION_BY_IDS = _by_ids.shown()
VOIDED_CONTRIBUTION = _voided.shown()
CREATED_CONTRIBUTOR = _new_contributor.shown()
CONTRIBUTOR = _contributor.shown()
CREATED_ASSET = _new_asset.shown()
ASSET = _asset.shown()
TRACKING = _tracking.shown()


def _batch_answer(*outcomes: Example) -> Example:
    counts = {o.value: sum(shown["outcome"] == o for shown in outcomes) for o in Outcome}
    return {"counts": counts, "outcomes": list(outcomes)}


_RECORDED: Example = {
    "commit_hash": COMMIT_HASH,
    "outcome": Outcome.RECORDED.value,
    "id": CONTRIBUTION["id"],
    "cost_amount": CONTRIBUTION["cost_amount"],
    "coherence_score": 0.5,
}
_OF_ANOTHER: Example = {"commit_hash": "abc123", "outcome": Outcome.CONFLICT.value}
BATCH_ANSWER = _batch_answer(_RECORDED, _OF_ANOTHER)
PUSH_ANSWER: Example = {
    "status": "recorded",
    **_batch_answer({**_RECORDED, "cost_amount": "0.55", "coherence_score": 1.0}),
    "skipped": [],
    "notice": None,
}
