"""What a function answers: JSON, or a problem in the form of RFC 9457."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from shared.domain.errors import (
    InvalidInput,
    LedgerError,
    MethodNotAllowed,
    Unauthenticated,
    Unavailable,
)

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
# Who may see what depends on the key, and figures change with every commit.
_ALWAYS = {"Cache-Control": "no-store", "Vary": "X-API-Key, Authorization"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON body with its status.

    `outcome` says in one word what was done, for the log. `rejection` is the code and the reason
    of something turned away although the request as a whole was answered.
    """

    body: Any
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    outcome: str = "ok"
    rejection: tuple[str, str] | None = None

    def response(self, *, streamed: bool = False) -> Response:
        """The HTTP response. A streamed one ends the connection, and leaves the body unread."""
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":")) + "\n"
        return Response(
            iter([text]) if streamed else text,
            status=self.status.value,
            headers={**_ALWAYS, **({"Connection": "close"} if streamed else {}), **self.headers},
            content_type=self.media_type,
        )


def recorded_answer(
    shown: Mapping[str, Any], *, replayed: bool, differs: Iterable[str] = ()
) -> Answer:
    """201 for a new contribution, 200 for one that was there; `differs` as in `Recorded`."""
    if not replayed:
        return Answer(shown, HTTPStatus.CREATED, outcome="recorded")
    headers = {"Idempotency-Replayed": "true"}
    if names := ", ".join(differs):
        headers["Idempotency-Differs"] = names
    return Answer(shown, headers=headers, outcome="replayed")


# As the standard has them; Python does from 3.13 on.
# https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx
_TITLES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}


def problem(error: LedgerError) -> Answer:
    """The answer to an error: the one place where exceptions become responses.

    https://www.rfc-editor.org/rfc/rfc9457
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(error.status, error.status.phrase),
        "status": error.status.value,
        "detail": error.detail,
        "code": error.code,
    }
    headers: dict[str, str] = {}
    match error:
        case InvalidInput():
            body["errors"] = [{"pointer": f.pointer, "message": f.message} for f in error.faults]
        case MethodNotAllowed():
            headers["Allow"] = ", ".join(error.allowed)
        case Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
        case Unavailable():
            headers["Retry-After"] = str(error.retry_after)
    return Answer(body, error.status, headers, PROBLEM_JSON, outcome=error.code)
