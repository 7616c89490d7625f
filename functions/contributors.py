"""contributors: lists, creates and shows contributors."""

from __future__ import annotations

from http import HTTPStatus

from shared.domain.contributor import Contributor, NewContributor
from shared.domain.fields import parse
from shared.domain.identifiers import as_uuid
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.lists import FILTERS, contributions_page, list_accounts, require_key_for_address
from shared.web.pages import PARAMETERS
from shared.web.presentation import present


def list_contributors(call: Call) -> Answer:
    return list_accounts(call, call.services.ledger.lists.contributors, names_need_key=True)


def create_contributor(call: Call) -> Answer:
    request = parse(NewContributor, call.json())
    contributor = call.services.ledger.registrar.create_contributor(request)
    return Answer(contributor.shown(), HTTPStatus.CREATED, outcome="created")


def get_contributor(call: Call) -> Answer:
    call.query()
    return Answer(present(_found(call), masked=not call.sees_addresses))


def list_contributor_contributions(call: Call) -> Answer:
    query = call.query("repository", *FILTERS, *PARAMETERS)
    return contributions_page(call, query, contributor=_found(call).id)


def _found(call: Call) -> Contributor:
    key = call.parameters["key"]
    if not as_uuid(key):
        require_key_for_address(call)
    return call.services.ledger.find.contributor(key).stored


HANDLERS = {
    "list_contributors": list_contributors,
    "create_contributor": create_contributor,
    "get_contributor": get_contributor,
    "list_contributor_contributions": list_contributor_contributions,
}

contributors = entry_point("contributors", HANDLERS)
