"""The headers of answers, as the OpenAPI document tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from shared.web.parameters import REQUIRED, Parameters

if TYPE_CHECKING:
    from typing import Literal

    from pydantic import Field
    from typing_extensions import Doc

    from shared.web.described import HeaderName


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
