"""The schemas of the OpenAPI document, made from the models of requests and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from shared.domain.contribution import EVIDENCE, Batch, Commit
from shared.domain.metadata import COUNTS, MAX_METADATA_BYTES, MAX_METADATA_DEPTH

Schema = dict[str, Any]

# What holds at every level is told in words: a schema that refers to itself is more than many
# generators of clients can take.
_METADATA: Schema = {
    "type": "object",
    "description": "What is known about the contribution, as free-form JSON: at most "
    f"{MAX_METADATA_BYTES // 1024} KiB and {MAX_METADATA_DEPTH} levels, integers of 64 bits, "
    "no list directly in a list, no key that is empty or begins and ends with two "
    "underscores. The score looks at the counts, `has_tests`, `has_docs` and `complexity`; of "
    f"{', '.join(f'`{e}`' for e in sorted(EVIDENCE))}, one that is filled in makes a cost "
    "recorded by ids `actual_verified`.",
    "properties": {
        **{name: {"type": "integer", "minimum": 0, "exclusiveMaximum": 2**63} for name in COUNTS},
        "has_tests": {"description": "`true` adds to the score."},
        "has_docs": {"description": "`true` adds to the score."},
        "complexity": {"description": '`"low"` adds to the score.'},
    },
    "propertyNames": {"minLength": 1, "not": {"pattern": r"^__[\s\S]*__$"}},
    "additionalProperties": True,
}


def ref(name: str) -> Schema:
    """A reference to one of the schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


class Generator(GenerateJsonSchema):
    """Without what says nothing: titles that repeat a name, and defaults of what is answered."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        if self.mode == "serialization":
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def component_schemas(
    *, read: Iterable[type[BaseModel]], shown: Iterable[type[BaseModel]]
) -> dict[str, Schema]:
    """Every schema by its name: of the models that requests are read with, and of all others."""
    requests: set[type[BaseModel]] = {Commit, *read}
    validated: list[tuple[type[BaseModel], JsonSchemaMode]] = [(m, "validation") for m in requests]
    answered: list[tuple[type[BaseModel], JsonSchemaMode]] = [(m, "serialization") for m in shown]
    _, made = models_json_schema(
        [*validated, *answered],
        ref_template="#/components/schemas/{model}",
        schema_generator=Generator,
    )
    schemas: dict[str, Schema] = made["$defs"] | {"Metadata": _METADATA}
    for model in requests:
        _accept_every_alias(model, schemas[model.__name__])
        if "metadata" in model.model_fields:
            schemas[model.__name__]["properties"]["metadata"] = ref("Metadata")
    schemas[Batch.__name__]["properties"]["commits"]["items"] = ref(Commit.__name__)
    for schema in schemas.values():
        # It stands above the schema anyway.
        schema.pop("title", None)
    return dict(sorted(schemas.items()))


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
