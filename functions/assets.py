"""Assets, what people contribute to: listed, created and shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.domain.asset import Asset, AssetChange, NewAsset, NewFurtherName
from shared.domain.errors import Conflict, NotFound
from shared.domain.months import AssetMonth
from shared.domain.participation import AssetContributor
from shared.domain.repository import Repository
from shared.web.answer import Answer, Created, Page, Picture, Replayed, Split, Table
from shared.web.badges import BadgeQuery, badge
from shared.web.call import Call
from shared.web.distributions import DistributionQuery, distribution_of
from shared.web.lists import (
    ByMonth,
    Filters,
    PartsQuery,
    contributions_page,
    list_accounts,
    list_parts,
)
from shared.web.operations import Access, Operation
from shared.web.pages import FormatQuery, unpaged
from shared.web.presentation import present
from shared.web.queries import OfContributor
from shared.web.searches import AssetsQuery, find_repositories

if TYPE_CHECKING:
    from shared.domain.badge import Badge
    from shared.domain.contribution import Contribution
    from shared.domain.distribution import Distribution
    from shared.web.described import AssetKey, FurtherName


class ContributionsQuery(OfContributor, Filters):
    """Which of an asset's contributions."""


class ContributorsQuery(ByMonth, PartsQuery):
    """Who contributed to an asset, and as what they are shown."""


@Operation("GET", "/v1/assets", Access.READ, main=True, query=AssetsQuery)
def list_assets(call: Call) -> Page[Asset]:
    """List assets."""
    if "name" in call.query:
        return find_repositories(call)
    return list_accounts(call, call.services.ledger.lists.assets, of=Asset)


@Operation("POST", "/v1/assets", Access.ADMIN, main=True, body=NewAsset, errors=(Conflict,))
def create_asset(call: Call) -> Created[Asset]:
    """Create an asset.

    One that is named `owner/repo`, or described as `GitHub repository: owner/repo`, is that
    repository. 409: the name is taken; the problem names the id of whose it is.
    """
    asset = call.services.ledger.registrar.create_asset(call.read(NewAsset))
    return Created(asset.shown())


@Operation("GET", "/v1/assets/{asset}/contributions", Access.READ, query=ContributionsQuery)
def list_asset_contributions(call: Call, asset: AssetKey) -> Page[Contribution]:
    """List an asset's contributions.

    Newest `timestamp` first.
    """
    found = call.services.ledger.find.asset(asset)
    return contributions_page(call, asset=found.stored.id)


@Operation("GET", "/v1/assets/{asset}/contributors", Access.READ, query=ContributorsQuery)
def list_asset_contributors(call: Call, asset: AssetKey) -> Page[AssetContributor]:
    """List who contributed to an asset.

    Each person once, with all addresses; of joined ones up to 15 seconds old. 503 `being_built`:
    after an upgrade it is not counted yet.
    """
    found = call.services.ledger.find.asset(asset)
    parts = call.services.ledger.participations
    return list_parts(
        call,
        partial(parts.of_asset, found),
        of=AssetContributor,
        by_month=partial(parts.months_of_asset, found),
    )


@Operation("GET", "/v1/assets/{asset}/months", Access.READ, query=FormatQuery)
def list_asset_months(call: Call, asset: AssetKey) -> Page[AssetMonth]:
    """List an asset's months.

    In order, those with contributions. 503 `being_built`: after an upgrade they are not counted
    yet.
    """
    months = call.services.ledger.months.of_asset(call.services.ledger.find.asset(asset))
    return unpaged(call, months, of=AssetMonth)


@Operation("GET", "/v1/months", Access.READ, query=FormatQuery)
def list_months(call: Call) -> Page[AssetMonth]:
    """List the months of the whole ledger.

    The sum over all assets, up to 15 seconds old. 503 `being_built`: after an upgrade they are not
    counted yet.
    """
    return unpaged(call, call.services.ledger.months.of_ledger(), of=AssetMonth)


@Operation("GET", "/v1/assets/{asset}/distribution", Access.READ, query=DistributionQuery)
def distribute(call: Call, asset: AssetKey) -> Table[Distribution]:
    """Share an amount out among an asset's contributors.

    By their weights and the largest remainder, in micro-units: the lines always sum to the amount.
    Where nobody has a weight there are no lines, and all of it is `undistributed`. It moves no
    money and stores nothing. Up to 15 seconds old; among more than 1000 addresses with a key only.
    503 `being_built`: after an upgrade it is not counted yet.
    """
    return distribution_of(call, call.services.ledger.find.asset(asset))


@Operation("GET", "/v1/assets/{asset}/badge", Access.READ, query=BadgeQuery)
def show_badge(call: Call, asset: AssetKey) -> Picture[Badge]:
    """Show a figure of an asset as a badge.

    For a README. An asset that is not there has one, too, which says `unknown`. Where reads need a
    key it is refused as they are, since no README can send one.
    """
    return badge(call, asset)


@Operation(
    "POST",
    "/v1/assets/{asset}/aliases",
    Access.ADMIN,
    body=NewFurtherName,
    errors=(Conflict,),
)
def join_repository(call: Call, asset: AssetKey) -> Created[Asset] | Replayed[Asset]:
    """Let a further name lead to a repository.

    From then on look-ups, filters and reports under that name are about this repository; other
    instances notice within a minute. 200: the name led here before. 409: it is this repository's
    first name or leads elsewhere, or an asset of that name has live contributions: void them first.
    """
    new = call.read(NewFurtherName)
    done = call.services.ledger.repositories.join(
        asset, new.repository, by=call.recorded_by, reason=new.reason
    )
    shown = done.asset.shown()
    return Replayed(shown) if done.replayed else Created(shown)


@Operation(
    "DELETE",
    "/v1/assets/{asset}/aliases/{repository}",
    Access.ADMIN,
    errors=(Conflict,),
)
def split_repository(call: Call, asset: AssetKey, repository: FurtherName) -> Split[Asset]:
    """Let a further name of a repository stand for itself again.

    What was recorded under it stays where it is. 409: the repository is shown under this name.
    """
    try:
        further = Repository.parse(repository)
    except ValueError:
        raise NotFound("Alias") from None
    done = call.services.ledger.repositories.split(asset, further)
    return Split(done.asset.shown(), replayed=done.replayed)


@Operation("GET", "/v1/assets/{key}", Access.READ)
def get_asset(call: Call, key: AssetKey) -> Answer[Asset]:
    """Show an asset."""
    found = call.services.ledger.find.asset(key)
    return Answer(present(found.stored, masked=not call.sees_addresses))


@Operation("PATCH", "/v1/assets/{key}", Access.ADMIN, body=AssetChange, errors=(Conflict,))
def change_asset(call: Call, key: AssetKey) -> Answer[Asset]:
    """Set an asset's shown name or description right.

    What is left out stays. A repository may be shown under any of its names, as after a
    rename. 409: under no other one.
    """
    changed = call.services.ledger.registrar.change_asset(key, call.read(AssetChange))
    return Answer(changed.shown(), outcome="changed")
