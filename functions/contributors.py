"""contributors: lists and creates contributors."""

from __future__ import annotations

from shared.web.answer import Answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.pages import PARAMETERS, paged


def list_contributors(call: Call) -> Answer:
    from shared.store.listing import Sort

    query = call.query(*PARAMETERS)
    lists = call.services.ledger.lists
    return paged(
        call, query, lambda limit, after: lists.contributors(Sort.CREATED, limit=limit, after=after)
    )


HANDLERS = {"list_contributors": list_contributors}

contributors = entry_point("contributors", HANDLERS)
