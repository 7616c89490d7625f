"""Each kind of error has its status and code, and becomes one form of answer."""

from __future__ import annotations

import pytest

from shared.domain.errors import (
    Conflict,
    Fault,
    Forbidden,
    InvalidInput,
    LedgerError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from shared.web.answer import problem
from tests.http.problems import TITLES


class TestProblem:
    @pytest.mark.parametrize(
        ("error", "status", "code", "detail"),
        [
            (LedgerError("Oh"), 500, "internal", "Oh"),
            (MalformedRequest("Oh"), 400, "malformed", "Oh"),
            (Unauthenticated("Oh"), 401, "unauthenticated", "Oh"),
            (Forbidden("Oh"), 403, "forbidden", "Oh"),
            (NotFound("Asset"), 404, "not_found", "Asset not found"),
            (
                MethodNotAllowed(["GET", "HEAD"]),
                405,
                "method_not_allowed",
                "Allowed here: GET, HEAD",
            ),
            (Conflict("Oh"), 409, "conflict", "Oh"),
            (Conflict("Oh", code="voided"), 409, "voided", "Oh"),
            (
                PayloadTooLarge(5),
                413,
                "too_large",
                "The body may hold at most 5 bytes",
            ),
            (
                UnsupportedMedia("Oh"),
                415,
                "unsupported_media_type",
                "Oh",
            ),
            (Unavailable("Oh"), 503, "unavailable", "Oh"),
        ],
    )
    def test_has_the_fields_of_rfc_9457(
        self, error: LedgerError, status: int, code: str, detail: str
    ) -> None:
        answer = problem(error)
        assert answer.media_type == "application/problem+json"
        assert answer.status == status
        assert answer.body == {
            "type": "about:blank",
            "title": TITLES[status],
            "status": status,
            "detail": detail,
            "code": code,
        }

    def test_of_bad_input_says_where_and_what(self) -> None:
        error = InvalidInput([Fault("/a", "must be b"), Fault("", "must be c")])
        assert problem(error).body == {
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "detail": "/a: must be b; body: must be c",
            "code": "invalid",
            "errors": [
                {"pointer": "/a", "message": "must be b"},
                {"pointer": "", "message": "must be c"},
            ],
        }

    def test_has_the_headers_that_go_with_the_status(self) -> None:
        assert problem(MethodNotAllowed(["GET", "HEAD"])).headers == {"Allow": "GET, HEAD"}
        assert problem(Unauthenticated("Oh")).headers == {"WWW-Authenticate": "Bearer"}
        assert problem(Unavailable("Oh", retry_after=7)).headers == {"Retry-After": "7"}
        assert problem(NotFound("Asset")).headers == {}
