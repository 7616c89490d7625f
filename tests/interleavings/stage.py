"""Requests that take turns: each in a thread of its own, and one of them at a time.

A request runs from one step to the next, and stops before each: a step is a call of Firestore, or
its beginning. Whoever directs the stage chooses who goes on, so a run is the same whenever its
choices are. Time passes for a request only where it pauses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.store.deadline import Timing

# Whoever asks for the time more often than that without a step waits for another request. Between
# two steps it is asked for a few times.
_ASKS = 20


class Fault(StrEnum):
    """What may go wrong at a step."""

    # Carried out, and the answer is lost.
    LOST = "lost"
    # Not carried out.
    ABORTED = "aborted"
    UNAVAILABLE = "unavailable"
    # Carried out, and the process that asked is no more.
    GONE = "gone"


class Gone(BaseException):
    """The process ends here: nothing that handles errors may get hold of it."""


@dataclass(frozen=True)
class Step:
    """What a request is about to do, and the documents that it needs or changes."""

    method: str
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    # The collection that it looks through.
    queries: str | None = None

    def meets(self, other: Step) -> bool:
        """Whether the order of the two can matter: one changes what the other needs."""
        return self._changes(other) or other._changes(self)

    def _changes(self, other: Step) -> bool:
        if not self.writes.isdisjoint(other.reads | other.writes):
            return True
        return other.queries in {path.partition("/")[0] for path in self.writes}


BEGIN = Step("begin")


@dataclass(frozen=True)
class Choice:
    """Who takes the next step, and what goes wrong at it. As text `1` or `1-lost`."""

    actor: int
    fault: Fault | None = None

    def __str__(self) -> str:
        return f"{self.actor}-{self.fault}" if self.fault else str(self.actor)

    @classmethod
    def parse(cls, text: str) -> Choice:
        """A choice of its text; raises `ValueError`."""
        actor, _, fault = text.partition("-")
        return cls(int(actor), Fault(fault) if fault else None)


@dataclass(frozen=True)
class Part:
    """A request, and the process that it comes to; those of one process share its memory."""

    play: Callable[[], Any]
    process: int


# Chooses among the steps that can be taken, by the number of the request; None ends the run.
Director = Callable[[Mapping[int, Step]], Choice | None]
# Makes the error that a request gets to see.
Fail = Callable[[Fault], Exception]


class Stage:
    """Runs some requests at a time, each in a thread. The threads stay, for the next run."""

    def __init__(self, size: int) -> None:
        self._actors = [_Actor() for _ in range(size)]
        for actor in self._actors:
            actor.start()

    def run(self, parts: Sequence[Part], direct: Director) -> list[Any] | None:
        """What each request answered, None for those that are gone; None where it was ended.

        Raises what a request raises.
        """
        cast = self._actors[: len(parts)]
        for actor, part in zip(cast, parts, strict=True):
            actor.prepare(part)
        try:
            while steps := _steps(cast):
                choice = direct(steps)
                if choice is None:
                    return None
                chosen = cast[choice.actor]
                chosen.go_on(choice.fault)
                for actor in cast:
                    if actor is chosen or actor.part.process != chosen.part.process:
                        continue
                    if choice.fault is Fault.GONE:
                        actor.end()
                    elif actor.waits:
                        actor.go_on()
            return [actor.answer for actor in cast]
        finally:
            for actor in cast:
                actor.end()

    def close(self) -> None:
        """End the threads."""
        for actor in self._actors:
            actor.dismiss()


def _steps(cast: Sequence[_Actor]) -> dict[int, Step]:
    steps = {number: actor.step for number, actor in enumerate(cast) if actor.step is not None}
    if not steps and any(actor.waits for actor in cast):
        raise AssertionError("Every request waits for another one")
    return steps


class _Actor(threading.Thread):
    """A request's thread. It goes on when it is told to, and whoever tells it waits meanwhile.

    Attributes:
        step: what it is about to do; None where it waits for another request, or has ended.
    """

    part: Part
    step: Step | None
    waits: bool
    answer: Any

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._go = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._dismissed = False

    # What the director calls.

    def prepare(self, part: Part) -> None:
        """Get ready for a run."""
        self.part = part
        self.step, self.waits, self.answer = BEGIN, False, None
        self._ended = False
        self._fault: Fault | None = None
        self._error: BaseException | None = None
        self._now = 0.0
        self._asks = 0

    def go_on(self, fault: Fault | None = None) -> None:
        """Let it go to its next step, to where it waits, or to its end."""
        self.step, self.waits = None, False
        self._fault, self._asks = fault, 0
        self._go.release()
        self._back.acquire()
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Let it come no further."""
        self._ended = True
        if self.waits or self.step not in {None, BEGIN}:
            self.go_on()
        self.step = None

    def dismiss(self) -> None:
        """Let the thread end."""
        self._dismissed = True
        self._go.release()
        self.join()

    # What the request itself calls.

    def run(self) -> None:
        """Play one part after the other."""
        while True:
            self._go.acquire()
            if self._dismissed:
                return
            try:
                self.answer = self.part.play()
            except Gone:
                self.answer = None
            except BaseException as error:  # noqa: BLE001 - the director raises it
                self._error = error
            self._back.release()

    def take(self, step: Step, carry_out: Callable[[], Any], fail: Fail) -> Any:
        """Take a step when it is chosen."""
        if self._ended:
            raise Gone
        self.step = step
        self._hand_back()
        fault = self._fault
        if fault in {Fault.ABORTED, Fault.UNAVAILABLE}:
            raise fail(fault)
        answer = carry_out()
        if fault is Fault.GONE:
            self._ended = True
            raise Gone
        if fault is Fault.LOST:
            raise fail(fault)
        return answer

    def monotonic(self) -> float:
        """The time; who asks again and again waits for another request of its process."""
        self._asks += 1
        if self._asks > _ASKS and not self._ended:
            self.waits = True
            self._hand_back()
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._asks = 0
        self._now += seconds

    def _hand_back(self) -> None:
        self._back.release()
        self._go.acquire()
        if self._ended:
            raise Gone


def take(step: Step, carry_out: Callable[[], Any], fail: Fail) -> Any:
    """Called by a request: take a step when it is chosen; `fail` makes the error of a fault.

    Whoever is on no stage takes it at once.
    """
    actor = threading.current_thread()
    return actor.take(step, carry_out, fail) if isinstance(actor, _Actor) else carry_out()


def _monotonic() -> float:
    actor = threading.current_thread()
    return actor.monotonic() if isinstance(actor, _Actor) else 0.0


def _sleep(seconds: float) -> None:
    actor = threading.current_thread()
    if isinstance(actor, _Actor):
        actor.sleep(seconds)


# A call has no time at all, which nobody looks at; who waits for another request looks again at
# once, and asks for the time.
TIMING = Timing(
    rpc_timeout=0.0, monotonic=_monotonic, sleep=_sleep, uniform=lambda _, longest: longest
)
