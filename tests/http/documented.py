"""Holds answers against the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from shared.web.openapi import document

Schema = dict[str, Any]

_URI = "urn:openapi"
_REGISTRY: Registry[Any] = Registry().with_resource(
    _URI, Resource.from_contents(document(), default_specification=DRAFT202012)
)


def at(reference: str) -> Any:
    """What a reference such as `#/components/schemas/Asset` points to."""
    found = document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def resolved(value: Schema) -> Schema:
    """The thing itself where a reference to it may stand."""
    return at(value["$ref"]) if "$ref" in value else value


def operation(name: str) -> Schema:
    """An operation by its name."""
    return next(found for *_, found in operations() if found["operationId"] == name)


def operations() -> Iterator[tuple[str, str, Schema]]:
    """Path, method and description of every operation."""
    for path, methods in document()["paths"].items():
        for method, found in methods.items():
            yield path, method.upper(), found


def faults(value: object, schema: Schema) -> list[str]:
    """What is wrong with a JSON value; nothing where it is as the schema says."""
    text = json.dumps(schema).replace('"#/', f'"{_URI}#/')
    validator = Draft202012Validator(
        json.loads(text),
        registry=_REGISTRY,
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def assert_documented(answer: TestResponse, name: str) -> Any:
    """The body of an answer to the operation, which is one that the document foretells."""
    responses = operation(name)["responses"]
    assert str(answer.status_code) in responses, f"{name}: {answer.status} is not documented"
    response = resolved(responses[str(answer.status_code)])
    [(media_type, content)] = response["content"].items()
    assert answer.mimetype == media_type
    body = json.loads(answer.get_data())
    assert faults(body, content["schema"]) == []
    assert undocumented(body, content["schema"]) == []
    for header, described in response["headers"].items():
        described = resolved(described)
        assert header in answer.headers or not described.get("required"), f"no {header}"
        if header in answer.headers:
            text = answer.headers[header]
            number = described["schema"].get("type") == "integer"
            assert faults(int(text) if number else text, described["schema"]) == []
    return body


def undocumented(value: object, schema: Schema) -> list[str]:
    """The fields of an answer that its schema does not name. Answers may gain fields, but then
    the document has to gain them too.
    """
    schema = resolved(schema)
    for alternative in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if not faults(value, alternative):
            return undocumented(value, alternative)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [fault for item in value for fault in undocumented(item, items)]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    properties = schema["properties"]
    return [name for name in value if name not in properties] + [
        fault
        for name, item in value.items()
        if name in properties
        for fault in undocumented(item, properties[name])
    ]
