"""Contributors, who contributed: listed, created and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.contributor import Contributor, NewContributor
from shared.domain.errors import Conflict
from shared.domain.identifiers import as_uuid
from shared.web.answer import Answer, Created, Page
from shared.web.call import Call
from shared.web.lists import (
    AccountsQuery,
    Filters,
    contributions_page,
    list_accounts,
    require_key_for_address,
)
from shared.web.operations import Access, Operation
from shared.web.presentation import present
from shared.web.queries import OfRepository

if TYPE_CHECKING:
    from shared.domain.contribution import Contribution
    from shared.web.described import ContributorKey


class ContributionsQuery(OfRepository, Filters):
    """Which of a contributor's contributions."""


@Operation("GET", "/v1/contributors", Access.READ, main=True, query=AccountsQuery)
def list_contributors(call: Call) -> Page[Contributor]:
    """List contributors."""
    return list_accounts(call, call.services.ledger.lists.contributors, names_need_key=True)


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
    return contributions_page(call, contributor=_find(call, key).id)


@Operation("GET", "/v1/contributors/{key}", Access.READ)
def get_contributor(call: Call, key: ContributorKey) -> Answer[Contributor]:
    """Show a contributor."""
    return Answer(present(_find(call, key), masked=not call.sees_addresses))


def _find(call: Call, key: str) -> Contributor:
    if not as_uuid(key):
        require_key_for_address(call)
    return call.services.ledger.find.contributor(key).stored
