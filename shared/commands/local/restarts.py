"""How often a process may die before starting it again is pointless."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from shared.commands.errors import CommandError


class Restarts:
    """Counts the deaths of one process."""

    def __init__(
        self,
        name: str,
        *,
        limit: int = 5,
        within: float = 60.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._limit = limit
        self._within = within
        self._now = now
        self._deaths: deque[float] = deque(maxlen=limit)

    def note(self) -> None:
        """One more death; raises `CommandError` at the `limit`th `within` so many seconds."""
        self._deaths.append(self._now())
        if len(self._deaths) == self._limit and self._now() - self._deaths[0] < self._within:
            raise CommandError(
                f"{self._name} ended {self._limit} times within {self._within:.0f} seconds"
            )
