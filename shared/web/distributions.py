"""How an amount would be shared out among the contributors of an asset: what is asked, and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from shared.domain.distribution import Distribution, Line, Policy, lines_of
from shared.domain.errors import InvalidInput
from shared.domain.money import parse_money
from shared.domain.months import MONTH_PATTERN, parse_month
from shared.web.answer import JSON, Table
from shared.web.call import Call
from shared.web.formats import VARY, wanted_form
from shared.web.parameters import REQUIRED, Parameters
from shared.web.presentation import mask
from shared.web.queries import choice, readable
from shared.web.table import FORMS, whole

if TYPE_CHECKING:
    from typing import Literal

    from pydantic import Field
    from typing_extensions import Doc

    from shared.domain.asset import Asset
    from shared.store.lookup import Found

MAX_PUBLIC_PARTS = 1000


class DistributionQuery(Parameters):
    """What is shared out, and by which rule."""

    amount: Annotated[
        str,
        Field(pattern=r"^[0-9]{1,8}(\.[0-9]{1,6})?$", examples=["1000.00"]),
        Doc("What is shared out: from 0 to 10,000,000, with at most 6 decimals."),
    ] = REQUIRED
    policy: Annotated[
        Policy,
        Doc(
            "What a weight is: each share of a cost by half up to one and a half, as the score of "
            "its contribution says, or with `cost/1` the share alone."
        ),
    ] = Policy.COST_X_COHERENCE
    until: Annotated[
        str,
        Field(pattern=MONTH_PATTERN, examples=["2026-10"]),
        Doc("Of contributions until the end of this month, in UTC."),
    ]
    include: Annotated[Literal["all"], Doc("`all`: bots and agents have their weights too.")]
    format: Annotated[
        Literal["json", "csv"], Doc("`csv`: the lines as a table. Without it, `Accept` decides.")
    ] = "json"


def distribution_of(call: Call, asset: Found[Asset]) -> Table[Any]:
    """How an amount is shared out; raises `InvalidInput` for a query that cannot be read."""
    query = call.query
    if "amount" not in query:
        raise InvalidInput.at("?amount", "is needed, such as 1000.00")
    amount = readable("amount", parse_money, query["amount"])
    policy = Policy(choice(query, "policy", [*Policy], Policy.COST_X_COHERENCE))
    until = readable("until", parse_month, query["until"]) if "until" in query else None
    include_all = choice(query, "include", ["all"]) == "all"
    csv = FORMS["csv"]
    form = wanted_form(call, {"json": JSON, "csv": csv.media_type})
    masked = not call.sees_addresses
    parts = call.services.ledger.distributor.parts(
        asset, until=until, most=MAX_PUBLIC_PARTS if masked else None
    )
    if masked and parts.addresses > MAX_PUBLIC_PARTS:
        call.require_addresses(f"Sharing out among more than {MAX_PUBLIC_PARTS}")
    lines = lines_of(
        parts.parts, amount=amount, policy=policy, include_all=include_all, masked=masked
    )
    distribution = Distribution(
        asset_id=asset.stored.id,
        amount=amount,
        policy=policy,
        until=until,
        as_of=parts.as_of,
        lines=lines,
        undistributed=amount - sum(line.amount for line in lines),
    ).shown()
    shown = mask(distribution) if masked else distribution
    if form == "csv":
        lines_as_text = whole(csv, [*Line.model_fields], shown["lines"])
        return Table(lines_as_text, VARY, media_type=csv.media_type)
    return Table(shown, VARY)
