"""Schemas of the OpenAPI document that no model stands for: problems, outcomes, GitHub's event."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from shared.domain.contribution import Outcome
from shared.domain.cost_basis import EVIDENCE
from shared.domain.fields import RepositoryName
from shared.domain.metadata import COUNTS, MAX_METADATA_BYTES, MAX_METADATA_DEPTH

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to one of the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> Schema:
    """The schema of a JSON array."""
    return {"type": "array", "items": ref(name)}


def _object(properties: Schema, *, optional: tuple[str, ...] = (), about: str = "") -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    return {"description": about, **schema} if about else schema


_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_MONEY: Schema = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,6}$"}
_SCORE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_HASH: Schema = {"type": ["string", "null"], "description": "As it was sent, if it was one."}
_CHANGES = ("added", "modified", "removed")

PLAIN_SCHEMAS: dict[str, Schema] = {
    # What holds at every level is told in words: a schema that refers to itself is more than many
    # generators of clients can take.
    "Metadata": {
        "type": "object",
        "description": "What is known about the contribution, as free-form JSON: at most "
        f"{MAX_METADATA_BYTES // 1024} KiB and {MAX_METADATA_DEPTH} levels, integers of 64 bits, "
        "no list directly in a list, no key that is empty or begins and ends with two "
        "underscores. The score looks at the counts, `has_tests`, `has_docs` and `complexity`; of "
        f"{', '.join(f'`{e}`' for e in sorted(EVIDENCE))}, one that is filled in makes a cost "
        "that was given `actual_verified`.",
        "properties": {
            **{name: {**_COUNT, "exclusiveMaximum": 2**63} for name in COUNTS},
            "has_tests": {"description": "`true` adds to the score."},
            "has_docs": {"description": "`true` adds to the score."},
            "complexity": {"description": '`"low"` adds to the score.'},
        },
        "propertyNames": {"minLength": 1, "not": {"pattern": r"^__[\s\S]*__$"}},
        "additionalProperties": True,
    },
    "Problem": _object(
        {
            "type": {"type": "string", "format": "uri-reference"},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {**_TEXT, "description": "What is wrong, in words."},
            "code": {**_TEXT, "description": "What is wrong, for a program."},
            "errors": {
                "type": "array",
                "items": ref("Fault"),
                "description": "With status 422: each thing wrong with the input.",
            },
        },
        optional=("errors",),
        about="An error as in RFC 9457. It never holds an address or a secret.",
    ),
    "Fault": _object(
        {
            "pointer": {
                **_TEXT,
                "description": "A JSON pointer into the body, or the name of a query "
                "parameter behind `?` or of a header behind `:`.",
            },
            "message": _TEXT,
        },
    ),
    "BatchAnswer": _object(
        {"counts": ref("OutcomeCounts"), "outcomes": list_of("CommitOutcome")},
        about="An outcome for each commit, in order.",
    ),
    "OutcomeCounts": _object({outcome.value: _COUNT for outcome in Outcome}),
    "CommitOutcome": _object(
        {
            "commit_hash": _HASH,
            "outcome": {"type": "string", "enum": [outcome.value for outcome in Outcome]},
            "id": {**_TEXT, "format": "uuid"},
            "cost_amount": _MONEY,
            "coherence_score": _SCORE,
            "errors": {"type": "array", "items": ref("Fault")},
        },
        optional=("id", "cost_amount", "coherence_score", "errors"),
        about="`conflict`: kept for another author. `invalid`: not recorded, see `errors`.",
    ),
    "Alive": _object({"status": {"const": "ok"}}),
    "Ready": _object(
        {
            "status": {"const": "ready"},
            "firestore_latency_ms": {"type": "number", "minimum": 0},
        }
    ),
    "Event": {
        "type": "object",
        "description": "GitHub's event as it sends it. Of a `push`, this is read:",
        "properties": {
            "ref": {**_TEXT, "examples": ["refs/heads/main"]},
            "deleted": {"type": "boolean"},
            "head_commit": {"type": ["object", "null"]},
            "repository": {
                "type": "object",
                "properties": {
                    "full_name": TypeAdapter(RepositoryName).json_schema(),
                    "default_branch": _TEXT,
                },
                "required": ["full_name"],
            },
            "commits": list_of("PushedCommit"),
        },
    },
    "PushedCommit": {
        "type": "object",
        "properties": {
            "id": _TEXT,
            "message": {**_TEXT, "description": "With the trailers that name co-authors."},
            "timestamp": {**_TEXT, "format": "date-time"},
            "url": {**_TEXT, "format": "uri"},
            "author": {
                "type": "object",
                "properties": {"name": _TEXT, "email": {"type": ["string", "null"]}},
            },
            **{name: {"type": "array", "items": _TEXT} for name in _CHANGES},
        },
    },
    "EventAnswer": {
        "oneOf": [
            _object({"status": {"const": "pong"}}, about="To a ping."),
            _object(
                {
                    "status": {"const": "recorded"},
                    "counts": ref("OutcomeCounts"),
                    "outcomes": list_of("CommitOutcome"),
                    "skipped": list_of("SkippedCommit"),
                    "notice": {"type": ["string", "null"]},
                },
                about="To a push.",
            ),
        ]
    },
    "SkippedCommit": _object({"commit_hash": _TEXT, "reason": _TEXT}),
    "IgnoredEvent": _object({"status": {"const": "ignored"}, "reason": _TEXT}),
}
