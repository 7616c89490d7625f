"""Contributions, what was recorded: listed, shown, voided, and recorded by ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from shared.domain.contribution import NewContribution, Void
from shared.domain.errors import Conflict, Fault, InvalidInput, NotFound
from shared.domain.fields import parse
from shared.web.answer import Answer, Page, Recorded, Replayed, Voided
from shared.web.call import Call
from shared.web.lists import Filters, contributions_page, list_commit
from shared.web.operations import Access, Operation
from shared.web.parameters import Parameters
from shared.web.presentation import present
from shared.web.queries import OfContributor, OfRepository

if TYPE_CHECKING:
    from pydantic import Field
    from typing_extensions import Doc

    from shared.domain.contribution import Contribution
    from shared.domain.fields import CommitHash, Text
    from shared.web.described import ContributionKey, HeaderName

_IDEMPOTENCY_KEY = re.compile(r"[ -~]{1,255}")


class ContributionsQuery(OfContributor, OfRepository, Filters):
    """Which contributions."""

    commit_hash: Annotated[
        CommitHash,
        Doc(
            "Of the commit with exactly this hash. Goes with `include_voided`, and with either "
            "`repository` or the parameters of a page."
        ),
    ]


class IdempotencyKey(Parameters):
    """What makes sending again harmless."""

    key: Annotated[
        str,
        HeaderName("Idempotency-Key"),
        Field(
            pattern=f"^{_IDEMPOTENCY_KEY.pattern}$",
            examples=["invoice-2026-0017"],
        ),
        Doc(
            "Chosen by the client. The same request with the same key is recorded once; another "
            "one with that key is a 422."
        ),
    ]


class VoidQuery(Parameters):
    """Why, for who would rather send no body."""

    reason: Annotated[
        Text,
        Field(examples=["Reported with the wrong cost"]),
        Doc("Why; here or in the body."),
    ]


@Operation("GET", "/v1/contributions", Access.READ, main=True, query=ContributionsQuery)
def list_contributions(call: Call) -> Page[Contribution]:
    """List contributions.

    Newest `timestamp` first.
    """
    return list_commit(call) if "commit_hash" in call.query else contributions_page(call)


@Operation(
    "POST",
    "/v1/contributions",
    Access.ADMIN,
    main=True,
    headers=IdempotencyKey,
    body=NewContribution,
    errors=(NotFound, Conflict),
)
def create_contribution(call: Call) -> Recorded[Contribution] | Replayed[Contribution]:
    """Record a contribution by ids.

    With `corrects`, it takes the place of a voided one. 409: that one is not voided, or has its
    correction. 200: it was recorded before, with this `Idempotency-Key`.
    """
    key = call.request.headers.get("Idempotency-Key")
    if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
        raise InvalidInput.at(":Idempotency-Key", "must be 1 to 255 printable characters")
    recorded = call.services.ledger.by_ids.record(
        call.read(NewContribution), recorded_by=call.recorded_by, idempotency_key=key
    )
    shown = recorded.contribution.shown()
    return Replayed(shown) if recorded.replayed else Recorded(shown)


@Operation("GET", "/v1/contributions/{id}", Access.READ)
def get_contribution(call: Call, id: ContributionKey) -> Answer[Contribution]:
    """Show a contribution."""
    found = call.services.ledger.find.contribution(id)
    return Answer(present(found.stored, masked=not call.sees_addresses))


@Operation("DELETE", "/v1/contributions/{id}", Access.ADMIN, query=VoidQuery, body=Void)
def void_contribution(call: Call, id: ContributionKey) -> Voided[Contribution]:
    """Void a contribution.

    It stays, leaves the totals once, and is left out of lists.
    """
    voided = call.services.ledger.voids.void(id, voided_by=call.recorded_by, reason=_reason(call))
    return Voided(voided.contribution.shown(), replayed=voided.replayed)


def _reason(call: Call) -> str | None:
    in_body = call.read_if_any(Void).reason
    if not call.query:
        return in_body
    if in_body is not None:
        raise InvalidInput.at("?reason", "is given in the body too")
    try:
        return parse(Void, call.query).reason
    except InvalidInput as error:
        faults = (Fault("?reason", fault.message) for fault in error.faults)
        raise InvalidInput(faults) from None
