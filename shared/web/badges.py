"""A badge over HTTP: which figure it shows, and as what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from shared.domain.badge import MAX_LABEL_LENGTH, Metric, badge_of, parse_label
from shared.domain.errors import NotFound
from shared.web.answer import JSON, SVG, Picture
from shared.web.call import Call
from shared.web.formats import VARY, wanted_form
from shared.web.parameters import Parameters
from shared.web.queries import choice, readable

if TYPE_CHECKING:
    from typing import Literal

    from pydantic import Field
    from typing_extensions import Doc

# Whoever opens the picture as a page: https://www.w3.org/TR/CSP3/
_HEADERS = {"Content-Security-Policy": "default-src 'none'"}


class BadgeQuery(Parameters):
    """What a badge shows."""

    metric: Annotated[Metric, Doc("Which figure.")] = Metric.CONTRIBUTIONS
    label: Annotated[
        str,
        Field(min_length=1, max_length=MAX_LABEL_LENGTH, examples=["commits"]),
        Doc("What stands in front of the figure, instead of its name: text that can be seen."),
    ]
    format: Annotated[
        Literal["svg", "json"],
        Doc("`json`: as shields.io takes it. Without it, `Accept` decides."),
    ] = "svg"


def badge(call: Call, key: str) -> Picture[Any]:
    """The badge of an asset; of one that is not there it says `unknown`."""
    query, ledger = call.query, call.services.ledger
    metric = Metric(choice(query, "metric", [*Metric], Metric.CONTRIBUTIONS))
    label = readable("label", parse_label, query["label"]) if "label" in query else None
    form = wanted_form(call, {"svg": SVG, "json": JSON})
    try:
        found = ledger.find.asset(key)
    except NotFound:
        shown = badge_of(metric, label=label, asset=None)
    else:
        number = ledger.participations.people_of(found) if metric is Metric.CONTRIBUTORS else 0
        shown = badge_of(metric, label=label, asset=found.stored, contributors=number)
    if form == "json":
        return Picture(shown.model_dump(mode="json"), VARY)
    return Picture(shown.svg(), VARY | _HEADERS, media_type=SVG)
