"""Large bodies: an instance keeps so many bytes of them, and works on a few of them at once.

A batch of 4 MiB takes some 60 MB while it is parsed and recorded, a push of 25 MiB some 110, and an
instance has 512 or 1,024 MiB for 16 requests. Python works on one of them at a time anyway. What
waits is unparsed, and all bodies together have a bound too: anybody can send one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import Unavailable

AT_ONCE = 2
# In bytes.
LARGE = 512 * 1024
ROOM = 64 * 1024 * 1024


class LargeBodies:
    """The turns of one instance, and its `room` for bodies that are not worked on yet, in bytes.

    `patience` is how many seconds a request waits for a turn.
    """

    def __init__(self, at_once: int = AT_ONCE, *, patience: float = 2.5, room: int = ROOM) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._patience = patience
        self._room = room
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Take room for so many bytes; raises `Unavailable` where there is not so much."""
        with self._lock:
            if size > self._room:
                raise _too_many()
            self._room -= size

    def give_back(self, size: int) -> None:
        """Give back room that was taken."""
        with self._lock:
            self._room += size

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Wait for a turn where `size`, in bytes, is large; raises `Unavailable` without one."""
        if size < LARGE:
            yield
            return
        if not self._free.acquire(timeout=self._patience):
            raise _too_many()
        try:
            yield
        finally:
            self._free.release()


def _too_many() -> Unavailable:
    return Unavailable("Too many large requests at once; nothing is lost, try again")
