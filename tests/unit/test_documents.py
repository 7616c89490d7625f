"""Records become documents and come back unchanged."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.domain.asset import Asset
from shared.domain.contribution import Coherence, StoredContribution
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.credits import Credit, Role
from shared.domain.scoring import CostBasis
from shared.store.documents import asset_from, contribution_from, contributor_from, to_fields

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)


def test_a_contributor_comes_back() -> None:
    person = Contributor(
        id="1",
        email="a@b",
        name="A",
        contributor_type=ContributorType.AGENT,
        hourly_rate=12_500_000,
        contribution_count=3,
        total_cost=100_000_000,
        created_at=AT,
        legacy_ids=("old",),
    )
    fields = to_fields(person)
    assert (fields["total_cost_micros"], fields["hourly_rate_micros"]) == (100_000_000, 12_500_000)
    assert not {"total_cost", "hourly_rate"} & fields.keys()
    assert contributor_from(fields) == person


def test_an_asset_comes_back() -> None:
    asset = Asset(id="1", name="Octo/Repo", total_cost=5, last_contribution_at=AT)
    assert to_fields(asset)["total_cost_micros"] == 5
    assert asset_from(to_fields(asset)) == asset


def test_a_contribution_comes_back_with_its_credits() -> None:
    contribution = StoredContribution(
        id="1",
        contributor_id="2",
        contributor_email="a@b",
        asset_id="3",
        cost_amount=7,
        cost_basis=CostBasis.ESTIMATED,
        coherence_score=0.5,
        coherence=Coherence(components={"base": 0.5}),
        credits=(
            Credit(contributor_id="2", email="a@b", role=Role.AUTHOR, share_amount=4),
            Credit(contributor_id="4", email="c@d", role=Role.CO_AUTHOR, share_amount=3),
        ),
        metadata={"share_amount": 1, "cost_amount": "x"},
        timestamp=AT,
        request_digest="d",
    )
    fields = to_fields(contribution)
    assert fields["cost_micros"] == 7
    assert [credit["share_micros"] for credit in fields["credits"]] == [4, 3]
    assert fields["contributor_ids"] == ["2", "4"]
    # Only the ledger's own money is renamed.
    assert fields["metadata"] == {"share_amount": 1, "cost_amount": "x"}
    assert contribution_from(fields) == contribution
