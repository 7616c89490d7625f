"""Which orders there are: all of them with at most one fault, or a sample.

Two steps that meet in no document and in no process come to the same in either order, so of the
orders that differ only by such steps one is run (sleep sets: https://doi.org/10.1007/3-540-60761-7).
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.interleavings.scenario import Run, Scenario
from tests.interleavings.stage import BEGIN, Choice, Fault, Stage, Step

Schedule = tuple[Choice, ...]


@dataclass
class _Node:
    """A moment of a run: the steps that can be taken, and what is still to be chosen there."""

    steps: Mapping[int, Step]
    sleeping: set[Choice]
    untried: list[Choice]

    @property
    def chosen(self) -> Choice:
        return self.untried[-1]

    def next(self) -> bool:
        """Go on to the next choice, where there is one."""
        self.sleeping.add(self.untried.pop())
        return bool(self.untried)


class _Search:
    """Depth first through all choices."""

    def __init__(self, processes: Sequence[int], faults: Collection[Fault]) -> None:
        self._processes = processes
        self._faults = faults
        self.path: list[_Node] = []
        self._depth = 0

    def begin(self) -> None:
        self._depth = 0

    def direct(self, steps: Mapping[int, Step]) -> Choice | None:
        """The choice of the path so far, then the first one that was not tried."""
        if self._depth == len(self.path):
            self.path.append(self._node(steps))
        node = self.path[self._depth]
        assert _methods(node.steps) == _methods(steps), "The same choices came to another step"
        self._depth += 1
        return node.chosen if node.untried else None

    def _node(self, steps: Mapping[int, Step]) -> _Node:
        before = self.path[-1] if self.path else None
        sleeping = {c for c in before.sleeping if self._independent(before, c)} if before else set()
        done = any(node.chosen.fault for node in self.path)
        choices = _choices(steps, () if done else self._faults)
        return _Node(steps, sleeping, [c for c in reversed(choices) if c not in sleeping])

    def _independent(self, node: _Node, other: Choice) -> bool:
        chosen = node.chosen
        if self._processes[chosen.actor] == self._processes[other.actor]:
            return False
        # There is one fault in a run.
        if chosen.fault and other.fault:
            return False
        return not node.steps[chosen.actor].meets(node.steps[other.actor])

    def go_back(self) -> bool:
        """To the last moment with another choice; whether there is one."""
        while self.path:
            if self.path[-1].untried and self.path[-1].next():
                return True
            self.path.pop()
        return False


def _choices(steps: Mapping[int, Step], faults: Iterable[Fault]) -> list[Choice]:
    calls = [actor for actor, step in steps.items() if step is not BEGIN]
    return [
        *(Choice(actor) for actor in steps),
        *(Choice(actor, fault) for fault in faults for actor in calls),
    ]


def every(
    scenario: Scenario, stage: Stage, *, faults: Collection[Fault] = tuple(Fault)
) -> Iterator[tuple[Schedule, Run]]:
    """Each order of the steps, and each of those with one of the faults."""
    search = _Search(scenario.processes(), faults)
    while True:
        search.begin()
        run = scenario.run(stage, search.direct)
        if run is not None:
            yield tuple(node.chosen for node in search.path), run
        if not search.go_back():
            return


class _Chance:
    """One run at random; something goes wrong at one of its first steps, or nothing does."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._fault_after = self._random.randrange(12)
        self.schedule: list[Choice] = []

    def direct(self, steps: Mapping[int, Step]) -> Choice:
        """Any of them."""
        due = len(self.schedule) >= self._fault_after
        fault = due and not any(choice.fault for choice in self.schedule)
        choices = _choices(steps, Fault if fault else ())
        faulty = [choice for choice in choices if choice.fault]
        self.schedule.append(self._random.choice(faulty or choices))
        return self.schedule[-1]


def some(scenario: Scenario, stage: Stage, *, number: int) -> Iterator[tuple[Schedule, Run]]:
    """As many at random, always the same ones."""
    for seed in range(number):
        chance = _Chance(f"{scenario} {seed}")
        run = scenario.run(stage, chance.direct)
        assert run is not None
        yield tuple(chance.schedule), run


def one_after_the_other(scenario: Scenario, stage: Stage, order: Sequence[int]) -> Run:
    """A run without faults of some of the requests, each to its end before the next begins."""
    present = sorted(order)
    turns = [present.index(number) for number in order]
    run = scenario.run(
        stage, lambda steps: Choice(next(turn for turn in turns if turn in steps)), present
    )
    assert run is not None
    return run


def _methods(steps: Mapping[int, Step]) -> dict[int, str]:
    return {actor: step.method for actor, step in steps.items()}
