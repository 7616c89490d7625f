"""What a function answers: JSON, or a problem in the form of RFC 9457.

A handler's return annotation says which kinds of answers it gives, and of what: the status, the
headers and the model of each, as the OpenAPI document tells them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

from werkzeug.wrappers import Response

from shared.domain.errors import (
    InvalidInput,
    LedgerError,
    MethodNotAllowed,
    Unauthenticated,
    Unavailable,
)
from shared.web.parameters import REQUIRED, Parameters

if TYPE_CHECKING:
    from typing import Literal

    from pydantic import Field
    from typing_extensions import Doc

    from shared.web.described import HeaderName

# The model of what is answered; such models are imported for type checking only.
_M = TypeVar("_M")

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"


class Headers(Parameters):
    """What every answer has."""

    request_id: Annotated[
        str,
        HeaderName("X-Request-Id"),
        Field(pattern="^[A-Za-z0-9._-]{1,64}$"),
        Doc(
            "The request's own `X-Request-Id` where it had one, otherwise a new one; the log has "
            "it too."
        ),
    ] = REQUIRED


class PageHeaders(Headers):
    """What a page of a list has."""

    link: Annotated[
        str, HeaderName("Link"), Doc('With `rel="next"`: the next page, where there is one.')
    ]


class ReplayHeaders(Headers):
    """What tells that nothing was changed."""

    replayed: Annotated[
        Literal["true"],
        HeaderName("Idempotency-Replayed"),
        Doc("`true`: it was there before, and nothing was changed."),
    ]


class DiffersHeaders(ReplayHeaders):
    """What tells that the first report stays, although this one says something else."""

    differs: Annotated[
        str,
        HeaderName("Idempotency-Differs"),
        Doc(
            "The fields, separated by commas, in which the request says something else than the "
            "contribution that stays as it was."
        ),
    ]


class ProblemHeaders(Headers):
    """What an error has, each where its kind asks for it."""

    retry_after: Annotated[
        int,
        HeaderName("Retry-After"),
        Field(ge=1),
        Doc("Seconds after which to send the same request again."),
    ] = REQUIRED
    allow: Annotated[str, HeaderName("Allow"), Doc("The methods that the path has.")] = REQUIRED
    authenticate: Annotated[
        Literal["Bearer"],
        HeaderName("WWW-Authenticate"),
        Doc("The scheme to authenticate with."),
    ] = REQUIRED


class Answer(Generic[_M]):
    """A JSON body with its status.

    `outcome` says in one word what was done, for the log. `rejection` is the code and the reason
    of something turned away although the request as a whole was answered.
    """

    STATUS: ClassVar[HTTPStatus] = HTTPStatus.OK
    OUTCOME: ClassVar[str] = "ok"
    HEADERS: ClassVar[type[Headers]] = Headers

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
        text = json.dumps(self.body, ensure_ascii=False, separators=(",", ":")) + "\n"
        return Response(
            iter([text]) if streamed else text,
            status=self.status.value,
            headers={**({"Connection": "close"} if streamed else {}), **self.headers},
            content_type=self.media_type,
        )


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


class Voided(Answer[_M]):
    """Voided, now or before."""

    OUTCOME = "voided"
    HEADERS = ReplayHeaders

    def __init__(self, body: Any, *, replayed: bool) -> None:
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        super().__init__(body, headers, outcome="replayed" if replayed else None)


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
