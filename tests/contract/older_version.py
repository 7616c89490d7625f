"""What the version before months and parts left, and what it sends when it goes on writing."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from google.api_core.exceptions import FailedPrecondition
from google.cloud.firestore import SERVER_TIMESTAMP, Client, Increment

LEDGER = Path(__file__).parents[1] / "data" / "ledger-without-parts.json"


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"time"}:
            return datetime.fromisoformat(value["time"])
        return {name: _restored(item) for name, item in value.items()}
    return value


def put_ledger(client: Client) -> None:
    """The documents of that version: eight contributions, one of them voided."""
    batch = client.batch()
    for collection, documents in json.loads(LEDGER.read_text("utf-8")).items():
        for document_id, fields in documents.items():
            batch.set(client.collection(collection).document(document_id), _restored(fields))
    batch.commit()


def record(client: Client, commit_hash: str, email: str, micros: int) -> None:
    """Record a commit of the repository, like another one that it has, as that version does."""
    contributions = client.collection("contributions")
    fields = contributions.document("seeker71:coherence-network@000002").get().to_dict()
    for name in ("author_type", "agent_ids", "month", "counted_at_micros"):
        fields.pop(name, None)
    person = client.document(f"contributors/{email}").get(["id"]).to_dict()["id"]
    credit = {"contributor_id": person, "email": email, "role": "author", "share_micros": micros}
    fields |= {
        "id": f"{commit_hash}00-0000-5000-8000-000000000000",
        "commit_hash": commit_hash,
        "contributor_id": person,
        "contributor_email": email,
        "contributor_ids": [person],
        "cost_micros": micros,
        "credits": [credit],
        "recorded_at": SERVER_TIMESTAMP,
    }
    batch = client.batch()
    batch.create(contributions.document(f"seeker71:coherence-network@{commit_hash}"), fields)
    for path in (f"contributors/{email}", "assets/seeker71:coherence-network"):
        change = _counted(1, micros) | {"last_contribution_at": SERVER_TIMESTAMP}
        batch.update(client.document(path), change)
    batch.commit()


def void(client: Client, commit_hash: str) -> None:
    """Void a commit of the repository as that version does, which reads again what was changed."""
    reference = client.document(f"contributions/seeker71:coherence-network@{commit_hash}")
    while True:
        found = reference.get()
        unchanged = client.write_option(last_update_time=found.update_time)
        batch = client.batch()
        batch.update(reference, {"voided": True, "voided_at": SERVER_TIMESTAMP}, unchanged)
        cost = found.get("cost_micros")
        batch.update(client.document("assets/seeker71:coherence-network"), _counted(-1, -cost))
        for credit in found.get("credits"):
            person = client.document(f"contributors/{credit['email']}")
            batch.update(person, _counted(-1, -credit["share_micros"]))
        with suppress(FailedPrecondition):
            batch.commit()
            return


def _counted(contributions: int, micros: int) -> dict[str, Any]:
    return {
        "contribution_count": Increment(contributions),
        "total_cost_micros": Increment(micros),
    }
