"""Each error that the OpenAPI document tells of an operation is one that it really gives."""

from __future__ import annotations

import itertools

import pytest
from werkzeug.test import TestResponse

from shared.commands.openapi.declared import operations
from shared.domain.api_key import Scope
from shared.web.connections import Connections
from shared.web.operations import Access, Operation
from shared.web.settings import ReadAccess
from tests.http import documented
from tests.http.documented_service import WITH_KEY, DocumentedService, documented_service

BY_NAME = {operation.name: operation for operation in operations()}
DOCUMENTED = [
    (operation["operationId"], int(status))
    for _, _, operation in documented.operations()
    for status in operation["responses"]
    if status >= "400"
]


@pytest.mark.parametrize(("name", "status"), DOCUMENTED)
def test_an_error_that_is_documented_is_given(name: str, status: int) -> None:
    closed = status == 403 or (name, status) == ("tracking", 401)
    read_access = ReadAccess.KEY if closed else ReadAccess.PUBLIC
    with documented_service(read_access=read_access, firestore_answers=status != 503) as service:
        answer = _provoke(service, BY_NAME[name], status)
        assert answer.status_code == status
        problem = documented.assert_documented(answer, name)
        assert problem["status"] == status


def _provoke(service: DocumentedService, operation: Operation, status: int) -> TestResponse:
    name = operation.name
    # Where reads need a key, it is one repository's alone that does.
    query = {"repository": "octo/one"} if name == "tracking" and status in {401, 403} else None
    match status:
        case 400:
            return service.ask(name, body=b"{")
        case 401:
            wrong = {"X-API-Key": "x", "X-Hub-Signature-256": "sha256=0"}
            return service.ask(name, wrong, query=query)
        case 403:
            reads = operation.access in {Access.READ, Access.OPEN}
            lesser = Scope.RECORD if reads else Scope.READ
            return service.ask(name, service.create_key(lesser), query=query)
        case 404 | 503:
            # The ledger is empty; or it does not answer.
            return service.ask(name)
        case 408:
            # Each part of a body takes a minute.
            minutes = map(float, itertools.count(step=60))
            service.services.connections = Connections(monotonic=lambda: next(minutes))
            return service.ask(name)
        case 409:
            return _provoke_conflict(service, name)
        case 413:
            return service.ask(name, body=b" " * (operation.body_limit + 1))
        case 415:
            return service.ask(name, WITH_KEY | {"Content-Type": "text/plain"})
        case 422 if operation.method == "POST":
            return service.ask(name, body={})
        case 422:
            return service.ask(name, query={"no_such": "1"})
    raise AssertionError(f"{status} is documented, and no way to it is known")


def _provoke_conflict(service: DocumentedService, name: str) -> TestResponse:
    live = service.ask("track_commit").get_json()["id"]
    body = documented.example_body(documented.operation(name))
    if name == "track_commit":
        somebody_else = {"contributor_email": "grace@example.com", "author_email": None}
        return service.ask(name, body=body | somebody_else)
    if name == "create_contribution":
        return service.ask(name, body=body | {"corrects": live})
    if name == "change_asset":
        return service.ask(name, body=body | {"name": "octo/other"})
    if name == "join_address":
        return service.ask(name, body=body | {"email": "test@example.com"})
    if name == "join_repository":
        return service.ask(name, body=body | {"repository": "seeker71/Coherence-Network"})
    if name == "split_repository":
        further = service.ask("join_repository").get_json()["former_names"][0]
        service.ask("change_asset", body={"name": further})
    service.ask(name)
    return service.ask(name)


def test_a_method_that_a_path_does_not_have_is_answered_as_described() -> None:
    with documented_service() as service:
        answer = service.request("PUT", "/v1/assets")
        response = documented.DOCUMENT["components"]["responses"]["MethodNotAllowed"]
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert documented.answer_faults(answer, response) == []


@pytest.mark.parametrize("path", ["/v1", "/v1/contributions//", "/v2/assets", "/v1/healthy"])
def test_a_path_that_is_not_there_is_answered_as_described(path: str) -> None:
    with documented_service() as service:
        answer = service.get(path)
        assert answer.status_code == 404
        response = documented.DOCUMENT["components"]["responses"]["NotFound"]
        assert documented.answer_faults(answer, response) == []
