"""What the bench measures against: the same work by the client alone, in a function alone.

No validation, no key, no routing, no errors: the least that a function can do that writes the same
documents with google-cloud-firestore as its manual shows.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from typing import Any

import flask
from google.cloud.firestore import (
    SERVER_TIMESTAMP,
    Client,
    FieldFilter,
    Increment,
    Maximum,
    Minimum,
    Query,
)
from pydantic import BaseModel

_ID = "abbc9bee-8e88-5880-a7cf-6b8cc3fc7188"
_lock = threading.Lock()
_client: Client | None = None


class Report(BaseModel):
    """The fields that the floor takes from a request."""

    repository: str
    commit_hash: str
    metadata: dict[str, Any]


def client() -> Client:
    """One client for the process."""
    global _client
    with _lock:
        if _client is None:
            _client = Client()
    return _client


def contribution(commit_hash: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """A document with as many fields as a contribution of the ledger."""
    return {
        "id": _ID,
        "contributor_id": _ID,
        "contributor_email": "test@example.com",
        "contributor_ids": [_ID],
        "contributor_name": None,
        "author_email": None,
        "asset_id": _ID,
        "repository": "octo/repo",
        "commit_hash": commit_hash,
        "cost_micros": 100_000_000,
        "cost_basis": "submitted",
        "coherence_score": 0.9,
        "coherence": {"version": "1", "components": {"base": 0.5, "files_changed": 0.1}},
        "credits": [
            {
                "contributor_id": _ID,
                "email": "test@example.com",
                "role": "author",
                "share_micros": 100_000_000,
            }
        ],
        "metadata": metadata,
        "url": None,
        "timestamp": "2026-01-01T00:00:00Z",
        "recorded_by": "bench",
        "request_digest": None,
        "request_nonce": "0123456789abcdef0123456789abcdef",
        "voided": False,
        "voided_at": None,
        "voided_by": None,
        "void_reason": None,
        "corrects": None,
        "corrected_by": None,
        "legacy_ids": [],
    }


def record(request: flask.Request) -> tuple[str, int]:
    """One contribution, its totals and those of its month, in one Commit."""
    report = Report.model_validate_json(request.get_data())
    database = client()
    fields = contribution(report.commit_hash, report.metadata)
    change = {
        "contribution_count": Increment(1),
        "total_cost_micros": Increment(100_000_000),
        "last_recorded_at": SERVER_TIMESTAMP,
        "first_at_micros": Minimum(1_767_225_600_000_000),
        "last_at_micros": Maximum(1_767_225_600_000_000),
        "months": {"2026-01": {"count": Increment(1), "micros": Increment(100_000_000)}},
    }
    key = report.repository.replace("/", ":")
    batch = database.batch()
    document = database.collection("contributions").document(f"{key}@{report.commit_hash}")
    batch.create(document, fields | {"recorded_at": SERVER_TIMESTAMP})
    # `set` with `merge` so that a first report works too; the ledger's precondition costs no less.
    for reference in (
        database.collection("contributors").document("test@example.com"),
        database.collection("assets").document(key),
        database.collection("participations").document(f"{key}@test@example.com"),
    ):
        batch.set(reference, change, merge=True)
    batch.commit()
    return json.dumps(fields), 201


def read(request: flask.Request) -> tuple[str, int]:
    """What a list reads, as it comes: the newest 100 contributions, or 100 parts of an asset and
    whose they are, or the asset for its months."""
    database = client()
    asset = database.collection("assets").document("octo:repo")
    if request.path == "/months":
        return json.dumps(asset.get().to_dict(), default=str), 200
    if request.path == "/parts":
        query = database.collection("participations").where(
            filter=FieldFilter("asset_id", "==", asset.get().get("id"))
        )
        query = query.order_by("total_cost_micros", direction=Query.DESCENDING)
        query = query.order_by("contributor_id", direction=Query.DESCENDING)
        parts = list(query.limit(101).stream())
        emails = [part.id.partition("@")[2] for part in parts]
        people = [database.collection("contributors").document(email) for email in emails]
        found = [document.to_dict() for document in (*parts, *database.get_all(people))]
        return json.dumps(found, default=str), 200
    query = database.collection("contributions").order_by("timestamp", direction=Query.DESCENDING)
    documents = [document.to_dict() for document in query.limit(101).stream()]
    return json.dumps(documents, default=str), 200


_rows = threading.local()


def record_rows(request: flask.Request) -> tuple[str, int]:
    """The rows of one contribution and of three totals, as large and as many as the embedded
    store's, in one transaction of SQLite that is synced."""
    report = Report.model_validate_json(request.get_data())
    if not hasattr(_rows, "database"):
        _rows.database = sqlite3.connect(
            os.environ["FLOOR_DATABASE"], isolation_level=None, timeout=30
        )
        _rows.database.execute("PRAGMA journal_mode = WAL")
        _rows.database.execute("PRAGMA synchronous = FULL")
        for table in (
            "documents (key BLOB PRIMARY KEY, content BLOB)",
            "entries (key BLOB PRIMARY KEY)",
        ):
            _rows.database.execute(f"CREATE TABLE IF NOT EXISTS {table} WITHOUT ROWID")
    fields = contribution(report.commit_hash, report.metadata)
    content, commit = json.dumps(fields), report.commit_hash
    accounts = ("test@example.com", report.repository, f"{report.repository}@test@example.com")
    entries = [(f"{field:03} {'x' * 60} {commit}",) for field in range(20)]
    moved = [(f"{account} {field}",) for account in accounts for field in range(4)]
    database = _rows.database
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO documents VALUES (?, ?)", (commit, content))
    for account in accounts:
        database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (account, content[:500]))
    database.executemany("DELETE FROM entries WHERE key = ?", moved)
    database.executemany("INSERT INTO entries VALUES (?)", [*entries, *moved])
    database.execute("COMMIT")
    return content, 201
