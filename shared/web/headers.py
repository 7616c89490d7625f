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
    cache_control: Annotated[
        str,
        HeaderName("Cache-Control"),
        Doc(
            "`no-store`, but for what a public read answers without a credential: that may be kept "
            "for some seconds between here and the client."
        ),
    ] = REQUIRED


class ReadHeaders(Headers):
    """What tells whether a read would be answered otherwise now."""

    etag: Annotated[
        str, HeaderName("ETag"), Doc("For `If-None-Match`; where it may be kept, and only there.")
    ]


class ReadConditions(Parameters):
    """What a read may come with."""

    if_none_match: Annotated[
        str,
        HeaderName("If-None-Match"),
        Doc("The `ETag` of an earlier answer without a credential: 304 where that is good still."),
    ]


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
