"""The schemas of the OpenAPI document: of models, of parameters, and of the headers of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema
from typing_extensions import Doc

from shared.commands.openapi.declared import hints_of
from shared.domain.contribution import Batch, Commit
from shared.web.described import HeaderName, Metadata
from shared.web.operations import PATTERNS, Operation
from shared.web.parameters import REQUIRED, Parameters

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


def component_schemas(models: Mapping[type[BaseModel], JsonSchemaMode]) -> dict[str, Schema]:
    """Every schema by its name, of models that validate requests or serialise answers."""
    _, made = models_json_schema(
        list(models.items()),
        ref_template="#/components/schemas/{model}",
        schema_generator=Generator,
    )
    schemas: dict[str, Schema] = made["$defs"]
    for model in (model for model, mode in models.items() if mode == "validation"):
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


def parameters_of(operation: Operation) -> list[Schema]:
    """Those of the path, then of the query, then the headers."""
    return [
        *_of_path(operation),
        *_of_class(operation.query, "query"),
        *_of_class(operation.headers, "header"),
    ]


def headers_of(headers: type[Parameters]) -> dict[str, Schema]:
    """The headers of an answer, by name."""
    return {h.pop("name"): h for h in _of_class(headers, "header") if h.pop("in")}


def _of_path(operation: Operation) -> Iterator[Schema]:
    hints = hints_of(operation.handler)
    for name in operation.pattern.groupindex:
        parameter = _parameter(name, "path", hints[name])
        if name in PATTERNS:
            parameter["schema"]["pattern"] = f"^({PATTERNS[name]})$"
        yield {**parameter, "required": True}


def _of_class(parameters: type[Parameters], place: str) -> Iterator[Schema]:
    hints = hints_of(parameters)
    for name in parameters.names():
        parameter = _parameter(name, place, hints[name])
        default = getattr(parameters, name, None)
        if default is REQUIRED:
            parameter["required"] = True
        elif default is not None:
            parameter["schema"]["default"] = default
        yield parameter


def _parameter(name: str, place: str, hint: Any) -> Schema:
    [about] = (told.documentation for told in hint.__metadata__ if isinstance(told, Doc))
    names = [told for told in hint.__metadata__ if isinstance(told, HeaderName)]
    schema = TypeAdapter(hint).json_schema()
    schema.pop("title", None)
    return {
        "name": str(names[0]) if names else name,
        "in": place,
        "description": about,
        **({"example": schema.pop("examples")[0]} if "examples" in schema else {}),
        "schema": schema,
    }
