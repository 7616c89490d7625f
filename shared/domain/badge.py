"""A badge: a figure of a repository as a small picture, or as what shields.io makes one of.

https://shields.io/badges/endpoint-badge
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from html import escape
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.domain.asset import Asset
from shared.domain.money import format_money

MAX_LABEL_LENGTH = 64
UNKNOWN = "unknown"
# White text can be read on both, and both can be told from a white and from a black page.
_GREY, _BLUE = "#666666", "#0a66a8"

_PADDING, _HEIGHT = 6, 20
# In pixels of 11 px Verdana: what stands in none of these is as wide as most small letters.
_WIDTHS = {
    character: width
    for width, some in {3: "ijl|'", 4: "tfr .,:;!I()[]", 6: 'cksvxyz"/-', 10: "mwMW%@"}.items()
    for character in some
}
_CAPITAL, _SMALL, _IDEOGRAPH = 8, 7, 12


class Metric(StrEnum):
    """What a badge tells."""

    CONTRIBUTIONS = "contributions"
    CONTRIBUTORS = "contributors"
    TOTAL_COST = "total_cost"

    @property
    def words(self) -> str:
        """As people read it."""
        return self.value.replace("_", " ")


class Badge(BaseModel):
    """A badge, as shields.io takes it; as SVG where that is not asked for."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)

    # Called so by shields.io.
    schemaVersion: Literal[1] = 1  # noqa: N815
    label: Annotated[str, Field(examples=["contributions"])]
    message: Annotated[str, Field(examples=["1,234"])]
    color: Annotated[str, Field(examples=[_BLUE])]

    def svg(self) -> str:
        """The picture, with its text for who does not see it. Nothing in it can be run."""
        whole = escape(f"{self.label}: {self.message}")
        left, right = _width(self.label) + 2 * _PADDING, _width(self.message) + 2 * _PADDING
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}"'
            f' role="img" aria-label="{whole}"><title>{whole}</title>'
            f'<clipPath id="r"><rect width="{left + right}" height="{_HEIGHT}" rx="3"/></clipPath>'
            f'<g clip-path="url(#r)"><rect width="{left}" height="{_HEIGHT}" fill="#444444"/>'
            f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{self.color}"/></g>'
            '<g fill="#ffffff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
            f"{_text(self.label, _PADDING)}{_text(self.message, left + _PADDING)}</g></svg>\n"
        )


def badge_of(
    metric: Metric, *, label: str | None, asset: Asset | None, contributors: int = 0
) -> Badge:
    """What a badge says of an asset, or that there is none."""
    message = UNKNOWN
    if asset:
        match metric:
            case Metric.CONTRIBUTIONS:
                message = f"{asset.contribution_count:,}"
            case Metric.CONTRIBUTORS:
                message = f"{contributors:,}"
            case Metric.TOTAL_COST:
                units, point, decimals = format_money(asset.total_cost).partition(".")
                message = f"{int(units):,}{point}{decimals}"
    return Badge(label=label or metric.words, message=message, color=_BLUE if asset else _GREY)


def parse_label(text: str) -> str:
    """A label of the caller's own; raises `ValueError` for what a badge cannot show."""
    text = text.strip()
    if not text or not text.isprintable():
        raise ValueError("must be text that can be seen")
    if len(text) > MAX_LABEL_LENGTH:
        raise ValueError(f"must have at most {MAX_LABEL_LENGTH} characters")
    return text


def _text(text: str, x: int) -> str:
    # Of this width whatever letters the reader's machine has.
    return f'<text x="{x}" y="14" textLength="{_width(text)}">{escape(text)}</text>'


def _width(text: str) -> int:
    return sum(map(_width_of, text))


def _width_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _IDEOGRAPH
    return _WIDTHS.get(character, _CAPITAL if character.isupper() else _SMALL)
