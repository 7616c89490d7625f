"""How long a request may take, and how it waits between two tries."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from shared.domain.errors import Unavailable

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 1.0
# When the request has no time left that this thread works on. It is not handed on from call to
# call, so that no call can forget it.
_request_ends_at = ContextVar("request_ends_at", default=math.inf)


@dataclass(frozen=True, slots=True)
class Timing:
    """Time as the store sees it, handed in so that tests need not wait. All times in seconds."""

    budget: float = 9.0
    rpc_timeout: float = 5.0
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform

    def deadline(self, budget: float | None = None) -> Deadline:
        """A deadline that begins now, and ends with the request at the latest."""
        ends_at = self.monotonic() + (self.budget if budget is None else budget)
        return Deadline(self, min(ends_at, _request_ends_at.get()))

    def begin_request(self) -> None:
        """From here on, all that this context asks of Firestore has one budget together."""
        _request_ends_at.set(self.monotonic() + self.budget)

    def postpone(self, seconds: float) -> None:
        """Leave out of the request's time what its client took."""
        _request_ends_at.set(_request_ends_at.get() + seconds)


@dataclass(slots=True)
class Deadline:
    """The end of the time that one request has, and the pauses it has made so far."""

    timing: Timing
    ends_at: float
    pauses: int = field(default=0)

    def timeout(self) -> float:
        """Seconds that the next RPC may take; raises `Unavailable` when none are left."""
        left = self.ends_at - self.timing.monotonic()
        if left <= 0:
            raise Unavailable("Firestore did not answer in time; nothing is lost, try again")
        return min(left, self.timing.rpc_timeout)

    def pause(self) -> None:
        """Wait before another try: twice as long each time, with full jitter so that clients
        who collided once do not collide again.

        https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
        """
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**self.pauses)
        self.pauses += 1
        pause = self.timing.uniform(0, longest)
        if self.timing.monotonic() + pause >= self.ends_at:
            raise Unavailable("Firestore is busy; nothing is lost, try again")
        self.timing.sleep(pause)
