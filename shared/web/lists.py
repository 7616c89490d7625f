"""Lists: of contributions with their filters, of contributors and assets in the order asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from shared.domain.email import normalise_email
from shared.domain.errors import InvalidInput, NotFound
from shared.domain.fields import Stored
from shared.domain.identifiers import as_uuid, repository_asset_id
from shared.domain.months import MONTH_PATTERN, parse_month
from shared.domain.participation import ContributorMonth
from shared.domain.repository import Repository, normalise_commit_hash
from shared.domain.sort import PartSort, Sort
from shared.domain.timestamps import parse_time_or_date
from shared.web.answer import Page
from shared.web.call import Call
from shared.web.pages import PAGING, PageQuery, paged, unpaged
from shared.web.parameters import Parameters
from shared.web.queries import choice, flag, readable

if TYPE_CHECKING:
    from typing import Literal

    from pydantic import Field
    from typing_extensions import Doc

    from shared.domain.contribution import StoredContribution
    from shared.domain.fields import GivenTime
    from shared.store import listing
    from shared.store.listing import Cursor

_S = TypeVar("_S", bound=Stored)
_T = TypeVar("_T")

_BARE_OFFSET = re.compile(r" (?=\d\d:\d\d$)", re.ASCII)
# What a page token of each order holds, where it is no whole number. A name stands in none.
_VALUES: dict[Sort, type] = {Sort.CREATED: datetime, Sort.NAME: NoneType}
# An id that no contributor has.
_NOBODY = ("",)


class Filters(PageQuery):
    """What every list of contributions takes."""

    since: Annotated[
        GivenTime | date,
        Doc("With a `timestamp` of this time or later; a plain date is its midnight in UTC."),
    ]
    until: Annotated[GivenTime | date, Doc("With a `timestamp` before this time.")]
    month: Annotated[
        str,
        Field(pattern=MONTH_PATTERN, examples=["2026-10"]),
        Doc("That count in this month, in UTC; does not go with `include_voided`."),
    ]
    include_voided: Annotated[bool, Doc("Voided ones too.")] = False
    rows: Annotated[
        Literal["credits"],
        Doc(
            "With `format=csv` or `ndjson`: a row for each credit, with the cost in the author's "
            "alone, so that a column of costs comes to what one of shares does."
        ),
    ]


class ByMonth(Parameters):
    """Of people, a row for each month."""

    rows: Annotated[
        Literal["months"],
        Doc("With `format=csv` or `ndjson`: a row for each person and month, in UTC."),
    ]


class AccountsQuery(PageQuery):
    """What every list of contributors or assets takes."""

    sort: Annotated[
        Sort,
        Doc(
            "Names from A to Z (those of contributors with an API key only), otherwise the newest "
            "or largest first. While a list is being read, contributions move in all orders but "
            "`created` and `name`."
        ),
    ] = Sort.CREATED


class PartsQuery(PageQuery):
    """What every list of parts takes."""

    sort: Annotated[
        PartSort,
        Doc(
            "The largest or the latest part first. While a list is being read, contributions move "
            "in all of these orders."
        ),
    ] = PartSort.TOTAL_COST


def contributions_page(
    call: Call, *, contributor: tuple[str, ...] = (), asset: str | None = None
) -> Page[Any]:
    """A page of contributions; `contributor` (of all addresses) and `asset` are ids.

    Raises `InvalidInput` for a filter that cannot be read, and `Unauthenticated` where an
    address is asked for without a key.
    """
    from shared.domain.contribution import Contribution
    from shared.domain.credit_rows import CreditRow, credit_rows
    from shared.store import listing

    query = call.query
    chosen = listing.ContributionFilter(
        contributor_ids=contributor or _contributor(call, query.get("contributor")),
        asset_id=asset or _asset(call, query.get("repository")),
        since=_time(query, "since"),
        until=_time(query, "until"),
        include_voided=flag(query, "include_voided"),
        month=readable("month", parse_month, query["month"]) if "month" in query else None,
    )
    if chosen.month and chosen.include_voided:
        raise InvalidInput.at("?include_voided", "does not go with month: only live ones count")

    def read(limit: int, after: Cursor | None) -> listing.Page[StoredContribution]:
        if chosen.contributor_ids == _NOBODY:
            return listing.Page((), None)
        return call.services.ledger.lists.contributions(chosen, limit=limit, after=after)

    if choice(query, "rows", ["credits"]):
        return paged(call, read, of=CreditRow, values=datetime, rows_of=credit_rows)
    return paged(call, read, of=Contribution, values=datetime)


def list_commit(call: Call) -> Page[Any]:
    """The contributions of a commit hash: in one repository by a direct read, or in all."""
    query = call.query
    if not query.keys() <= {"commit_hash", "repository", "include_voided", "format", *PAGING}:
        raise InvalidInput.at("?commit_hash", "goes with repository and include_voided only")
    include_voided = flag(query, "include_voided")
    commit_hash = readable("commit_hash", normalise_commit_hash, query["commit_hash"])
    if "repository" not in query:
        return _list_commit_everywhere(call, commit_hash, include_voided=include_voided)
    if not query.keys().isdisjoint(PAGING):
        raise InvalidInput.at(
            "?repository", "with commit_hash there is one contribution, and no pages"
        )
    from shared.domain.contribution import Contribution

    repository = readable("repository", Repository.parse, query["repository"])
    key = f"{repository.full_name}@{commit_hash}"
    found = []
    with suppress(NotFound):
        found = [call.services.ledger.find.contribution(key).stored]
    shown = [one for one in found if include_voided or not one.voided]
    return unpaged(call, shown, of=Contribution)


def _list_commit_everywhere(call: Call, commit_hash: str, *, include_voided: bool) -> Page[Any]:
    from shared.domain.contribution import Contribution
    from shared.store import listing

    def read(limit: int, after: Cursor | None) -> listing.Page[StoredContribution]:
        page = call.services.ledger.lists.contributions_of_commit(
            commit_hash, limit=limit, after=after
        )
        # One hash has so few contributions that an index to leave voided ones out would cost more.
        shown = tuple(e for e in page.items if include_voided or not e.voided)
        return listing.Page(shown, page.next)

    return paged(call, read, of=Contribution, values=NoneType)


def _contributor(call: Call, text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    people = call.services.ledger.people
    if as_uuid(text):
        try:
            # It may be an imported id; the contributions hold the ledger's own.
            return people.ids(text)
        except NotFound:
            return _NOBODY
    require_key_for_address(call)
    # A blank in an address can only be a `+` that was not encoded.
    return people.ids(readable("contributor", normalise_email, text.replace(" ", "+")))


def require_key_for_address(call: Call) -> None:
    """Raises an error unless the caller may see addresses: asking for one tells it."""
    call.require_addresses("Looking somebody up by address")


def _asset(call: Call, text: str | None) -> str | None:
    if text is None:
        return None
    repository = readable("repository", Repository.parse, text)
    return repository_asset_id(call.services.ledger.repositories.account_of(repository))


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    if name not in query:
        return None
    # The `+` of an offset that was not encoded came as a blank.
    return readable(name, parse_time_or_date, _BARE_OFFSET.sub("+", query[name]))


class Accounts(Protocol[_T]):
    """Reads a page of accounts, or of something of each, from the ledger."""

    def __call__(
        self, sort: Sort, *, limit: int, after: Cursor | None = None
    ) -> listing.Page[_T]: ...


class Parts(Protocol[_T]):
    """Reads a page of parts, or of something of each, from the ledger."""

    def __call__(
        self, sort: PartSort, *, limit: int, after: Cursor | None = None
    ) -> listing.Page[_T]: ...


# What people contributed in each month, of each person together.
_Months = tuple[ContributorMonth, ...]


def list_accounts(
    call: Call,
    accounts: Accounts[_S],
    *,
    of: type[_S],
    by_month: Accounts[_Months] | None = None,
    names_need_key: bool = False,
) -> Page[Any]:
    """A page of accounts; with `rows=months`, the rows of their months.

    `names_need_key`: an order by names that are masked would tell their first letters.
    """
    sort = Sort(choice(call.query, "sort", [*Sort], Sort.CREATED))
    if sort is Sort.NAME and names_need_key:
        call.require_addresses("Sorting contributors by name")
    return _by_month_or(call, accounts, by_month, sort, of=of, values=_VALUES.get(sort, int))


def list_parts(
    call: Call, parts: Parts[_S], *, of: type[_S], by_month: Parts[_Months] | None = None
) -> Page[Any]:
    """A page of parts; with `rows=months`, the rows of their months."""
    sort = PartSort(choice(call.query, "sort", [*PartSort], PartSort.TOTAL_COST))
    return _by_month_or(call, parts, by_month, sort, of=of, values=int)


def _by_month_or(
    call: Call,
    read: Callable[..., listing.Page[_S]],
    by_month: Callable[..., listing.Page[_Months]] | None,
    sort: Sort | PartSort,
    *,
    of: type[_S],
    values: type,
) -> Page[Any]:
    def sorted_by(limit: int, after: Cursor | None) -> listing.Page[Any]:
        return (months or read)(sort, limit=limit, after=after)

    months = by_month if choice(call.query, "rows", ["months"]) else None
    if months:
        return paged(call, sorted_by, of=ContributorMonth, values=values, rows_of=tuple)
    return paged(call, sorted_by, of=of, values=values)
