"""Time that passes only where a test lets it."""

from __future__ import annotations

from shared.store.deadline import Timing

# Seconds that a request has, and that one call may take of them.
BUDGET = 9.0
LONGEST_CALL = 5.0

_BEGIN = 1_000.0


class FakeTime:
    """A clock that goes on when somebody sleeps, or waits for an answer."""

    def __init__(self) -> None:
        self.now = _BEGIN
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    @property
    def elapsed(self) -> float:
        return self.now - _BEGIN

    @property
    def timing(self) -> Timing:
        """Every pause is as long as jitter lets it be."""
        return Timing(
            budget=BUDGET,
            rpc_timeout=LONGEST_CALL,
            monotonic=self.monotonic,
            sleep=self.sleep,
            uniform=lambda _, longest: longest,
        )
