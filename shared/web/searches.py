"""Searches over HTTP: what begins with some letters."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any

from shared.domain.errors import InvalidInput
from shared.domain.repository import folded_beginning
from shared.web.answer import Page
from shared.web.call import Call
from shared.web.lists import AccountsQuery
from shared.web.pages import paged

if TYPE_CHECKING:
    from pydantic import Field
    from typing_extensions import Doc

    from shared.domain.asset import Asset
    from shared.store import listing
    from shared.store.listing import Cursor

MAX_LENGTH = 256


class AssetsQuery(AccountsQuery):
    """Which assets."""

    name: Annotated[
        str,
        Field(min_length=1, max_length=MAX_LENGTH, examples=["seeker71/co"]),
        Doc(
            "Repositories alone, whose `owner/name` or a further name of theirs begins so, in any "
            "case; from A to Z, so without `sort`."
        ),
    ]


def find_repositories(call: Call) -> Page[Any]:
    """A page of the repositories whose names begin as `name` says."""
    beginning = folded_beginning(_letters(call, "name"))

    def read(limit: int, after: Cursor | None) -> listing.Page[Asset]:
        from shared.store import listing

        if beginning is None:
            return listing.Page((), None)
        return call.services.ledger.search.repositories(beginning, limit=limit, after=after)

    return paged(call, read, values=NoneType)


def _letters(call: Call, name: str) -> str:
    if "sort" in call.query:
        raise InvalidInput.at("?sort", f"does not go with {name}: found are those from A to Z")
    text = call.query[name].strip()
    if not text or len(text) > MAX_LENGTH:
        raise InvalidInput.at(f"?{name}", f"must have 1 to {MAX_LENGTH} characters")
    return text
