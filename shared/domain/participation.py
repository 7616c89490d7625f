"""A participation: one person's part in one asset, as the lists of either answer it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from shared.domain.asset import REPOSITORY_ASSET_TYPE
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.fields import Money, Stored, Time


class Participation(Stored):
    """How much somebody has contributed to an asset, and from when to when."""

    contribution_count: int = 0
    assisted_count: int = 0
    total_cost: Money = 0
    # What the part is where an amount is shared out.
    weight: Money = 0
    first_contribution_at: Time | None = None
    last_contribution_at: Time | None = None
    # How many contributions count in each month, of those that have any: `2026-11` and so on.
    months: dict[str, int] = Field(default_factory=dict, examples=[{"2026-10": 3, "2026-11": 1}])


class AssetContributor(Participation):
    """Somebody's part in an asset."""

    contributor_id: str
    email: str
    aliases: tuple[str, ...] = ()
    name: str | None = None
    contributor_type: ContributorType = ContributorType.HUMAN

    def masked_name(self) -> str | None:
        """The name for a reader without a key."""
        return _masked_name(self)


class ContributorAsset(Participation):
    """An asset in which somebody has a part."""

    asset_id: str
    name: str | None = None
    asset_type: str = REPOSITORY_ASSET_TYPE


class ContributorMonth(Stored):
    """What somebody contributed in one month, in UTC: to an asset, or at all."""

    month: str
    name: str | None = None
    email: str
    contributor_type: ContributorType
    contribution_count: int
    assisted_count: int
    total_cost: Money
    contributor_id: str
    # No column: what a masked name must not tell.
    aliases: tuple[str, ...] = Field((), exclude=True)

    def masked_name(self) -> str | None:
        """The name for a reader without a key."""
        return _masked_name(self)


def by_month(
    person: Contributor, months: Mapping[str, Mapping[str, int]]
) -> tuple[ContributorMonth, ...]:
    """What somebody contributed in each month that has any, the first one first."""
    return tuple(
        ContributorMonth(
            month=month,
            name=person.name,
            email=person.email,
            contributor_type=person.contributor_type,
            contribution_count=amounts["count"],
            assisted_count=amounts.get("assisted", 0),
            total_cost=amounts.get("micros", 0),
            contributor_id=person.id,
            aliases=person.aliases,
        )
        for month, amounts in sorted(months.items())
        if amounts.get("count")
    )


def _masked_name(of: AssetContributor | ContributorMonth) -> str | None:
    return Contributor(
        id=of.contributor_id,
        email=of.email,
        aliases=of.aliases,
        name=of.name,
        contributor_type=of.contributor_type,
    ).masked_name()
