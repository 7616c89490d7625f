"""assets: lists, creates and shows assets."""

from __future__ import annotations

from http import HTTPStatus

from shared.domain.asset import NewAsset
from shared.domain.fields import parse
from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.lists import FILTERS, contributions_page, list_accounts
from shared.web.pages import PARAMETERS
from shared.web.presentation import present


def list_assets(call: Call) -> Answer:
    return list_accounts(call, call.services.ledger.lists.assets, names_need_key=False)


def create_asset(call: Call) -> Answer:
    request = parse(NewAsset, call.json())
    asset = call.services.ledger.registrar.create_asset(request)
    return Answer(asset.shown(), HTTPStatus.CREATED, outcome="created")


def get_asset(call: Call) -> Answer:
    call.query()
    found = call.services.ledger.find.asset(call.parameters["key"])
    return Answer(present(found.stored, masked=not call.sees_addresses))


def list_asset_contributions(call: Call) -> Answer:
    query = call.query("contributor", *FILTERS, *PARAMETERS)
    found = call.services.ledger.find.asset(call.parameters["asset"])
    return contributions_page(call, query, asset=found.stored.id)


HANDLERS = {
    "list_assets": list_assets,
    "create_asset": create_asset,
    "get_asset": get_asset,
    "list_asset_contributions": list_asset_contributions,
}

assets = entry_point("assets", HANDLERS)
