"""Examples: requests are made of what their models say, answers are what the service answers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.commands.openapi.declared import body_of, functions, operations
from shared.commands.openapi.parameters import parameters_of
from shared.commands.openapi.schemas import Generator
from shared.embedded import open_embedded
from shared.web.answer import Answer, Page
from shared.web.entry_point import entry_point
from shared.web.logs import Log
from shared.web.operations import Access, Operation
from shared.web.services import Services
from shared.web.settings import Settings

_SETTINGS = Settings(api_keys={"ci": "example-key"}, webhook_secrets={"hook": "example-secret"})
_NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
_SERVER_TIME = re.compile(r'(?<=_at":)"[^"]+"')


def of_body(model: type[BaseModel]) -> dict[str, Any]:
    """By name: the example that a model has, or one with every field that has one, and a short one.

    The short one holds what may not be left out.
    """
    schema = model.model_json_schema()
    if "examples" in schema:
        return {"example": schema["examples"][0]}
    full = {
        name: told["examples"][0]
        for name, field in schema["properties"].items()
        for told in (field, *field.get("anyOf", ()))
        if "examples" in told
    }
    short = {name: full[name] for name in schema.get("required", ())}
    return {"full": full, "short": short} if short not in ({}, full) else {"full": full}


def of_answer(operation: Operation, kind: type[Answer[Any]], model: type[BaseModel]) -> Any:
    """The example that a model has, or what the service answers to the example request."""
    schema = model.model_json_schema(mode="serialization", schema_generator=Generator)
    if "examples" not in schema:
        return _answers(operation)[kind.STATUS]
    return schema["examples"] if issubclass(kind, Page) else schema["examples"][0]


@cache
def _answers(operation: Operation) -> dict[int, Any]:
    """What an operation answers, by status: the first time, and when it is asked again.

    A POST is made to an empty ledger where it can be, everything else to one with a commit.
    """
    [commit] = (o for o in operations() if o.name == "track_commit")
    asked = _ask(operation, operation) if operation.method == "POST" else []
    if HTTPStatus.NOT_FOUND in dict(asked) or not asked:
        asked = _ask(commit, operation, operation)[1:]
    # The first answer of a status counts.
    return dict(reversed(asked))


def _ask(*story: Operation) -> list[tuple[int, Any]]:
    answers = []
    with open_embedded(None, project="demo-openapi") as store:
        services = Services(
            _SETTINGS,
            open_client=lambda _: store.client(),
            clock=lambda: _NOW,
            log=Log(write=lambda _: None),
        )
        serve = {f.__name__: entry_point(f, services) for f in functions()}
        for operation in story:
            answer = serve[operation.handler.__module__](_request(operation))
            # The store's clock is the machine's.
            text = _SERVER_TIME.sub(f'"{_NOW:%Y-%m-%dT%H:%M:%S}Z"', answer.get_data(as_text=True))
            answers.append((answer.status_code, json.loads(text, object_pairs_hook=_ordered)))
    return answers


def _ordered(members: list[tuple[str, Any]]) -> dict[str, Any]:
    # What is kept as a map is read back in any order.
    return {
        name: dict(sorted(value.items())) if isinstance(value, dict) else value
        for name, value in members
    }


def _request(operation: Operation) -> Request:
    model = body_of(operation)
    body = json.dumps(next(iter(of_body(model).values()))).encode() if model else b""
    path, headers = operation.path, Headers({"X-API-Key": "example-key"})
    for parameter in parameters_of(operation):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        elif parameter["in"] == "header" and "example" in parameter:
            headers[parameter["name"]] = parameter["example"]
    if operation.access is Access.SIGNED:
        digest = hmac.digest(b"example-secret", body, hashlib.sha256)
        headers["X-Hub-Signature-256"] = f"sha256={digest.hex()}"
    kind = "application/json" if body else None
    asked = EnvironBuilder(
        path, method=operation.method, headers=headers, data=body, content_type=kind
    )
    return Request(asked.get_environ())
