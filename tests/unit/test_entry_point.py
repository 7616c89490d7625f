"""What every function does around its handlers: errors become answers, and each is logged once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, NoReturn
from urllib.parse import unquote

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from shared.domain.errors import Conflict, LedgerError, Unavailable
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import OWN_SLASH, entry_point, path_of
from shared.web.logs import Log
from shared.web.operations import Access, Operation
from shared.web.services import Services
from shared.web.settings import Settings

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
KEY = {"X-API-Key": "s3cret"}
PEOPLE = "/v1/contributors"
PERSON = "/v1/contributors/{key}"


def refuse_to_connect(_: Settings) -> NoReturn:
    raise AssertionError("nothing here needs Firestore")


class Function:
    """A function with an operation of the test's own, and what it logs."""

    def __init__(
        self, handler: Callable[..., Answer[Any]], *, method: str = "GET", path: str = PEOPLE
    ) -> None:
        self.lines: list[dict[str, Any]] = []
        services = Services(
            Settings(api_keys={"ci": "s3cret"}),
            open_client=refuse_to_connect,
            clock=lambda: NOW,
            log=Log(salt="salt", write=lambda line: self.lines.append(json.loads(line))),
        )
        access = Access.READ if method == "GET" else Access.ADMIN
        module = ModuleType("functions.contributors")
        module.__dict__["handler"] = Operation(method, path, access)(handler)
        self.serve = entry_point(module, services)

    def ask(self, path: str, **options: Any) -> Response:
        return self.serve(Request(EnvironBuilder(path, **options).get_environ()))


def failing(error: Exception) -> Callable[..., Answer[Any]]:
    def handler(_: Call, **parameters: str) -> NoReturn:
        raise error

    return handler


def test_a_handler_gets_the_call_and_gives_the_answer() -> None:
    def show(call: Call, key: str) -> Answer[Any]:
        return Answer({"key": key, "by": call.recorded_by})

    function = Function(show, path=PERSON)
    response = function.ask("/v1/contributors/a%20b@x.org", headers=KEY)
    assert json.loads(response.get_data()) == {"key": "a b@x.org", "by": "ci"}


@pytest.mark.parametrize(
    ("error", "status", "severity"),
    [
        (Conflict("taken"), 409, "WARNING"),
        (Unavailable("busy"), 503, "ERROR"),
        (LedgerError("broken"), 500, "ERROR"),
        (RuntimeError("test@example.com"), 500, "ERROR"),
        (KeyError("s3cret"), 500, "ERROR"),
        (RecursionError(), 500, "ERROR"),
    ],
)
def test_an_error_becomes_a_problem_and_one_line_of_the_log(
    error: Exception, status: int, severity: str
) -> None:
    function = Function(failing(error), path=PERSON)
    response = function.ask("/v1/contributors/alice@example.com")
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    [line] = function.lines
    assert (line["severity"], line["httpRequest"]["status"]) == (severity, status)


def test_an_unexpected_error_is_placed_in_the_log_without_its_text() -> None:
    function = Function(failing(RuntimeError("test@example.com s3cret")), path=PERSON)
    response = function.ask("/v1/contributors/alice@example.com", headers=KEY)
    [line] = function.lines
    assert line["error"].startswith("RuntimeError in tests.unit.test_entry_point:")
    for text in (json.dumps(line), response.get_data(as_text=True), str(response.headers)):
        assert "@" not in text
        assert "s3cret" not in text


def test_the_log_has_the_pattern_of_a_path_and_not_what_was_asked_for() -> None:
    function = Function(lambda _: Answer([]))
    function.ask("/v1/contributors?page_token=alice@example.com")
    function.ask("/v1/alice@example.com")
    assert [line["httpRequest"]["requestUrl"] for line in function.lines] == [
        "/v1/contributors",
        "unknown",
    ]
    assert "alice" not in json.dumps(function.lines)


def test_a_callers_name_is_in_the_log_and_the_key_is_not() -> None:
    function = Function(lambda _: Answer([]))
    function.ask("/v1/contributors", headers=KEY)
    [line] = function.lines
    assert line["caller"] == "ci"
    assert "s3cret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-123.DEF_4", True), ("", False), ("a b", False), ("x" * 65, False), ("a@b", False)],
)
def test_an_answer_bears_the_request_id_of_the_client_where_it_is_harmless(
    given: str, kept: bool
) -> None:
    function = Function(lambda _: Answer([]))
    response = function.ask("/v1/contributors", headers={"X-Request-Id": given})
    [line] = function.lines
    assert response.headers["X-Request-Id"] == line["request_id"]
    assert (line["request_id"] == given) is kept


def test_the_body_is_not_looked_at_before_method_path_and_key() -> None:
    function = Function(failing(AssertionError("not admitted")), method="POST")
    for path, headers, status in [
        ("/v2", KEY, 404),
        ("/v1/contributors", KEY, 405),
        ("/v1/contributors", {}, 401),
    ]:
        method = "PUT" if status == 405 else "POST"
        response = function.ask(path, method=method, data=b"\xff", headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/v1/contributors/", "/v1/contributors"),
        ("/v1/contributors/?limit=1/", "/v1/contributors"),
        ("/v1/contributors/a%40b/contributions/", "/v1/contributors/a@b/contributions"),
        ("/v1/contributors?next=/", "/v1/contributors"),
        ("/", "/"),
        # An address may end with one, and then it is encoded.
        ("/v1/contributors/a%40b%2F", f"/v1/contributors/a@b{OWN_SLASH}"),
        ("/v1/contributors/a%40b%2F/", f"/v1/contributors/a@b{OWN_SLASH}"),
        ("/v1/contributors//", "/v1/contributors//"),
        ("/v1/contributors/a%2fb%40c/months", f"/v1/contributors/a{OWN_SLASH}b@c/months"),
        # A repository's slash is the path's, encoded or not.
        ("/v1/assets/octo%2Frepo", "/v1/assets/octo/repo"),
    ],
)
def test_a_slash_at_the_end_of_a_path_is_dropped_and_an_address_keeps_its_own(
    raw: str, path: str
) -> None:
    before, _, query = raw.partition("?")
    environ = EnvironBuilder(unquote(before), query_string=query).get_environ()
    assert path_of(Request(environ | {"PATH_INFO": unquote(before), "RAW_URI": raw})) == path
