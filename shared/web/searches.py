"""Searches over HTTP: what begins with some letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from shared.domain.asset import Asset
from shared.domain.contributor import Contributor
from shared.domain.email import folded_email
from shared.domain.errors import InvalidInput
from shared.domain.fields import Stored
from shared.domain.repository import folded_beginning
from shared.web.answer import Page
from shared.web.call import Call
from shared.web.lists import AccountsQuery, ByMonth
from shared.web.pages import paged, unpaged

if TYPE_CHECKING:
    from pydantic import Field
    from typing_extensions import Doc

    from shared.domain.fields import Name
    from shared.store import listing

_S = TypeVar("_S", bound=Stored)

MAX_LENGTH = 256


class AssetsQuery(AccountsQuery):
    """Which assets."""

    name: Annotated[
        Name,
        Field(examples=["seeker71/co"]),
        Doc(
            "Repositories alone, whose `owner/name` or a further name of theirs begins so, in any "
            "case; from A to Z, so without `sort`."
        ),
    ]


class ContributorsQuery(ByMonth, AccountsQuery):
    """Which contributors."""

    name: Annotated[
        Name,
        Field(examples=["ada"]),
        Doc(
            "Whose names begin so, in any case; from A to Z, so without `sort`. With an API key "
            "only."
        ),
    ]
    email: Annotated[
        Name,
        Field(examples=["ada@"]),
        Doc(
            "Of whose addresses one begins so; in their order, so without `sort` and `name`. With "
            "an API key only."
        ),
    ]


def find_repositories(call: Call) -> Page[Any]:
    """A page of the repositories whose names begin as `name` says."""
    beginning = folded_beginning(_letters(call, "name"))
    if beginning is None:
        return unpaged(call, [], of=Asset)
    return _found(call, call.services.ledger.search.repositories, beginning, of=Asset)


def find_people(call: Call) -> Page[Any]:
    """A page of the people whose names, or of whose addresses one, begin as is asked.

    Raises `Unauthenticated` or `Forbidden` for who may not see addresses.
    """
    call.require_addresses("Searching for people")
    search = call.services.ledger.search
    if "email" not in call.query:
        return _found(call, search.people_by_name, _letters(call, "name"), of=Contributor)
    if "name" in call.query:
        raise InvalidInput.at("?email", "does not go with name")
    # A blank in an address can only be a `+` that was not encoded.
    beginning = folded_email(_letters(call, "email").replace(" ", "+"))
    if not beginning:
        return unpaged(call, [], of=Contributor)
    return _found(call, search.people_by_email, beginning, of=Contributor)


def _found(
    call: Call, read: Callable[..., listing.Page[_S]], beginning: str, *, of: type[_S]
) -> Page[Any]:
    return paged(
        call,
        lambda limit, after: read(beginning, limit=limit, after=after),
        of=of,
        values=NoneType,
    )


def _letters(call: Call, name: str) -> str:
    for other in ("sort", "rows"):
        if other in call.query:
            raise InvalidInput.at(f"?{other}", f"does not go with {name}")
    text = call.query[name].strip()
    if not text or len(text) > MAX_LENGTH:
        raise InvalidInput.at(f"?{name}", f"must have 1 to {MAX_LENGTH} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise InvalidInput.at(f"?{name}", "must hold no control characters")
    return text
