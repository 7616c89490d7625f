"""Examples: requests are made of what their models say, answers are what the service answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel
from werkzeug.test import Client
from werkzeug.wrappers import Request

from shared.commands.openapi.declared import body_of, functions, operations
from shared.commands.openapi.schemas import Generator, parameters_of
from shared.embedded import open_embedded
from shared.web.answer import JSON, Answer, Page
from shared.web.entry_point import entry_point
from shared.web.logs import Log
from shared.web.operations import Access, Operation
from shared.web.services import Services
from shared.web.settings import Settings

_SETTINGS = Settings(api_keys={"ci": "example-key"}, webhook_secrets={"hook": "example-secret"})
_NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
# What makes something is asked for first, what takes it away last.
_ORDER = ("POST", "GET", "PATCH", "DELETE")


def of_body(model: type[BaseModel]) -> dict[str, Any]:
    """By name: a model's own example, or a full one of its fields' and one of what is required."""
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
    """A model's own example, or what the service answers to the example request."""
    schema = model.model_json_schema(mode="serialization", schema_generator=Generator)
    if "examples" in schema:
        return schema["examples"][0]
    answer = _answers()[operation.name, kind.STATUS.value]
    return answer[:1] if issubclass(kind, Page) else answer


@cache
def _answers() -> dict[tuple[str, int], Any]:
    """What the operations answer, by name and status: all on one ledger, and each one twice."""
    answers: dict[tuple[str, int], Any] = {}
    with open_embedded(None, project="demo-openapi", clock=lambda: _NOW) as store:
        services = Services(
            _SETTINGS,
            open_client=lambda _: store.client(),
            clock=lambda: _NOW,
            log=Log(write=lambda _: None),
        )
        serve = {f.__name__: entry_point(f, services) for f in functions()}
        for operation in sorted(operations(), key=lambda o: _ORDER.index(o.method)):
            client = Client(Request.application(serve[operation.handler.__module__]))
            for _ in range(2):
                answer = client.open(**_request(operation))
                body = json.loads(answer.data, object_pairs_hook=_steady)
                answers.setdefault((operation.name, answer.status_code), body)
    return answers


def _steady(members: list[tuple[str, Any]]) -> dict[str, Any]:
    # What is kept as a map is read back in any order.
    return {n: dict(sorted(v.items())) if isinstance(v, dict) else v for n, v in members}


def _request(operation: Operation) -> dict[str, Any]:
    path, query = operation.path, dict[str, str]()
    headers = {"X-API-Key": "example-key", "Accept": JSON}
    for parameter in parameters_of(operation):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", parameter["example"])
        elif parameter["in"] == "header" and "example" in parameter:
            headers[parameter["name"]] = parameter["example"]
        elif parameter["in"] == "query" and parameter.get("required"):
            query[parameter["name"]] = parameter["example"]
    asked: dict[str, Any] = {"query_string": query, "headers": headers}
    if model := body_of(operation):
        asked["data"] = json.dumps(next(iter(of_body(model).values()))).encode()
        asked["content_type"] = JSON
    if operation.access is Access.SIGNED:
        digest = hmac.digest(b"example-secret", asked["data"], hashlib.sha256)
        headers["X-Hub-Signature-256"] = f"sha256={digest.hex()}"
    return {"path": path, "method": operation.method, **asked}
