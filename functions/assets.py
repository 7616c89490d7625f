"""assets: lists and creates assets."""

from __future__ import annotations

from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.pages import PARAMETERS, paged


def list_assets(call: Call) -> Answer:
    from shared.store.listing import Sort

    query = call.query(*PARAMETERS)
    lists = call.services.ledger.lists
    return paged(
        call, query, lambda limit, after: lists.assets(Sort.CREATED, limit=limit, after=after)
    )


HANDLERS = {"list_assets": list_assets}

assets = entry_point("assets", HANDLERS)
