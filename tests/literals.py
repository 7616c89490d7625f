"""One report and the contribution that it becomes, written out: no test works them out anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

# What the clock says in tests that hand one in.
NOW = datetime(2020, 5, 1, 12, tzinfo=UTC)

AUTHOR_ID = "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"
ASSET_ID = "be2e4112-a5b0-5072-9971-c59703a2b0e1"

# As a workflow sends it.
REPORT: dict[str, Any] = {
    "contributor_email": "test@example.com",
    "repository": "seeker71/Coherence-Network",
    "commit_hash": "abc123",
    "cost_amount": 100,
    "metadata": {"files_changed": 3, "lines_added": 120},
}
# As it is answered to who may see addresses, but for the server's time.
CONTRIBUTION: dict[str, Any] = {
    "id": "abbc9bee-8e88-5880-a7cf-6b8cc3fc7188",
    "contributor_id": AUTHOR_ID,
    "contributor_email": "test@example.com",
    "asset_id": ASSET_ID,
    "repository": "seeker71/Coherence-Network",
    "commit_hash": "abc123",
    "cost_amount": "100.00",
    "cost_basis": "submitted",
    "coherence_score": 0.7,
    "coherence": {
        "version": "1",
        "components": {"base": 0.5, "files_changed": 0.1, "lines_added": 0.1},
    },
    "credits": [
        {
            "contributor_id": AUTHOR_ID,
            "email": "test@example.com",
            "role": "author",
            "share_amount": "100.00",
        }
    ],
    "assistance": [],
    "metadata": {"files_changed": 3, "lines_added": 120},
    "url": None,
    "timestamp": "2020-05-01T12:00:00Z",
    "recorded_at": None,
    "recorded_by": "ci",
    "voided": False,
    "voided_at": None,
    "voided_by": None,
    "void_reason": None,
    "corrects": None,
    "corrected_by": None,
    "legacy_ids": [],
}
