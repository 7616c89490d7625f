"""Turns for large bodies: an instance works on a few of them at once, and the others wait unread.

A batch of 4 MiB takes some 60 MB while it is parsed and recorded, and an instance has 512 for 16
requests. Python works on one of them at a time anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import Unavailable

AT_ONCE = 2
LARGE = 512 * 1024  # bytes


class Turns:
    """The turns of one instance; `patience` is how many seconds a request waits for one."""

    def __init__(self, at_once: int = AT_ONCE, *, patience: float = 5.0) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._patience = patience

    @contextmanager
    def turn(self, size: int | None) -> Iterator[None]:
        """Wait for a turn where `size` is large, or not known; raises `Unavailable` without one."""
        if size is not None and size < LARGE:
            yield
            return
        if not self._free.acquire(timeout=self._patience):
            raise Unavailable("Too many large requests at once; nothing is lost, try again")
        try:
            yield
        finally:
            self._free.release()
