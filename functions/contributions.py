"""contributions: lists, records by ids, shows and voids contributions."""

from __future__ import annotations

import re
from http import HTTPStatus

from shared.domain.contribution import NewContribution, Void
from shared.domain.errors import Fault, InvalidInput
from shared.domain.fields import parse
from shared.web.answer import Answer, recorded_answer
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.lists import FILTERS, contributions_page, list_commit
from shared.web.pages import PARAMETERS
from shared.web.presentation import present

_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


def list_contributions(call: Call) -> Answer:
    query = call.query("contributor", "repository", "commit_hash", *FILTERS, *PARAMETERS)
    return list_commit(call, query) if "commit_hash" in query else contributions_page(call, query)


def create_contribution(call: Call) -> Answer:
    key = call.request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidInput.at(":Idempotency-Key", "must be 1 to 255 printable characters")
    request = parse(NewContribution, call.json())
    recorded = call.services.ledger.by_ids.record(
        request, recorded_by=call.recorded_by, idempotency_key=key
    )
    return recorded_answer(recorded.contribution.shown(), replayed=recorded.replayed)


def get_contribution(call: Call) -> Answer:
    call.query()
    found = call.services.ledger.find.contribution(call.parameters["id"])
    return Answer(present(found.stored, masked=not call.sees_addresses))


def void_contribution(call: Call) -> Answer:
    voided = call.services.ledger.voids.void(
        call.parameters["id"], voided_by=call.recorded_by, reason=_reason(call)
    )
    headers = {"Idempotency-Replayed": "true"} if voided.replayed else {}
    outcome = "replayed" if voided.replayed else "voided"
    return Answer(voided.contribution.shown(), HTTPStatus.OK, headers, outcome=outcome)


def _reason(call: Call) -> str | None:
    query = call.query("reason")
    in_body = parse(Void, call.json_if_any()).reason
    if not query:
        return in_body
    if in_body is not None:
        raise InvalidInput.at("?reason", "is given in the body too")
    try:
        return parse(Void, dict(query)).reason
    except InvalidInput as error:
        faults = (Fault("?reason", fault.message) for fault in error.faults)
        raise InvalidInput(faults) from None


HANDLERS = {
    "list_contributions": list_contributions,
    "create_contribution": create_contribution,
    "get_contribution": get_contribution,
    "void_contribution": void_contribution,
}

contributions = entry_point("contributions", HANDLERS)
