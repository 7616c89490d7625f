"""Holds answers against the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from shared.commands.openapi.document import FILE

Schema = dict[str, Any]

DOCUMENT: Schema = json.loads(FILE.read_text(encoding="utf-8"))

_URI = "urn:openapi"
_REGISTRY: Registry[Any] = Registry().with_resource(
    _URI, Resource.from_contents(DOCUMENT, default_specification=DRAFT202012)
)


def operations() -> Iterator[tuple[str, str, Schema]]:
    """Path, method and description of every operation."""
    for path, methods in DOCUMENT["paths"].items():
        for method, described in methods.items():
            yield path, method.upper(), described


def operation(name: str) -> Schema:
    """What is said about an operation."""
    return next(described for *_, described in operations() if described["operationId"] == name)


def resolved(described: Schema) -> Schema:
    """The thing itself where a reference to it may stand."""
    if "$ref" not in described:
        return described
    found = DOCUMENT
    for part in described["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def parameters(described: Schema, *, place: str) -> dict[str, Schema]:
    """The parameters of an operation that stand in the `path`, the `query` or a `header`."""
    found = map(resolved, described["parameters"])
    return {parameter["name"]: parameter for parameter in found if parameter["in"] == place}


def example_path(path: str, described: Schema) -> str:
    """The path with the example of each parameter in it."""
    for name, parameter in parameters(described, place="path").items():
        path = path.replace(f"{{{name}}}", parameter["example"])
    return path


def example_body(described: Schema) -> Any:
    """The first example of the body; None where there is no body."""
    if "requestBody" not in described:
        return None
    [content] = described["requestBody"]["content"].values()
    return next(iter(content["examples"].values()))["value"]


def example_answer(name: str, status: int = 200) -> Any:
    """The example of what an operation answers as JSON."""
    return operation(name)["responses"][str(status)]["content"]["application/json"]["example"]


def faults(value: object, schema: Schema) -> list[str]:
    """What is wrong with a JSON value; nothing where it is as the schema says."""
    validator = Draft202012Validator(
        json.loads(json.dumps(schema).replace('"#/', f'"{_URI}#/')),
        registry=_REGISTRY,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def assert_documented(answer: TestResponse, name: str) -> Any:
    """The body of an answer to the operation, which is one that the document foretells."""
    responses = operation(name)["responses"]
    assert str(answer.status_code) in responses, f"{name}: {answer.status} is not documented"
    assert answer_faults(answer, resolved(responses[str(answer.status_code)])) == []
    return json.loads(answer.get_data() or "null")


def answer_faults(answer: TestResponse, response: Schema) -> list[str]:
    """In what an answer differs from a response of the document."""
    found = []
    contents, media_type = response.get("content", {}), answer.mimetype or ""
    if contents and media_type not in contents:
        return [f"{media_type} instead of {', '.join(contents)}"]
    if content := contents.get(media_type):
        is_json = media_type.endswith("json")
        body = json.loads(answer.get_data()) if is_json else answer.get_data(as_text=True)
        found += faults(body, content["schema"])
        found += [f"{name} is not documented" for name in _undocumented(body, content["schema"])]
    for name, header in response["headers"].items():
        described = resolved(header)
        text = answer.headers.get(name)
        if text is not None:
            number = described["schema"].get("type") == "integer"
            found += faults(int(text) if number else text, described["schema"])
        elif described.get("required"):
            found.append(f"{name} is missing")
    return found


def _undocumented(value: Any, schema: Schema) -> Iterator[str]:
    """The fields of an answer that its schema does not name: it may gain some, and then the
    document has to.
    """
    schema = resolved(schema)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if not faults(value, alternative):
            yield from _undocumented(value, alternative)
            return
    if isinstance(value, list):
        for item in value:
            yield from _undocumented(item, schema.get("items", {}))
    elif isinstance(value, dict) and "properties" in schema:
        for name, item in value.items():
            if name in schema["properties"]:
                yield from _undocumented(item, schema["properties"][name])
            else:
                yield name
