"""contributions: lists and creates contributions."""

from __future__ import annotations

from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.pages import PARAMETERS, paged


def list_contributions(call: Call) -> Answer:
    from shared.store.listing import EntryFilter

    query = call.query(*PARAMETERS)
    lists = call.services.ledger.lists
    return paged(
        call, query, lambda limit, after: lists.entries(EntryFilter(), limit=limit, after=after)
    )


HANDLERS = {"list_contributions": list_contributions}

contributions = entry_point("contributions", HANDLERS)
