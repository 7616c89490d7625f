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
from shared.web.headers import ReadConditions
from shared.web.operations import PATTERNS, Access, Operation
from shared.web.parameters import REQUIRED, Parameters

Schema = dict[str, Any]


def ref(model: type[BaseModel]) -> Schema:
    """A reference to the schema of a model."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


class Generator(GenerateJsonSchema):
    """Without what says nothing: titles that repeat a name, defaults of what is answered, nulls."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        if self.mode == "serialization" or schema.get("default") is None:
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
        _show_every_spelling(model, schemas[model.__name__])
        if "metadata" in model.model_fields:
            schemas[model.__name__]["properties"]["metadata"] = ref(Metadata)
    schemas[Batch.__name__]["properties"]["commits"]["items"] = ref(Commit)
    for schema in schemas.values():
        # It stands above the schema anyway.
        schema.pop("title", None)
    return dict(sorted(schemas.items()))


def _show_every_spelling(model: type[BaseModel], schema: Schema) -> None:
    """Pydantic shows a field's first name only; no more than one of all may be used."""
    for field in model.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            names = first, *others = [str(name) for name in field.validation_alias.choices]
            another = {**schema["properties"][first], "description": f"Another name of `{first}`."}
            schema["properties"] |= dict.fromkeys(others, another)
            if field.is_required():
                schema["required"].remove(first)
                schema["oneOf"] = [{"required": [name]} for name in names]
            else:
                schema["not"] = {"required": names}


def parameters_of(operation: Operation) -> list[Schema]:
    """Those of the path, then of the query, then the headers."""
    hints = hints_of(operation.handler)
    return [
        *(_parameter(name, "path", hints[name], REQUIRED) for name in operation.pattern.groupindex),
        *_of_class(operation.query, "query"),
        *_of_class(operation.headers, "header"),
        *(_of_class(ReadConditions, "header") if operation.access is Access.READ else ()),
    ]


def headers_of(headers: type[Parameters]) -> dict[str, Schema]:
    """The headers of an answer, by name."""
    return {h.pop("name"): h for h in _of_class(headers, "header") if h.pop("in")}


def _of_class(parameters: type[Parameters], place: str) -> Iterator[Schema]:
    hints = hints_of(parameters)
    for name in parameters.names():
        yield _parameter(name, place, hints[name], getattr(parameters, name, None))


def _parameter(name: str, place: str, hint: Any, default: Any) -> Schema:
    told = {type(about): about for about in hint.__metadata__}
    schema = TypeAdapter(hint).json_schema()
    schema.pop("title", None)
    parameter = {
        "name": told.get(HeaderName, name),
        "in": place,
        "description": told[Doc].documentation,
        "schema": schema,
    }
    # Who tries an operation begins with these filled in: with no filter, then.
    if "examples" in schema and (default is REQUIRED or place != "query"):
        [parameter["example"], *_] = schema.pop("examples")
    if default is REQUIRED:
        parameter["required"] = True
    elif default is not None:
        schema["default"] = default
    if place == "path" and name in PATTERNS:
        schema["pattern"] = f"^({PATTERNS[name]})$"
    return parameter
