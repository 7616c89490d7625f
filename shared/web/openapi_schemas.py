"""The schemas of the OpenAPI document, made from the models that requests and answers go through.

Beside them stand the plain ones, which no model has.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from shared.domain.asset import Asset, NewAsset
from shared.domain.contribution import (
    Batch,
    Commit,
    CommitReport,
    Contribution,
    NewContribution,
    Void,
)
from shared.domain.contributor import Contributor, NewContributor
from shared.domain.tracking import Tracking
from shared.web.openapi_plain_schemas import PLAIN_SCHEMAS, Schema, ref

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
    return dict(sorted((schemas | PLAIN_SCHEMAS).items()))


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
