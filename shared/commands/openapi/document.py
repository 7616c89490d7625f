"""The OpenAPI document: the operations, the models and the errors, put together.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import json
from functools import cache
from inspect import getdoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from shared.commands.openapi import examples, schemas
from shared.commands.openapi.declared import ROOT, answers, body_of, functions, operations
from shared.commands.openapi.schemas import Schema
from shared.domain import errors
from shared.domain.badge import Badge
from shared.domain.contribution import Commit
from shared.domain.version import VERSION
from shared.web.answer import JSON, PROBLEM_JSON, SVG, Answer, Page, Picture, Table, problem
from shared.web.described import Metadata, Problem
from shared.web.headers import Headers, ProblemHeaders, ReadHeaders
from shared.web.operations import Access, Operation
from shared.web.table import FORMS, whole

FILE = ROOT / "shared" / "hosting" / "v1" / "openapi.json"

# Who may do what with either is said in `about.md`.
_SCHEMES: Schema = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "Bearer": {"type": "http", "scheme": "bearer"},
}
_ERRORS = (
    errors.MalformedRequest("The body is not JSON: Expecting value at line 1 column 1"),
    errors.Unauthenticated("Send an API key as X-API-Key or as Authorization: Bearer"),
    errors.Forbidden("This credential lacks the scope admin"),
    errors.NotFound("Contributor"),
    errors.MethodNotAllowed(["GET", "HEAD"]),
    errors.Conflict("An asset with this name exists as 5f1b7c1e-3f0a-5d0e-9a53-0c1d2e3f4a5b"),
    errors.TooSlow(),
    errors.PayloadTooLarge(65536),
    errors.UnsupportedMedia("Send Content-Type: application/json"),
    errors.InvalidInput.at("/cost_amount", "must be from 0 to 10,000,000"),
    errors.Unavailable("Firestore did not answer in time; nothing is lost, try again"),
)
_OF_A_BODY = {
    errors.MalformedRequest,
    errors.TooSlow,
    errors.PayloadTooLarge,
    errors.UnsupportedMedia,
}


def as_text() -> str:
    """The document as its file has it."""
    # In ASCII, as some patterns hold characters that nobody would see.
    return json.dumps(document(), indent=2) + "\n"


@cache
def document() -> Schema:
    """The document; not to be changed."""
    paths: dict[str, Schema] = {}
    models: dict[type[BaseModel], JsonSchemaMode] = dict.fromkeys(
        (Problem, Metadata), "serialization"
    )
    models[Commit] = "validation"
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
        if body := body_of(operation):
            # What is not held against its model is told as what is shown: nothing in it is needed.
            models[body] = "serialization" if isinstance(operation.body, str) else "validation"
        models |= {model: "serialization" for _, model in answers(operation)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Contribution ledger",
            "version": VERSION,
            "description": Path(__file__).with_name("about.md").read_text(encoding="utf-8"),
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": _tag(f.__name__), "description": getdoc(f)} for f in functions()],
        "paths": paths,
        "components": {
            "schemas": schemas.component_schemas(models),
            "responses": {
                "NotModified": {
                    "description": "What the client has is good still.",
                    "headers": schemas.headers_of(ReadHeaders),
                },
                **{type(error).__name__: _error(error) for error in _ERRORS},
            },
            "securitySchemes": _SCHEMES,
        },
    }


def _tag(module: str) -> str:
    return module.removeprefix("functions.").replace("_", "-")


def _operation(operation: Operation) -> Schema:
    summary, _, about = (getdoc(operation.handler) or "").partition("\n")
    told = [" ".join(about.split())] if about else []
    if operation.main:
        told.append("At the function's own URL it is also `/`.")
    if operation.body:
        told.append(f"The body may hold {operation.body_limit // 1024} KiB.")
    body = body_of(operation)
    return {
        "operationId": operation.name,
        "tags": [_tag(operation.handler.__module__)],
        "summary": summary.removesuffix("."),
        "description": " ".join(told) or summary,
        "parameters": schemas.parameters_of(operation),
        "responses": {
            **{str(k.STATUS.value): _success(operation, k, m) for k, m in answers(operation)},
            **({"304": _response("NotModified")} if operation.access is Access.READ else {}),
            **_errors(operation),
        },
        "security": _security(operation.access),
        **({"requestBody": _body(operation, body)} if body else {}),
    }


def _security(access: Access) -> list[Schema]:
    if access in {Access.OPEN, Access.SIGNED}:
        return []
    return [*([{}] if access is Access.READ else ()), *({scheme: []} for scheme in _SCHEMES)]


def _body(operation: Operation, model: type[BaseModel]) -> Schema:
    shown = {name: {"value": value} for name, value in examples.of_body(model).items()}
    return {
        # Some clients cannot send a body with it.
        "required": operation.method != "DELETE",
        "content": {JSON: {"schema": schemas.ref(model), "examples": shown}},
    }


def _success(operation: Operation, kind: type[Answer[Any]], model: type[BaseModel]) -> Schema:
    one = schemas.ref(model)
    schema = {"type": "array", "items": one} if issubclass(kind, Page) else one
    example = examples.of_answer(operation, kind, model)
    of_a_read = schemas.headers_of(ReadHeaders) if operation.access is Access.READ else {}
    return {
        "description": getdoc(model if kind is Answer else kind),
        "headers": schemas.headers_of(kind.HEADERS) | of_a_read,
        "content": {
            JSON: {"schema": schema, "example": example},
            **_other_forms(kind, example),
        },
    }


def _other_forms(kind: type[Answer[Any]], example: Any) -> Schema:
    """What else than JSON may be answered, by media type."""
    forms = {SVG: Badge(**example).svg()} if issubclass(kind, Picture) else {}
    rows = example["lines"] if issubclass(kind, Table) else example
    for name in FORMS if issubclass(kind, Page) else ["csv"] if issubclass(kind, Table) else ():
        forms[FORMS[name].media_type.partition(";")[0]] = whole(FORMS[name], [*rows[0]], rows)
    return {name: {"schema": {"type": "string"}, "example": form} for name, form in forms.items()}


def _error(error: errors.LedgerError) -> Schema:
    answer = problem(error)
    has = {*answer.headers, *schemas.headers_of(Headers)}
    return {
        "description": (getdoc(error) or "").partition("\n")[0],
        "headers": {n: told for n, told in schemas.headers_of(ProblemHeaders).items() if n in has},
        "content": {PROBLEM_JSON: {"schema": schemas.ref(Problem), "example": answer.body}},
    }


def _errors(operation: Operation) -> dict[str, Schema]:
    """The error responses of an operation by status."""
    kinds: set[type[errors.LedgerError]] = {errors.InvalidInput, *operation.errors}
    if operation.access is not Access.OPEN:
        kinds |= {errors.Unauthenticated, errors.Unavailable}
    if operation.access in {Access.READ, Access.RECORD, Access.ADMIN}:
        kinds.add(errors.Forbidden)
    # A badge is a picture whatever it is of.
    is_picture = any(issubclass(kind, Picture) for kind, _ in answers(operation))
    if operation.pattern.groupindex and not is_picture:
        kinds.add(errors.NotFound)
    if operation.body:
        kinds |= _OF_A_BODY
    return {
        str(kind.status.value): _response(kind.__name__)
        for kind in sorted(kinds, key=lambda kind: kind.status)
    }


def _response(name: str) -> Schema:
    return {"$ref": f"#/components/responses/{name}"}
