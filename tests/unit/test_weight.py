"""The weight of a credit, by a table."""

from __future__ import annotations

import pytest

from shared.domain.credits import weight


class TestWeight:
    @pytest.mark.parametrize(
        ("share_micros", "score", "expected"),
        [
            (100_000_000, 0.5, 100_000_000),
            (100_000_000, 0.7, 120_000_000),
            (100_000_000, 1.0, 150_000_000),
            (100_000_000, 0.0, 50_000_000),
            (0, 1.0, 0),
            # Rounded down.
            (1, 0.7, 1),
            (3, 1.0, 4),
            (1, 0.0, 0),
            # What an imported score has beyond four decimals is rounded.
            (10_000, 0.12344, 6_234),
            (10_000, 0.12346, 6_235),
            # The largest cost there is.
            (10_000_000_000_000, 1.0, 15_000_000_000_000),
        ],
    )
    def test_is_the_share_by_half_up_to_one_and_a_half(
        self, share_micros: int, score: float, expected: int
    ) -> None:
        assert weight(share_micros, score) == expected

    @pytest.mark.parametrize("tenths", range(11))
    def test_of_every_score_of_the_ledger_s_own_is_exact(self, tenths: int) -> None:
        assert weight(10, tenths / 10) == 5 + tenths
