"""What a function answers: JSON, or a problem in the form of RFC 9457; and who may keep it.

A handler's return annotation says which kinds of answers it gives, and of what: the status, the
headers and the model of each, as the OpenAPI document tells them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPMethod, HTTPStatus
from typing import Any, ClassVar, Generic, TypeVar

from werkzeug.wrappers import Request, Response

from shared.domain.errors import (
    InvalidInput,
    LedgerError,
    MethodNotAllowed,
    Unauthenticated,
    Unavailable,
)
from shared.web.connections import LastAnswer
from shared.web.headers import DiffersHeaders, Headers, PageHeaders, ReplayHeaders
from shared.web.settings import ReadAccess, Settings

# The model of what is answered; such models are imported for type checking only.
_M = TypeVar("_M")

JSON = "application/json"
SVG = "image/svg+xml"
PROBLEM_JSON = "application/problem+json"

# Hosting's cache stands between a popular page and Firestore; browsers ask each time.
_PUBLIC = "public, max-age=0, s-maxage={}"
_PREFLIGHT_MAX_AGE_S = "600"
_READING = frozenset({HTTPMethod.GET, HTTPMethod.HEAD})
_EXPOSED = "Link, ETag, Retry-After, Idempotency-Replayed, Idempotency-Differs"
_CREDENTIALS = ("X-API-Key", "Authorization")
# Pages may read; whoever writes is no page of somebody else's.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": ", ".join(_CREDENTIALS),
    "Access-Control-Max-Age": _PREFLIGHT_MAX_AGE_S,
}


class Answer(Generic[_M]):
    """A JSON body, or what is text already, with its status.

    `outcome` says in one word what was done, for the log. `rejection` is the code and the reason
    of something turned away although the request as a whole was answered.
    """

    STATUS: ClassVar[HTTPStatus] = HTTPStatus.OK
    OUTCOME: ClassVar[str] = "ok"
    HEADERS: ClassVar[type[Headers]] = Headers
    # For how many seconds it may be kept between here and the client, where it may be kept.
    KEPT_S: ClassVar[int] = 15
    # Whether it is still being made while it is sent: what came of it is known in the end.
    STREAMS: ClassVar[bool] = False

    def __init__(
        self,
        body: Any,
        headers: Mapping[str, str] | None = None,
        *,
        status: HTTPStatus | None = None,
        media_type: str = JSON,
        outcome: str | None = None,
        rejection: tuple[str, str] | None = None,
    ) -> None:
        self.body = body
        self.headers = dict(headers or {})
        self.status = status or self.STATUS
        self.media_type = media_type
        self.outcome = outcome or self.OUTCOME
        self.rejection = rejection

    def response(self, *, streamed: bool = False) -> Response:
        """The HTTP response. A streamed one ends the connection, and leaves the body unread."""
        if self.status is HTTPStatus.NO_CONTENT:
            return Response(status=self.status.value, headers=self.headers)
        text = self._text()
        return (LastAnswer if streamed else Response)(
            iter([text]) if streamed else text,
            status=self.status.value,
            headers=self.headers,
            content_type=self.media_type,
        )

    def _text(self) -> str:
        if isinstance(self.body, str):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")) + "\n"


class Table(Answer[_M]):
    """As JSON, or as CSV with `format=csv`."""


class Picture(Answer[_M]):
    """As SVG, or as JSON."""

    KEPT_S = 60


class Created(Answer[_M]):
    """Created."""

    STATUS = HTTPStatus.CREATED
    OUTCOME = "created"


class Recorded(Answer[_M]):
    """Recorded."""

    STATUS = HTTPStatus.CREATED
    OUTCOME = "recorded"


class Replayed(Answer[_M]):
    """It was recorded before, and stays as it was."""

    OUTCOME = "replayed"
    HEADERS = DiffersHeaders

    def __init__(self, body: Any, *, differs: Iterable[str] = ()) -> None:
        """`differs` names the fields in which the request says something else."""
        names = ", ".join(differs)
        more = {"Idempotency-Differs": names} if names else {}
        super().__init__(body, {"Idempotency-Replayed": "true", **more})


class Done(Answer[_M]):
    """Done, now or before."""

    HEADERS = ReplayHeaders

    def __init__(self, body: Any, *, replayed: bool) -> None:
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        super().__init__(body, headers, outcome="replayed" if replayed else None)


class Voided(Done[_M]):
    """Voided, now or before."""

    OUTCOME = "voided"


class Split(Done[_M]):
    """Split off, now or before."""

    OUTCOME = "split"


class Ignored(Answer[_M]):
    """Nothing to record in it."""

    STATUS = HTTPStatus.ACCEPTED
    OUTCOME = "ignored"


class Page(Answer[list[_M]]):
    """A page, empty where there is none."""

    HEADERS = PageHeaders


# As the standard has them; Python does from 3.13 on.
# https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx
_TITLES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}


def problem(error: LedgerError) -> Answer[Any]:
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
    return Answer(body, headers, status=error.status, media_type=PROBLEM_JSON, outcome=error.code)


def is_preflight(request: Request) -> bool:
    """Whether a browser asks if a page may send a request.

    https://fetch.spec.whatwg.org/#cors-preflight-request
    """
    asks = "Access-Control-Request-Method" in request.headers
    return request.method == HTTPMethod.OPTIONS and asks and "Origin" in request.headers


class AnswerHeaders:
    """Adds to answers, by the settings, who may keep them and which pages may read them."""

    def __init__(self, settings: Settings) -> None:
        self._origins = settings.cors_origins
        self._public_reads = settings.read_access is ReadAccess.PUBLIC

    def complete(self, request: Request, response: Response, *, kept_s: int | None) -> None:
        """Add the headers; an answer that the client has already becomes 304, without a body.

        One to a read may be kept for `kept_s` seconds between here and the client, if everybody
        gets the same.
        """
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Who may see what depends on the key.
        by = [*_CREDENTIALS, *(["Origin"] if self._origins else []), *response.vary]
        response.headers["Vary"] = ", ".join(by)
        self._allow_origin(request, response)
        if kept_s is not None and self._is_public(request, response):
            response.headers["Cache-Control"] = _PUBLIC.format(kept_s)
            response.add_etag()
            # Of what can be asked for on a condition, this alone: what is meant for writing is not.
            asked = {"REQUEST_METHOD", "HTTP_IF_NONE_MATCH"} & request.environ.keys()
            response.make_conditional({name: request.environ[name] for name in asked})
        else:
            response.headers["Cache-Control"] = "no-store"

    def _allow_origin(self, request: Request, response: Response) -> None:
        is_error = response.status_code >= HTTPStatus.BAD_REQUEST
        if not (is_error or is_preflight(request) or request.method in _READING):
            return
        origin = request.headers.get("Origin", "")
        if self._origins and origin not in self._origins:
            return
        response.headers["Access-Control-Allow-Origin"] = origin if self._origins else "*"
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED

    def _is_public(self, request: Request, response: Response) -> bool:
        """Whether this answer to a read is the same for everybody without a credential."""
        return (
            self._public_reads
            and request.method in _READING
            and response.status_code == HTTPStatus.OK
            and not response.is_streamed
            and not any(name in request.headers for name in _CREDENTIALS)
        )
