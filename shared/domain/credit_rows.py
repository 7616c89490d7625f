"""Contributions as rows of a table, one for each credit."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.contribution import StoredContribution
from shared.domain.credits import Role
from shared.domain.fields import Money, Stored, Time
from shared.domain.timestamps import counted_at_micros, month_of


class CreditRow(Stored):
    """One credit of a contribution, whose cost stands in the author's row alone.

    So the shares and the costs of a column come to the same.
    """

    month: str
    timestamp: Time
    repository: str | None = None
    commit_hash: str | None = None
    email: str
    role: Role
    share_amount: Money
    cost_amount: Money | None = None
    coherence_score: float
    voided: bool = False
    contribution_id: str
    contributor_id: str
    asset_id: str


def credit_rows(contribution: StoredContribution) -> Iterator[CreditRow]:
    """A row for each credit, the author's first."""
    # A version that counted no months may have recorded it.
    counted_at = counted_at_micros(
        contribution.timestamp, now=contribution.recorded_at or contribution.timestamp
    )
    for credit in contribution.credits:
        yield CreditRow(
            month=contribution.month or month_of(counted_at),
            timestamp=contribution.timestamp,
            repository=contribution.repository,
            commit_hash=contribution.commit_hash,
            email=credit.email,
            role=credit.role,
            share_amount=credit.share_amount,
            cost_amount=contribution.cost_amount if credit.role is Role.AUTHOR else None,
            coherence_score=contribution.coherence_score,
            voided=contribution.voided,
            contribution_id=contribution.id,
            contributor_id=credit.contributor_id,
            asset_id=contribution.asset_id,
        )
