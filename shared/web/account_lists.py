"""Lists of contributors and of assets, in the order asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from shared.domain.errors import InvalidInput
from shared.domain.fields import Record
from shared.domain.sort import Sort
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.pages import PARAMETERS, paged

if TYPE_CHECKING:
    from shared.store.listing import Cursor, Page

_R = TypeVar("_R", bound=Record)


class Accounts(Protocol[_R]):
    """Reads a page of accounts from the ledger."""

    def __call__(self, sort: Sort, *, limit: int, after: Cursor | None = None) -> Page[_R]: ...


def list_accounts(call: Call, accounts: Accounts[_R], *, names_need_key: bool) -> Answer:
    """A page of accounts.

    `names_need_key`: an order by names that are masked would tell their first letters.
    """
    query = call.query("sort", *PARAMETERS)
    try:
        sort = Sort(query.get("sort", Sort.CREATED))
    except ValueError:
        raise InvalidInput.at("?sort", f"must be one of {', '.join(Sort)}") from None
    if sort is Sort.NAME and names_need_key:
        call.require_addresses("Sorting contributors by name")
    return paged(call, query, lambda limit, after: accounts(sort, limit=limit, after=after))
