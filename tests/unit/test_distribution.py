"""How an amount is shared out by weights: by hand, and in thousands of cases."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.contributor import Contributor, ContributorType
from shared.domain.distribution import Line, Part, Policy, lines_of, share_out_by_weight
from shared.domain.money import MAX_AMOUNT_MICROS

# Few and equal ones, up to more than one person is ever credited with.
WEIGHTS = st.lists(st.integers(0, 3) | st.integers(0, 10**18), max_size=8)
AMOUNTS = st.integers(0, 20) | st.integers(0, MAX_AMOUNT_MICROS)


def part(name: str, share: int, weight: int, kind: str = "HUMAN") -> Part:
    contributor = Contributor(
        id=name, email=f"{name}@x.org", name=name, contributor_type=ContributorType(kind)
    )
    return Part(contributor, share, weight)


class TestShareOutByWeight:
    @pytest.mark.parametrize(
        ("amount", "weights", "amounts"),
        [
            (100, {"a": 1}, {"a": 100}),
            (100, {"a": 1, "b": 1}, {"a": 50, "b": 50}),
            (100, {"b": 3, "a": 1}, {"b": 75, "a": 25}),
            (100, {"a": 5, "b": 0}, {"a": 100, "b": 0}),
            # What is left goes to the largest remainders, and of equal ones to the first keys.
            (100, {"a": 1, "b": 1, "c": 1}, {"a": 34, "b": 33, "c": 33}),
            (100, {"c": 1, "b": 1, "a": 1}, {"a": 34, "b": 33, "c": 33}),
            (2, {"c": 1, "b": 1, "a": 1}, {"a": 1, "b": 1, "c": 0}),
            (1, {"a": 10, "b": 11}, {"a": 0, "b": 1}),
            (10, {"a": 1, "b": 2, "c": 4}, {"a": 1, "b": 3, "c": 6}),
            (0, {"a": 1, "b": 2}, {"a": 0, "b": 0}),
            # There is nobody to give it to.
            (100, {"a": 0, "b": 0}, {}),
            (100, {}, {}),
        ],
    )
    def test_by_hand(self, amount: int, weights: dict[str, int], amounts: dict[str, int]) -> None:
        assert share_out_by_weight(amount, weights) == amounts

    @pytest.mark.parametrize("cases", [2_000, pytest.param(10_000, marks=pytest.mark.long)])
    def test_gives_all_of_it_and_nobody_with_a_larger_weight_less(self, cases: int) -> None:
        @given(AMOUNTS, WEIGHTS)
        @settings(max_examples=cases)
        def holds(amount: int, weights: list[int]) -> None:
            by_key = {f"{n}": weight for n, weight in enumerate(weights)}
            amounts = share_out_by_weight(amount, by_key)
            assert sum(amounts.values()) == (amount if any(weights) else 0)
            ranked = sorted((weight, amounts.get(key, 0)) for key, weight in by_key.items())
            assert all(given == 0 for weight, given in ranked if weight == 0)
            for (less, least), (more, most) in pairwise(ranked):
                assert least <= most if less < more else most - least <= 1

        holds()


class TestLines:
    PARTS = (
        part("ada", 100, 150),
        part("bot", 900, 900, "BOT"),
        part("claude", 0, 0, "AGENT"),
        part("bea", 100, 50),
        part("nil", 0, 0),
    )

    def lines(self, **asked: Any) -> tuple[Line, ...]:
        asked.setdefault("policy", Policy.COST_X_COHERENCE)
        return lines_of(self.PARTS, amount=1000, **asked)

    def amounts(self, **asked: Any) -> list[tuple[str, int, int]]:
        lines = self.lines(**asked)
        return [(line.contributor_id, line.weight, line.amount) for line in lines]

    def test_are_of_people_with_a_weight_the_largest_first(self) -> None:
        assert self.amounts() == [("ada", 150, 750), ("bea", 50, 250)]

    def test_go_by_the_shares_alone_where_that_is_the_policy_and_equal_ones_by_id(self) -> None:
        assert self.amounts(policy=Policy.COST) == [("ada", 100, 500), ("bea", 100, 500)]

    def test_are_of_bots_and_agents_where_all_are_included(self) -> None:
        assert self.amounts(include_all=True) == [
            ("bot", 900, 818),
            ("ada", 150, 136),
            ("bea", 50, 46),
        ]

    def test_hide_a_name_that_only_repeats_an_address(self) -> None:
        assert [line.name for line in self.lines()] == ["ada", "bea"]
        assert [line.name for line in self.lines(masked=True)] == ["a***", "b***"]
