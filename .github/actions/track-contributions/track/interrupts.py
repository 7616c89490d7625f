"""Ctrl-C, or a polite kill: what is under way is finished first, so that what is said is true."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Sequence
from types import FrameType

from ledger import Outcome, Record

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Holds the first interrupt back while a batch is under way; a second one is not held.

    It raises once: what is left then, to say how far it came, is not interrupted.
    `sent` is how many commits went out so far, whatever was heard of them. `came` is the signal.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.sent = self.came = 0
        self._say = say
        self._is_held = self._is_over = False

    def __enter__(self) -> Interrupts:
        # In the background a shell has it ignored, and so it stays.
        before = {number: signal.getsignal(number) for number in SIGNALS}
        self._before = {n: handler for n, handler in before.items() if handler != signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def holding(self, record: Record) -> Record:
        """Return the same, from which on an interrupt is held back, until `release`."""

        def attempt(hashes: Sequence[str], body: bytes) -> list[Outcome]:
            self._is_held = True
            self.sent += len(hashes)
            return record(hashes, body)

        return attempt

    def pausing(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Return the same, to be interrupted at once: no answer is awaited in a pause."""

        def pause(seconds: float) -> None:
            self.release()
            sleep(seconds)
            self._is_held = True

        return pause

    def release(self) -> None:
        """Hold nothing back any more; raise the interrupt that came."""
        self._is_held = False
        if self.came:
            self._raise()

    def finish(self) -> None:
        """Heed no interrupt any more."""
        self._is_over = True

    def _raise(self) -> None:
        self._is_over = True
        raise KeyboardInterrupt

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._is_over:
            return
        again, self.came = self.came, number
        if again or not self._is_held:
            self._raise()
        # A stream that was just being written to takes nothing in between.
        with contextlib.suppress(RuntimeError):
            self._say("Waiting for the answer to what was sent; Ctrl-C again does not wait for it.")
