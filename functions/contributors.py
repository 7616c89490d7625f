"""Contributors, who contributed: listed, created and shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.domain.contributor import Contributor, ContributorChange, NewContributor
from shared.domain.email import normalise_email
from shared.domain.errors import Conflict, NotFound
from shared.domain.identifiers import as_uuid
from shared.domain.months import Month
from shared.domain.participation import ContributorAsset
from shared.domain.person import NewAlias
from shared.web.answer import Answer, Created, Page, Replayed, Split
from shared.web.call import Call
from shared.web.lists import (
    Filters,
    PartsQuery,
    contributions_page,
    list_accounts,
    list_parts,
    require_key_for_address,
)
from shared.web.operations import Access, Operation
from shared.web.pages import FormatQuery, unpaged
from shared.web.presentation import present
from shared.web.queries import OfRepository
from shared.web.searches import ContributorsQuery, find_people

if TYPE_CHECKING:
    from shared.domain.contribution import Contribution
    from shared.store.people import Accounts
    from shared.web.described import AliasEmail, ContributorKey


class ContributionsQuery(OfRepository, Filters):
    """Which of a contributor's contributions."""


@Operation("GET", "/v1/contributors", Access.READ, main=True, query=ContributorsQuery)
def list_contributors(call: Call) -> Page[Contributor]:
    """List contributors."""
    if not call.query.keys().isdisjoint({"name", "email"}):
        return find_people(call)
    lists = call.services.ledger.lists
    return list_accounts(
        call,
        lists.contributors,
        of=Contributor,
        by_month=lists.contributor_months,
        names_need_key=True,
    )


@Operation(
    "POST", "/v1/contributors", Access.ADMIN, main=True, body=NewContributor, errors=(Conflict,)
)
def create_contributor(call: Call) -> Created[Contributor]:
    """Create a contributor.

    409: the email is taken; the problem names the id of whose it is.
    """
    contributor = call.services.ledger.registrar.create_contributor(call.read(NewContributor))
    return Created(contributor.shown())


@Operation("GET", "/v1/contributors/{key}/contributions", Access.READ, query=ContributionsQuery)
def list_contributor_contributions(call: Call, key: ContributorKey) -> Page[Contribution]:
    """List a contributor's contributions.

    Newest `timestamp` first; those as a co-author too.
    """
    found = _find(call, key)
    return contributions_page(call, contributor=call.services.ledger.people.ids(found.id))


@Operation("GET", "/v1/contributors/{key}/assets", Access.READ, query=PartsQuery)
def list_contributor_assets(call: Call, key: ContributorKey) -> Page[ContributorAsset]:
    """List to which assets somebody contributed.

    With all addresses; of somebody with several up to 15 seconds old. 503 `being_built`: after an
    upgrade it is not counted yet.
    """
    parts = call.services.ledger.participations
    of_person = partial(parts.of_contributor, _accounts(call, key))
    return list_parts(call, of_person, of=ContributorAsset)


@Operation("GET", "/v1/contributors/{key}/months", Access.READ, query=FormatQuery)
def list_contributor_months(call: Call, key: ContributorKey) -> Page[Month]:
    """List a contributor's months.

    In order, those with contributions, as a co-author too. 503 `being_built`: after an upgrade they
    are not counted yet.
    """
    months = call.services.ledger.months.of_contributor(_accounts(call, key))
    return unpaged(call, months, of=Month)


@Operation(
    "POST", "/v1/contributors/{key}/aliases", Access.ADMIN, body=NewAlias, errors=(Conflict,)
)
def join_address(call: Call, key: ContributorKey) -> Created[Contributor] | Replayed[Contributor]:
    """Join a further address to a contributor.

    From then on both are one: every address and id leads to this contributor, and the figures are
    the sums. Nothing that is kept changes, so that splitting them again leaves no trace. The
    address may be one that nobody has contributed under yet. 200: they were joined before. 409:
    the address is this contributor's first one or somebody else's, has further ones itself, or
    would be the 31st.
    """
    new = call.read(NewAlias)
    done = call.services.ledger.people.join(
        key, new.email, joined_by=call.recorded_by, reason=new.reason
    )
    shown = done.contributor.shown()
    return Replayed(shown) if done.replayed else Created(shown)


@Operation("DELETE", "/v1/contributors/{key}/aliases/{email}", Access.ADMIN)
def split_address(call: Call, key: ContributorKey, email: AliasEmail) -> Split[Contributor]:
    """Split a further address off again.

    Both are then as if they had never been joined; the answer is the contributor without it.
    """
    try:
        further = normalise_email(email)
    except ValueError:
        raise NotFound("Alias") from None
    done = call.services.ledger.people.split(key, further)
    return Split(done.contributor.shown(), replayed=done.replayed)


@Operation("GET", "/v1/contributors/{key}", Access.READ)
def get_contributor(call: Call, key: ContributorKey) -> Answer[Contributor]:
    """Show a contributor."""
    return Answer(present(_find(call, key), masked=not call.sees_addresses))


@Operation("PATCH", "/v1/contributors/{key}", Access.ADMIN, body=ContributorChange)
def change_contributor(call: Call, key: ContributorKey) -> Answer[Contributor]:
    """Set a contributor's name, type, wallet or rate right.

    It stands above what reports say, for ever. What is left out stays, a wallet or a rate that is
    null is taken away. A type is set for all addresses of the person, and decides on the shares of
    what is recorded from a minute later on.
    """
    change = call.read(ContributorChange)
    changed = call.services.ledger.registrar.change_contributor(key, change)
    return Answer(changed.shown(), outcome="changed")


def _find(call: Call, key: str) -> Contributor:
    if not as_uuid(key):
        require_key_for_address(call)
    return call.services.ledger.people.find(key)


def _accounts(call: Call, key: str) -> Accounts:
    if not as_uuid(key):
        require_key_for_address(call)
    return call.services.ledger.people.accounts(key)
