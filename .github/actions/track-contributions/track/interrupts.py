"""Ctrl-C: what is under way is finished first, so that what is said of it is true."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Sequence
from types import FrameType

from ledger import Outcome, Record


class Interrupts:
    """Holds the first interrupt back while a batch is under way; a second one is not held.

    `under_way` is how many commits were sent of which nothing was heard yet.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.under_way = 0
        self._say = say
        self._is_held = self._came = False

    def __enter__(self) -> Interrupts:
        # In the background a shell has it ignored, and so it stays.
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def finishing(self, record: Record) -> Record:
        """Return the same, not to be interrupted once."""

        def attempt(hashes: Sequence[str], body: bytes) -> list[Outcome]:
            self.under_way, self._is_held = len(hashes), True
            try:
                outcomes = record(hashes, body)
            finally:
                self._is_held = False
            self.under_way = 0
            return outcomes

        return attempt

    def pausing(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Return the same, to be interrupted at once: no answer is awaited in a pause."""

        def pause(seconds: float) -> None:
            self._is_held = False
            self.check()
            sleep(seconds)
            self._is_held = True

        return pause

    def check(self) -> None:
        """Raise the interrupt that was held back."""
        if self._came:
            raise KeyboardInterrupt

    def _handle(self, _signal: int, _frame: FrameType | None) -> None:
        if self._came or not self._is_held:
            raise KeyboardInterrupt
        self._came = True
        # A stream that was just being written to takes nothing in between.
        with contextlib.suppress(RuntimeError):
            self._say("Waiting for the answer to what was sent; Ctrl-C again does not wait for it.")
