"""The schemas of the OpenAPI document, made from the models of requests and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import AliasChoices, BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from shared.domain.contribution import Batch, Commit
from shared.web.described import Metadata

Schema = dict[str, Any]


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
    schemas: dict[str, Schema] = made["$defs"]
    for model in requests:
        _accept_every_alias(model, schemas[model.__name__])
        if "metadata" in model.model_fields:
            schemas[model.__name__]["properties"]["metadata"] = ref(Metadata.__name__)
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
