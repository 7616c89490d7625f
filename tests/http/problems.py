"""The one form that every error has."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from werkzeug.test import TestResponse

# The standard's, whatever the Python at hand calls them.
# https://www.rfc-editor.org/rfc/rfc9110#name-status-codes
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# An address that is not masked.
_ADDRESS = re.compile(r"[^\s*]@\S")


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The response is a problem, and one that tells nothing secret; gives its body.

    https://www.rfc-editor.org/rfc/rfc9457
    """
    text = response.get_data(as_text=True)
    assert response.status_code == status, text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = json.loads(text)
    fields = ["type", "title", "status", "detail", "code"]
    assert list(problem) == fields + ["errors"] * (status == HTTPStatus.UNPROCESSABLE_ENTITY)
    assert problem["type"] == "about:blank"
    assert problem["title"] == TITLES[status]
    assert problem["status"] == status
    assert problem["code"] == code
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    for fault in problem.get("errors", ()):
        assert list(fault) == ["pointer", "message"]
        assert all(isinstance(part, str) for part in fault.values())
        assert fault["message"]
    assert not _ADDRESS.search(text)
    for forbidden in ("traceback", "<!doctype", "<html", ".py", "s3cret"):
        assert forbidden not in text.lower()
    assert (status == HTTPStatus.METHOD_NOT_ALLOWED) == ("Allow" in response.headers)
    assert (status == HTTPStatus.SERVICE_UNAVAILABLE) == ("Retry-After" in response.headers)
    assert (status == HTTPStatus.UNAUTHORIZED) == ("WWW-Authenticate" in response.headers)
    return problem
