"""The time that a request has: shared by its calls, and never overdrawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain.errors import Unavailable
from tests.contract.fake_time import FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


class TestTimeout:
    def test_is_that_of_one_call_while_there_is_time(self, time: FakeTime) -> None:
        assert time.timing.deadline().timeout() == 5.0

    def test_is_what_is_left_towards_the_end(self, time: FakeTime) -> None:
        deadline = time.timing.deadline()
        time.now += 6.5
        assert deadline.timeout() == 2.5

    def test_is_measured_from_the_deadlines_own_beginning(self, time: FakeTime) -> None:
        timing = time.timing
        time.now += 100
        assert timing.deadline(2.0).timeout() == 2.0

    @pytest.mark.parametrize("late", [9.0, 9.001, 3_600.0])
    def test_is_none_at_the_end(self, time: FakeTime, late: float) -> None:
        deadline = time.timing.deadline()
        time.now += late
        with pytest.raises(Unavailable, match="nothing is lost"):
            deadline.timeout()


class TestPause:
    def test_may_grow_twofold_up_to_a_second(self, time: FakeTime) -> None:
        deadline = time.timing.deadline()
        for _ in range(10):
            deadline.pause()
        assert time.pauses == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0, 1.0]

    def test_is_as_long_as_chance_has_it_from_nothing_up(self, time: FakeTime) -> None:
        asked: list[tuple[float, float]] = []

        def uniform(least: float, most: float) -> float:
            asked.append((least, most))
            return 0.005

        deadline = replace(time.timing, uniform=uniform).deadline()
        deadline.pause()
        deadline.pause()
        assert asked == [(0, 0.01), (0, 0.02)]
        assert time.pauses == [0.005, 0.005]

    def test_is_not_begun_where_it_would_outlast_the_deadline(self, time: FakeTime) -> None:
        deadline = time.timing.deadline()
        time.now += 8.99
        with pytest.raises(Unavailable, match="nothing is lost"):
            deadline.pause()
        assert time.pauses == []
