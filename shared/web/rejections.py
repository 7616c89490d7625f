"""Keeps the latest rejection of an authenticated request, where health can show it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from shared.domain.email import mask_text
from shared.domain.tracking import Rejection

INTERVAL_SECONDS = 60


class Rejections:
    """Notes a rejection at most once a minute, so that a broken client cannot cost much."""

    def __init__(self, note: Callable[[Rejection], bool], clock: Callable[[], datetime]) -> None:
        self._note = note
        self._clock = clock
        self._lock = threading.Lock()
        self._noted_at: datetime | None = None

    def note(self, *, code: str, reason: str, repository: str | None) -> None:
        """Keep this rejection, unless another one was kept less than a minute ago."""
        now = self._clock()
        with self._lock:
            last = self._noted_at
            if last is not None and (now - last).total_seconds() < INTERVAL_SECONDS:
                return
            self._noted_at = now
        self._note(Rejection(code=code, reason=mask_text(reason)[:500], repository=repository))
