"""Large bodies: an instance keeps so many bytes of them, and works on fewer of them at once.

A batch of 4 MiB takes some 60 MB while it is parsed and recorded, a push of 25 MiB some 110; but
either takes 30 times its size where it is made of empty objects, and an instance has 512 or 1,024
MiB for 16 requests. Python works on one of them at a time anyway. What waits is unparsed, and all
bodies together have a bound too: anybody can send one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import clear_frames

from shared.domain.errors import Unavailable

# All in bytes. Two batches of the largest size are worked on at once; a larger push is alone.
LARGE = 512 * 1024
AT_WORK = 8 * 1024 * 1024
ROOM = 64 * 1024 * 1024


class LargeBodies:
    """The turns of one instance, and its room for bodies that are not worked on yet, in bytes.

    `patience` is how many seconds a request waits for a turn.
    """

    def __init__(self, at_work: int = AT_WORK, *, patience: float = 2.5, room: int = ROOM) -> None:
        self._most = self._free = at_work
        self._patience = patience
        self._room = room
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        """Take room for so many bytes; raises `Unavailable` where there is not so much."""
        with self._changed:
            if size > self._room:
                raise _too_many()
            self._room -= size

    def give_back(self, size: int) -> None:
        """Give back room that was taken."""
        with self._changed:
            self._room += size

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Wait for a turn where `size`, in bytes, is large; raises `Unavailable` without one.

        What is made of the body has to be made by a function that is called in it: then it is gone
        when the turn ends, also where an error would have kept it.
        """
        if size < LARGE:
            yield
            return
        share = min(size, self._most)
        with self._changed:
            if not self._changed.wait_for(lambda: self._free >= share, self._patience):
                raise _too_many()
            self._free -= share
        try:
            yield
        except Exception as error:
            _let_go(error)
            raise
        finally:
            with self._changed:
                self._free += share
                self._changed.notify_all()


def _let_go(error: BaseException | None) -> None:
    """Empty the frames in which an error came about, and those that came before it."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__context__


def _too_many() -> Unavailable:
    return Unavailable("Too many large requests at once; nothing is lost, try again")
