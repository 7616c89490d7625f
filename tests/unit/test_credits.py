"""Who is credited with how much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.contributor import ContributorType
from shared.domain.credits import Role, share_out
from tests.literals import AUTHOR_ID


def kind_of(email: str) -> ContributorType:
    if email.startswith("bot"):
        return ContributorType.BOT
    return ContributorType.AGENT if email.startswith("agent") else ContributorType.HUMAN


def shares(cost_micros: int, *co_authors: str, author: str = "author@x.org") -> list[int]:
    credits = share_out(cost_micros, author=author, co_authors=co_authors, type_of=kind_of)
    return [credit.share_amount for credit in credits]


class TestShareOut:
    def test_gives_a_single_author_everything(self) -> None:
        assert shares(100_000_000) == [100_000_000]

    def test_splits_equally_and_gives_the_rest_to_the_author(self) -> None:
        assert shares(100_000_000, "b@x.org", "c@x.org") == [33_333_334, 33_333_333, 33_333_333]
        assert shares(1, "b@x.org") == [1, 0]
        assert shares(5, "b@x.org", "c@x.org") == [3, 1, 1]

    def test_gives_an_agent_nothing_and_takes_nothing_for_it_from_the_people(self) -> None:
        assert shares(100, "agent@x.org", "b@x.org") == [50, 0, 50]
        assert shares(100, "agent@x.org") == [100, 0]

    def test_gives_a_bot_nothing_either(self) -> None:
        assert shares(100, "bot@x.org", "b@x.org", "agent@x.org") == [50, 0, 50, 0]
        assert shares(100, "bot@x.org", author="agent@x.org") == [100, 0]

    @pytest.mark.parametrize("author", ["agent@x.org", "bot@x.org"])
    def test_pays_an_agent_or_a_bot_that_is_the_author(self, author: str) -> None:
        assert shares(100, "b@x.org", author=author) == [50, 50]

    def test_names_everybody_with_id_and_role_author_first(self) -> None:
        credits = share_out(
            10, author="test@example.com", co_authors=["b@x.org"], type_of=lambda _: kind_of("")
        )
        assert [credit.model_dump() for credit in credits] == [
            {
                "contributor_id": AUTHOR_ID,
                "email": "test@example.com",
                "role": Role.AUTHOR,
                "share_amount": 5,
            },
            {
                "contributor_id": "2d38011d-e406-554b-a297-81fb5032c8b2",
                "email": "b@x.org",
                "role": Role.CO_AUTHOR,
                "share_amount": 5,
            },
        ]

    @given(
        st.integers(0, 10_000_000_000_000),
        st.lists(st.sampled_from("abcdefgh"), unique=True),
        st.integers(0, 5),
    )
    def test_shares_always_sum_to_the_cost(self, cost: int, people: list[str], agents: int) -> None:
        names = [f"{p}@x.org" for p in people] + [f"agent{n}@x.org" for n in range(agents)]
        found = shares(cost, *names)
        assert sum(found) == cost
        assert len(found) == 1 + len(names)
        assert found[0] == max(found)
