"""The coherence score and the estimated cost, by tables."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.scoring import FORMULA_VERSION, coherence_score, cost_basis, estimated_cost


class TestCoherenceScore:
    @pytest.mark.parametrize(
        ("metadata", "score"),
        [
            ({}, 0.5),
            ({"has_tests": True}, 0.7),
            ({"has_docs": True}, 0.7),
            ({"has_tests": True, "has_docs": True}, 0.9),
            ({"complexity": "low"}, 0.6),
            ({"files_changed": 1}, 0.6),
            ({"files_changed": 0}, 0.5),
            ({"lines_added": 0}, 0.5),
            ({"lines_added": 1}, 0.7),
            ({"lines_added": 99}, 0.7),
            ({"lines_added": 100}, 0.6),
            ({"lines_added": 1_000_000}, 0.6),
            ({"files_changed": 3, "lines_added": 120}, 0.7),
            ({"files_changed": 3, "lines_added": 12}, 0.8),
            ({"has_tests": True, "files_changed": 1, "lines_added": 5}, 1.0),
            (
                {
                    "has_tests": True,
                    "has_docs": True,
                    "complexity": "low",
                    "files_changed": 9,
                    "lines_added": 9,
                },
                1.0,
            ),
            # What is not exactly meant gives nothing.
            ({"has_tests": False, "has_docs": None}, 0.5),
            ({"has_tests": "true", "has_docs": 1}, 0.5),
            ({"complexity": "LOW"}, 0.5),
            ({"complexity": "high"}, 0.5),
            ({"lines_deleted": 50}, 0.5),
        ],
    )
    def test_follows_the_table(self, metadata: dict[str, Any], score: float) -> None:
        assert coherence_score(metadata).value == score

    def test_names_the_components_that_count(self) -> None:
        score = coherence_score({"has_tests": True, "files_changed": 3, "lines_added": 120})
        assert score.components == {
            "base": 0.5,
            "has_tests": 0.2,
            "files_changed": 0.1,
            "lines_added": 0.1,
        }

    def test_names_the_components_beyond_the_cap_as_well(self) -> None:
        everything = {"has_tests": True, "has_docs": True, "complexity": "low", "files_changed": 1}
        score = coherence_score(everything | {"lines_added": 1})
        assert score.value == 1.0
        assert score.components == {
            "base": 0.5,
            "has_tests": 0.2,
            "has_docs": 0.2,
            "low_complexity": 0.1,
            "files_changed": 0.1,
            "lines_added": 0.2,
        }

    def test_has_a_version(self) -> None:
        assert FORMULA_VERSION == "1"


class TestEstimatedCost:
    @pytest.mark.parametrize(
        ("files", "lines", "micros"),
        [
            (0, 0, 100_000),
            (1, 0, 250_000),
            (3, 120, 790_000),
            # Thousandths are rounded to the nearest hundredth.
            (0, 1, 100_000),
            (0, 2, 100_000),
            (0, 3, 110_000),
            (0, 4, 110_000),
            (0, 5, 110_000),
            (0, 7, 110_000),
            (0, 8, 120_000),
            (1, 13, 280_000),
            # 0.10 + 66 * 0.15 is 10.00, the most there is.
            (65, 0, 9_850_000),
            (65, 72, 9_990_000),
            (65, 73, 10_000_000),
            (66, 0, 10_000_000),
            (67, 0, 10_000_000),
            (0, 4_950, 10_000_000),
            (0, 4_949, 10_000_000),
            (0, 4_947, 9_990_000),
            (10**6, 10**9, 10_000_000),
        ],
    )
    def test_follows_the_table(self, files: int, lines: int, micros: int) -> None:
        assert estimated_cost({"files_changed": files, "lines_added": lines}) == micros
        # Firestore would keep another type than a whole number.
        assert isinstance(estimated_cost({"files_changed": files, "lines_added": lines}), int)

    def test_of_a_commit_of_which_nothing_is_known_is_the_base(self) -> None:
        assert estimated_cost({}) == 100_000

    def test_leaves_deleted_lines_out(self) -> None:
        assert estimated_cost({"lines_deleted": 10_000}) == 100_000


class TestCostBasis:
    def test_of_what_nobody_can_prove_is_declared_unless_it_is_of_a_commit(self) -> None:
        assert cost_basis({}, by_commit=False) == "declared_unverified"
        assert cost_basis({}, by_commit=True) == "submitted"
