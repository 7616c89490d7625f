"""Large bodies: an instance works on a few of them at once, and the others wait unparsed.

A batch of 4 MiB takes some 60 MB while it is parsed and recorded, a push of 25 MiB some 110, and an
instance has 512 or 1,024 MiB for 16 requests. Python works on one of them at a time anyway.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import Unavailable

AT_ONCE = 2
LARGE = 512 * 1024  # bytes


class LargeBodies:
    """The turns of one instance; `patience` is how many seconds a request waits for one."""

    def __init__(self, at_once: int = AT_ONCE, *, patience: float = 2.5) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._patience = patience

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Wait for a turn where `size`, in bytes, is large; raises `Unavailable` without one."""
        if size < LARGE:
            yield
            return
        if not self._free.acquire(timeout=self._patience):
            raise Unavailable("Too many large requests at once; nothing is lost, try again")
        try:
            yield
        finally:
            self._free.release()
