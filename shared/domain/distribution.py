"""Distribution: how an amount would be shared out among those who contributed to an asset.

It moves no money and stores nothing. Amounts and weights are in micro-units.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.contributor import Contributor, ContributorType
from shared.domain.fields import Money, Stored, Time


class Policy(StrEnum):
    """What somebody's part is measured by, with the version of the rule.

    `cost-x-coherence/1`: the shares of the cost, each by half up to one and a half by the score of
    its contribution. `cost/1`: the shares alone.
    """

    COST_X_COHERENCE = "cost-x-coherence/1"
    COST = "cost/1"


@dataclass(frozen=True, slots=True)
class Part:
    """What one person has contributed to an asset: the sum of the shares, and of their weights."""

    contributor: Contributor
    share_micros: int
    weight_micros: int

    def weight(self, policy: Policy) -> int:
        """What the part counts for."""
        return self.share_micros if policy is Policy.COST else self.weight_micros


class Line(Stored):
    """What one person would get."""

    contributor_id: str
    email: str
    name: str | None
    contributor_type: ContributorType
    weight: Money
    amount: Money


class Distribution(Stored):
    """An amount, shared out. The amounts of the lines, largest first, and `undistributed` sum to
    `amount`.
    """

    asset_id: str
    amount: Money
    policy: Policy
    until: str | None
    as_of: Time
    lines: tuple[Line, ...]
    undistributed: Money


def lines_of(
    parts: Collection[Part],
    *,
    amount: int,
    policy: Policy,
    include_all: bool = False,
    masked: bool = False,
) -> tuple[Line, ...]:
    """Who would get how much of an amount, the largest first.

    Bots and agents have a weight only with `include_all`. Whoever has none has no line.
    """
    weights = {
        part.contributor.id: part.weight(policy)
        for part in parts
        if include_all or part.contributor.contributor_type is ContributorType.HUMAN
    }
    amounts = share_out_by_weight(amount, weights)
    lines = [
        Line(
            contributor_id=who.id,
            email=who.email,
            name=who.masked_name() if masked else who.name,
            contributor_type=who.contributor_type,
            weight=weights[who.id],
            amount=amounts[who.id],
        )
        for who in (part.contributor for part in parts)
        if weights.get(who.id)
    ]
    return tuple(sorted(lines, key=lambda line: (-line.weight, line.contributor_id)))


def share_out_by_weight(amount: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Each one's part of an amount, by the largest remainder; equal ones in the order of the keys.

    The parts sum to the amount, and nobody with a larger weight gets less. Without any weight
    there are no parts. https://en.wikipedia.org/wiki/Largest_remainders_method
    """
    total = sum(weights.values())
    if not total:
        return {}
    parts, remainders = {}, {}
    for key, weight in weights.items():
        parts[key], remainders[key] = divmod(amount * weight, total)
    left = amount - sum(parts.values())
    for key in sorted(remainders, key=lambda key: (-remainders[key], key))[:left]:
        parts[key] += 1
    return parts
