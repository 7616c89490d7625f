"""What every answer says of itself: who may keep it, for how long, and which pages may read it."""

from __future__ import annotations

from http import HTTPMethod, HTTPStatus

from werkzeug.wrappers import Request, Response

from shared.web.operations import Access, Operation
from shared.web.settings import ReadAccess, Settings

# Hosting's cache stands between a popular page and Firestore; browsers ask each time.
_PUBLIC = "public, max-age=0, s-maxage=15"
_PREFLIGHT_MAX_AGE_S = "600"
_READING = frozenset({HTTPMethod.GET, HTTPMethod.HEAD})
_EXPOSED = "Link, ETag, Retry-After, Idempotency-Replayed, Idempotency-Differs"
_CREDENTIALS = ("X-API-Key", "Authorization")


def is_preflight(request: Request) -> bool:
    """Whether a browser asks if a page may send a request.

    https://fetch.spec.whatwg.org/#cors-preflight-request
    """
    asks = "Access-Control-Request-Method" in request.headers
    return request.method == HTTPMethod.OPTIONS and asks and "Origin" in request.headers


# Pages may read; whoever writes is no page of somebody else's.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": ", ".join(_CREDENTIALS),
    "Access-Control-Max-Age": _PREFLIGHT_MAX_AGE_S,
}


class AnswerHeaders:
    """Adds to answers what the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._origins = settings.cors_origins
        self._public_reads = settings.read_access is ReadAccess.PUBLIC

    def complete(self, request: Request, operation: Operation | None, response: Response) -> None:
        """Add the headers; an answer that the client has already becomes 304, without a body."""
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Who may see what depends on the key.
        response.headers["Vary"] = ", ".join(_CREDENTIALS + ("Origin",) * bool(self._origins))
        self._allow_origin(request, response)
        if self._is_public(request, operation, response):
            response.headers["Cache-Control"] = _PUBLIC
            response.add_etag()
            response.make_conditional(request.environ)
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

    def _is_public(self, request: Request, operation: Operation | None, response: Response) -> bool:
        """Whether this answer is the same for everybody without a credential."""
        return (
            self._public_reads
            and operation is not None
            and operation.access is Access.READ
            and request.method in _READING
            and response.status_code == HTTPStatus.OK
            and not response.is_streamed
            and not any(name in request.headers for name in _CREDENTIALS)
        )
