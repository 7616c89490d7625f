"""The schemas of the OpenAPI document, made from the models that requests and answers go through.

What no model stands for (problems, outcomes of a batch, GitHub's event) is written out here.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from shared.domain.asset import Asset, NewAsset
from shared.domain.contribution import (
    EVIDENCE,
    Batch,
    Commit,
    CommitReport,
    Contribution,
    NewContribution,
    Void,
)
from shared.domain.contributor import Contributor, NewContributor
from shared.domain.metadata import COUNTS, MAX_METADATA_BYTES, MAX_METADATA_DEPTH
from shared.domain.outcome import Outcome
from shared.domain.tracking import Tracking

Schema = dict[str, Any]

REQUESTS: tuple[type[BaseModel], ...] = (
    CommitReport,
    Commit,
    Batch,
    NewContribution,
    NewContributor,
    NewAsset,
    Void,
)
ANSWERS: tuple[type[BaseModel], ...] = (Contribution, Contributor, Asset, Tracking)


class _Generator(GenerateJsonSchema):
    """Without what says nothing: titles that repeat a name, and defaults of what is answered."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def ref(name: str) -> Schema:
    """A reference to one of the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> Schema:
    """The schema of a JSON array."""
    return {"type": "array", "items": ref(name)}


def component_schemas() -> dict[str, Schema]:
    """Every schema by its name."""
    validated: list[tuple[type[BaseModel], JsonSchemaMode]] = [(m, "validation") for m in REQUESTS]
    shown: list[tuple[type[BaseModel], JsonSchemaMode]] = [(m, "serialization") for m in ANSWERS]
    _, made = models_json_schema(
        [*validated, *shown],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Generator,
    )
    schemas: dict[str, Schema] = made["$defs"]
    for model in REQUESTS:
        _accept_every_alias(model, schemas[model.__name__])
    for name in ("Commit", "CommitReport", "NewContribution"):
        schemas[name]["properties"]["metadata"] = ref("Metadata")
    schemas["Batch"]["properties"]["commits"]["items"] = ref("Commit")
    for schema in schemas.values():
        # It stands above the schema anyway.
        schema.pop("title", None)
    return dict(sorted((schemas | _written_out()).items()))


def _accept_every_alias(model: type[BaseModel], schema: Schema) -> None:
    """Show each spelling of a field's name, of which exactly one may be used.

    Pydantic shows the first one only, and refuses the others beside it as unknown fields.
    """
    for field in model.model_fields.values():
        if not isinstance(field.validation_alias, AliasChoices):
            continue
        first, *others = map(str, field.validation_alias.choices)
        for other in others:
            schema["properties"][other] = {
                **schema["properties"][first],
                "description": f"Another name of `{first}`.",
            }
        schema["required"].remove(first)
        schema["oneOf"] = [{"required": [name]} for name in (first, *others)]


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
# Firestore reserves `__x__`.
_KEYS: Schema = {"minLength": 1, "not": {"pattern": r"^__[\s\S]*__$"}}


def _written_out() -> dict[str, Schema]:
    scalar: Schema = {"type": ["string", "number", "boolean", "null"]}
    return {
        "Metadata": {
            "type": "object",
            "description": "What is known about the contribution, as free-form JSON: at most "
            f"{MAX_METADATA_BYTES // 1024} KiB and {MAX_METADATA_DEPTH} levels, integers of 64 "
            "bits, no list directly in a list. The score looks at the counts, `has_tests`, "
            f"`has_docs` and `complexity`; of {', '.join(f'`{e}`' for e in sorted(EVIDENCE))}, "
            "one that is filled in makes a cost recorded by ids `actual_verified`.",
            "properties": {
                **{name: {**_COUNT, "exclusiveMaximum": 2**63} for name in COUNTS},
                "has_tests": {"description": "`true` adds to the score."},
                "has_docs": {"description": "`true` adds to the score."},
                "complexity": {"description": '`"low"` adds to the score.'},
            },
            "propertyNames": _KEYS,
            "additionalProperties": ref("MetadataValue"),
        },
        "MetadataValue": {
            "anyOf": [
                scalar,
                {"type": "array", "items": {"anyOf": [scalar, ref("MetadataObject")]}},
                ref("MetadataObject"),
            ]
        },
        "MetadataObject": {
            "type": "object",
            "propertyNames": _KEYS,
            "additionalProperties": ref("MetadataValue"),
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
            "description": "GitHub's event as it sends it. Of a `push` these fields are read.",
            "properties": {
                "ref": {**_TEXT, "examples": ["refs/heads/main"]},
                "deleted": {"type": "boolean"},
                "head_commit": {"type": ["object", "null"]},
                "repository": {
                    "type": "object",
                    "properties": {"full_name": _TEXT, "default_branch": _TEXT},
                },
                "commits": {
                    "type": "array",
                    "items": {"type": "object"},
                },
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
