"""Parameters of requests and headers of answers, as the annotations of their names tell them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import Doc

from shared.commands.openapi.declared import hints_of
from shared.web.described import HeaderName
from shared.web.operations import PATTERNS, Operation
from shared.web.parameters import REQUIRED, Parameters

Schema = dict[str, Any]


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
