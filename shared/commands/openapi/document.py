"""The OpenAPI document: the operations, the models and the errors, put together.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import inspect
import json
from functools import cache
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from shared.commands.openapi import examples
from shared.commands.openapi.declared import ROOT, answers, body_of, functions, operations
from shared.commands.openapi.errors import error_responses, errors_of
from shared.commands.openapi.parameters import headers_of, parameters_of
from shared.commands.openapi.schemas import component_schemas, ref
from shared.web.answer import JSON, Answer, Page
from shared.web.described import Metadata, Problem
from shared.web.operations import Access, Operation

Schema = dict[str, Any]

VERSION = "1.0.0"
FILE = ROOT / "shared" / "hosting" / "v1" / "openapi.json"

_ABOUT = """\
Keeps who contributed what to which repository, at what cost and with which coherence score.

* Money is decimal text with 2 to 6 decimals, times are UTC in RFC 3339 with a `Z`.
* Every error is a problem as in RFC 9457, also on paths that are not here (404) and for methods \
that a path does not have (405 with `Allow`). A failure that nobody foresaw is a 500 with the code \
`internal`; nothing of that request was acknowledged.
* HEAD goes wherever GET does. A query parameter that a GET or DELETE does not know is a 422.
* Without an API key every email address is masked (`t***@example.com`). The service may be \
configured to let nobody read without one.
* An answer may gain fields. A body may not: an unknown field is a 422, as are a NUL in a string \
and a key given twice. White space around a text is dropped before it is looked at.
"""

_SCHEMES: Schema = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "A key of this service. Recording commits takes the scope `record`, reading "
        "addresses `read`, creating, voiding and recording by ids `admin`.",
    },
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of this service, or the OIDC token of a GitHub Actions workflow, "
        "which may record commits of its own repository. "
        "https://docs.github.com/en/actions/concepts/security/openid-connect",
    },
}
_WITH_A_KEY: list[Schema] = [{"ApiKey": []}, {"Bearer": []}]
_SECURITY: dict[Access, list[Schema]] = {
    Access.OPEN: [],
    Access.SIGNED: [],
    Access.READ: [{}, *_WITH_A_KEY],
    Access.RECORD: _WITH_A_KEY,
    Access.ADMIN: _WITH_A_KEY,
}


def as_text() -> str:
    """The document as its file has it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


@cache
def document() -> Schema:
    """The document; not to be changed."""
    paths: dict[str, Schema] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    shown = {model for operation in operations() for _, model in answers(operation)}
    read = {operation.body for operation in operations() if isinstance(operation.body, type)}
    # What is not held against its model is told as what is shown: nothing in it is needed.
    told = {model for o in operations() if isinstance(o.body, str) and (model := body_of(o))}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Contribution ledger", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [_tag(function) for function in functions()],
        "paths": paths,
        "components": {
            "schemas": component_schemas(read=read, shown={Problem, Metadata, *shown, *told}),
            "responses": error_responses(),
            "securitySchemes": _SCHEMES,
        },
    }


def _tag(function: ModuleType) -> Schema:
    name = function.__name__.rpartition(".")[2].replace("_", "-")
    return {"name": name, "description": inspect.getdoc(function)}


def _operation(operation: Operation) -> Schema:
    summary, _, about = (inspect.getdoc(operation.handler) or "").partition("\n")
    told = [" ".join(about.split())]
    if operation.main:
        told.append("At the function's own URL it is also `/`.")
    if operation.body:
        told.append(f"The body may hold {operation.body_limit // 1024} KiB.")
    described: Schema = {
        "operationId": operation.name,
        "tags": [operation.function.replace("_", "-")],
        "summary": summary.removesuffix("."),
        "description": " ".join(filter(None, told)) or summary,
        "parameters": parameters_of(operation),
        "responses": {**_successes(operation), **errors_of(operation)},
        "security": _SECURITY[operation.access],
    }
    if body := body_of(operation):
        described["requestBody"] = _body(operation, body)
    return described


def _body(operation: Operation, model: type[BaseModel]) -> Schema:
    shown = {name: {"value": value} for name, value in examples.of_body(model).items()}
    return {
        # Some clients cannot send a body with it.
        "required": operation.method != "DELETE",
        "content": {JSON: {"schema": ref(model.__name__), "examples": shown}},
    }


def _successes(operation: Operation) -> Schema:
    successes: Schema = {}
    for kind, model in answers(operation):
        success = _success(operation, kind, model)
        earlier = successes.get(str(kind.STATUS.value))
        if earlier:
            _join(earlier, success)
        else:
            successes[str(kind.STATUS.value)] = success
    return successes


def _success(operation: Operation, kind: type[Answer[Any]], model: type[BaseModel]) -> Schema:
    schema: Any = ref(model.__name__)
    if issubclass(kind, Page):
        schema = {"type": "array", "items": schema}
    example = examples.of_answer(operation, kind, model)
    return {
        "description": inspect.getdoc(model if kind is Answer else kind),
        "headers": headers_of(kind.HEADERS),
        "content": {JSON: {"schema": schema, "examples": {model.__name__: {"value": example}}}},
    }


def _join(success: Schema, other: Schema) -> None:
    """Add another answer of the same status."""
    success["description"] += f" {other['description']}"
    success["headers"] |= other["headers"]
    ours, theirs = success["content"][JSON], other["content"][JSON]
    ours["schema"] = {"oneOf": [*ours["schema"].get("oneOf", [ours["schema"]]), theirs["schema"]]}
    ours["examples"] |= theirs["examples"]
