"""Ctrl-C and its like, noticed only where the program can stop cleanly."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked the program to end."""


class StopSignals:
    """Counts the requests to stop."""

    def __init__(self, wake: int) -> None:
        self._wake = wake
        self._count = 0

    @property
    def urgent(self) -> bool:
        """Whether it was asked for again, after the program had begun to stop."""
        return self._count > 1

    def pause(self, seconds: float) -> None:
        """Wait so long; raises `Stopped` as soon as, or if already, a stop was asked for."""
        if not self._count:
            select.select([self._wake], [], [], seconds)
        if self._count:
            raise Stopped

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """The handler of the signals. It raises nothing: it may run between any two steps."""
        self._count += 1


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Take SIGINT, SIGTERM and SIGHUP. In the main thread only."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signals = StopSignals(wake)
    earlier_waker = signal.set_wakeup_fd(waker)
    earlier = {number: signal.signal(number, signals.note) for number in _STOPPING}
    try:
        yield signals
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(earlier_waker)
        os.close(wake)
        os.close(waker)
