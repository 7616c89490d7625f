"""Some requests that meet in a world; a run is one order of their steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from tests.interleavings.asked import Answer, Asked
from tests.interleavings.flaws import FLAWS
from tests.interleavings.process import Process
from tests.interleavings.requests import ASKED
from tests.interleavings.stage import Director, Part, Stage
from tests.interleavings.state import State
from tests.interleavings.store import Store, honest
from tests.interleavings.world import WORLDS, World


@dataclass(frozen=True)
class Scenario:
    """Who meets where: `together` in one process, else each in its own.

    `flaw` names a mistake that is planted between the requests and the store.
    """

    world: World
    asked: tuple[Asked, ...]
    together: bool = False
    flaw: str | None = None

    def __str__(self) -> str:
        """As `parse` takes it."""
        where = "together" if self.together else "apart"
        flaw = f"/{self.flaw}" if self.flaw else ""
        return f"{self.world.name}/{where}{flaw} {'+'.join(asked.name for asked in self.asked)}"

    @classmethod
    def parse(cls, text: str) -> Scenario:
        """The one of a text such as `known/apart record+void`; raises `KeyError`."""
        place, _, names = text.partition(" ")
        world, where, *flaw = place.split("/")
        asked = tuple(ASKED[name] for name in names.split("+"))
        return cls(WORLDS[world], asked, where == "together", *flaw)

    def processes(self) -> list[int]:
        """To which process each request comes; a command has its own."""
        shared = self.together
        return [0 if shared and a.shares else n for n, a in enumerate(self.asked, start=1)]

    def run(
        self, stage: Stage, direct: Director, present: Sequence[int] | None = None
    ) -> Run | None:
        """One run of the requests that are `present`; None where it was ended."""
        numbers = range(len(self.asked)) if present is None else present
        store = Store(self.world.content, FLAWS[self.flaw]() if self.flaw else honest)
        try:
            made: dict[int, Process] = {}
            parts = []
            for number, process in enumerate(self.processes()):
                if number not in numbers:
                    continue
                if process not in made:
                    made[process] = Process(store.client())
                play = partial(self.asked[number].ask, self.world, made[process])
                parts.append(Part(play, process))
            answers = stage.run(parts, direct)
            return None if answers is None else Run.of(answers, State.of(store))
        finally:
            store.close()


@dataclass(frozen=True)
class Run:
    """What came of one run: the answer to each request, None where its process is gone."""

    answers: tuple[Answer | None, ...]
    state: State

    @classmethod
    def of(cls, answers: Sequence[Answer | None], state: State) -> Run:
        """The answers, with ids made at random renamed as in the documents."""
        return cls(tuple(a and replace(a, body=state.named(a.body)) for a in answers), state)
