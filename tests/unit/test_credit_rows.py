"""Contributions as rows, one for each credit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.contribution import StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.credit_rows import credit_rows
from shared.domain.credits import share_out
from tests.literals import CONTRIBUTION, NOW

OTHERS = [f"{number}@example.com" for number in range(5)]


def contribution(cost: int, others: list[str], month: str | None) -> StoredContribution:
    credits = share_out(
        cost,
        author="test@example.com",
        co_authors=tuple(others),
        type_of=lambda _: ContributorType.HUMAN,
    )
    kept = CONTRIBUTION | {"cost_amount": cost, "month": month, "recorded_at": NOW}
    return StoredContribution.model_validate(kept | {"credits": [dict(c) for c in credits]})


@given(cost=st.integers(0, 10**13), others=st.lists(st.sampled_from(OTHERS), unique=True))
def test_the_columns_of_shares_and_costs_come_to_the_cost(cost: int, others: list[str]) -> None:
    rows = list(credit_rows(contribution(cost, others, "2020-05")))
    assert [row.email for row in rows] == ["test@example.com", *others]
    assert sum(row.share_amount for row in rows) == cost
    assert [row.cost_amount for row in rows] == [cost, *[None] * len(others)]


def test_the_month_is_that_in_which_it_counts() -> None:
    [row] = credit_rows(contribution(1, [], "2019-12"))
    assert row.month == "2019-12"
    # One that a version without months recorded counts by its time.
    [row] = credit_rows(contribution(1, [], None))
    assert row.month == "2020-05"
