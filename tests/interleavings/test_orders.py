"""The search itself: it tries what matters, no more, and the same each time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.interleavings.orders import every, some
from tests.interleavings.scenario import Scenario
from tests.interleavings.stage import BEGIN, Choice, Fault, Stage, Step


def orders(text: str, stage: Stage) -> list[str]:
    found = every(Scenario.parse(text), stage, faults=())
    return [" ".join(map(str, schedule)) for schedule, _ in found]


def test_steps_that_meet_nowhere_are_tried_in_one_order(stage: Stage) -> None:
    assert orders("known/apart void+revoke", stage) == ["0 0 0 1 1"]


def test_steps_that_meet_are_tried_in_each(stage: Stage) -> None:
    # Each begins, reads, and commits. Who reads after the other's Commit has nothing to commit; who
    # is overtaken looks for missing accounts, and reads again.
    assert sorted(orders("known/apart void+void", stage)) == [
        "0 0 0 1 1",
        "0 0 1 1 0 1 1 1",
        "0 0 1 1 1 0 0 0",
        "0 1 1 1 0",
    ]


def test_one_fault_at_each_call_and_no_second_one(stage: Stage) -> None:
    scenario = Scenario.parse("known/apart record+revoke")
    faults = [
        [(choice.actor, choice.fault) for choice in schedule if choice.fault]
        for schedule, _ in every(scenario, stage)
    ]
    assert max(map(len, faults)) == 1
    assert {each for found in faults for each in found} == {
        (actor, fault) for actor in (0, 1) for fault in Fault
    }


def test_who_waits_for_a_commit_under_way_goes_into_the_next_one(stage: Stage) -> None:
    committed: list[int] = []

    def all_come_first(steps: Mapping[int, Step]) -> Choice:
        for number, step in steps.items():
            if step is BEGIN:
                return Choice(number)
        number, step = next(iter(steps.items()))
        if step.method == "Commit":
            committed.append(number)
        return Choice(number)

    scenario = Scenario.parse("known/together record+batch+webhook")
    run = scenario.run(stage, all_come_first)
    assert run is not None
    assert [answer and answer.status for answer in run.answers] == [201, 200, 200]
    assert committed == [0, 1]


def test_a_sample_is_the_same_each_time(stage: Stage) -> None:
    scenario = Scenario.parse("new/together record+batch")
    first, second = (list(some(scenario, stage, number=5)) for _ in range(2))
    assert first == second
    assert len({schedule for schedule, _ in first}) == 5


def test_a_scenario_is_read_as_it_is_written() -> None:
    for text in ("known/apart record+void", "new/together/torn-batch batch+webhook+record"):
        assert str(Scenario.parse(text)) == text


def test_what_no_scenario_is_called_is_refused() -> None:
    with pytest.raises(KeyError):
        Scenario.parse("known/apart record+nothing")
