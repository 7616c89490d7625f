"""The contribution of a request that names a contributor and an asset by their ids."""

from __future__ import annotations

from datetime import datetime

from shared.domain.asset import Asset
from shared.domain.assistance import assistance_of
from shared.domain.contribution import Coherence, NewContribution, StoredContribution, counted_by
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.credits import share_out
from shared.domain.identifiers import contribution_id, repository_of
from shared.domain.scoring import coherence_score, cost_basis


def contribution_by_ids(
    request: NewContribution,
    *,
    document_id: str,
    contributor: Contributor,
    asset: Asset,
    asset_key: str,
    corrects: str | None,
    recorded_by: str,
    request_digest: str,
    now: datetime,
    request_nonce: str | None = None,
) -> StoredContribution:
    """The contribution, with the id that follows from where it is kept, as its asset's does."""
    score = coherence_score(request.metadata)
    repository = repository_of(asset_key)
    timestamp = request.timestamp or now

    def type_of(_: str) -> ContributorType:
        return contributor.contributor_type

    credits = share_out(
        request.cost_amount, author=contributor.email, co_authors=(), type_of=type_of
    )
    return StoredContribution(
        id=contribution_id(document_id),
        contributor_id=contributor.id,
        contributor_email=contributor.email,
        contributor_name=contributor.name,
        asset_id=asset.id,
        asset_key=asset_key,
        repository=asset.called(repository).full_name if repository else None,
        cost_amount=request.cost_amount,
        cost_basis=cost_basis(request.metadata, by_commit=False),
        coherence_score=score.value,
        coherence=Coherence(components=score.components),
        credits=credits,
        assistance=assistance_of(request.assistance, {}, type_of),
        metadata=request.metadata,
        timestamp=timestamp,
        recorded_by=recorded_by,
        request_digest=request_digest,
        request_nonce=request_nonce,
        corrects=corrects,
        **counted_by(timestamp, credits, type_of=type_of, now=now),
    )
