"""A clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.http.framework import NOW


@dataclass
class Clock:
    """Says the same until it is told to go on."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **duration: float) -> None:
        """Let time pass: `seconds=`, `hours=` and what else a `timedelta` takes."""
        self.now += timedelta(**duration)
