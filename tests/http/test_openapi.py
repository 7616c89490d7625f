"""The OpenAPI document: valid, complete, and at one with what the functions declare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import Client as HttpClient

from shared.commands.openapi.declared import operations
from shared.commands.openapi.document import FILE, as_text
from shared.web.operations import Access
from tests.http import documented
from tests.http.documented_service import DocumentedService, documented_service
from tests.http.framework import REWRITES


@pytest.fixture(scope="module")
def service() -> Iterator[DocumentedService]:
    with documented_service() as service:
        yield service


def test_it_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(documented.DOCUMENT).validate()


def test_its_file_is_what_make_openapi_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == as_text()


def test_hosting_serves_the_file_at_its_path(service: DocumentedService) -> None:
    answer = HttpClient(service.hosting).get("/v1/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json() == documented.DOCUMENT


def test_it_has_the_operations_of_the_functions_and_no_others() -> None:
    in_document = {(method, path, o["operationId"]) for path, method, o in documented.operations()}
    assert in_document == {(o.method, o.path, o.name) for o in operations()}


@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.name)
def test_each_operation_is_told_under_the_function_that_hosting_sends_it_to(
    operation: Any,
) -> None:
    described = documented.operation(operation.name)
    path = documented.example_path(operation.path, described)
    assert REWRITES.entry_point(path) == operation.function
    assert described["tags"] == [operation.function.replace("_", "-")]
    assert described["tags"][0] in {tag["name"] for tag in documented.DOCUMENT["tags"]}


def test_who_may_call_an_operation_is_what_its_access_says() -> None:
    keys: list[dict[str, Any]] = [{"ApiKey": []}, {"Bearer": []}]
    security = {
        Access.OPEN: [],
        Access.SIGNED: [],
        Access.READ: [{}, *keys],
        Access.RECORD: keys,
        Access.ADMIN: keys,
    }
    for operation in operations():
        assert documented.operation(operation.name)["security"] == security[operation.access]


def test_both_kinds_of_credentials_are_described() -> None:
    schemes = documented.DOCUMENT["components"]["securitySchemes"]
    assert (
        schemes["ApiKey"].items() >= {"type": "apiKey", "in": "header", "name": "X-API-Key"}.items()
    )
    assert schemes["Bearer"].items() >= {"type": "http", "scheme": "bearer"}.items()


def test_every_example_is_as_its_schema_says() -> None:
    checked = 0
    for schema, example, place in _examples(documented.DOCUMENT, "#"):
        assert documented.faults(example, schema) == [], place
        checked += 1
    assert checked > 50


def _examples(node: Any, place: str) -> Iterator[tuple[dict[str, Any], Any, str]]:
    """Every example with its schema: those of parameters, bodies and answers, and of schemas."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _examples(item, f"{place}/{index}")
    if not isinstance(node, dict):
        return
    if "schema" in node and "example" in node:
        yield node["schema"], node["example"], place
    if "schema" in node:
        for name, example in node.get("examples", {}).items():
            yield node["schema"], example["value"], f"{place}/{name}"
    elif isinstance(node.get("examples"), list):
        for example in node["examples"]:
            yield node, example, place
    for name, item in node.items():
        if name not in {"example", "examples"}:
            yield from _examples(item, f"{place}/{name}")


def test_every_answer_and_every_body_has_an_example() -> None:
    for path, method, operation in documented.operations():
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = [documented.resolved(response) for response in operation["responses"].values()]
        for described in bodies + answers:
            # A 304 has none.
            for content in described.get("content", {}).values():
                assert "example" in content or content["examples"], f"{method} {path}"


@pytest.mark.parametrize(
    "operation", [o for o in operations() if o.method in {"GET", "DELETE"}], ids=lambda o: o.name
)
def test_the_query_parameters_are_those_that_the_operation_knows(
    operation: Any, service: DocumentedService
) -> None:
    answer = service.ask(operation.name, query={"no_such": "1"})
    assert answer.status_code == 422
    [fault] = json.loads(answer.get_data())["errors"]
    known = set(fault["message"].partition("there are: ")[2].split(", ")) - {"none"}
    described = documented.operation(operation.name)
    assert documented.parameters(described, place="query").keys() == known
