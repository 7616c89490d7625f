"""What a table that is sent while it is read may take of an instance."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class StreamBounds:
    """How long one table is, and how many there are at a time.

    A function's streamed answer ends at 10 MB, and hosting's after 60 seconds: a table ends before.
    https://cloud.google.com/run/quotas, https://firebase.google.com/docs/hosting/functions

    Attributes:
        at_once: tables that go on behind their first page at a time, each of which holds a thread.
        bytes: what one holds at most, where a single row is no larger.
        reads_for: seconds after which no further page is read.
        ends_after: seconds after which the connection is cut off, whatever is still to be sent.
        page: how many documents are read at once.
    """

    at_once: int = 4
    bytes: int = 8_000_000
    reads_for: float = 45.0
    ends_after: float = 58.0
    page: int = 500
    _room: threading.BoundedSemaphore = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._room = threading.BoundedSemaphore(self.at_once)

    def enter(self) -> bool:
        """Whether there is room for one more; who got some has to `leave`."""
        return self._room.acquire(blocking=False)

    def leave(self) -> None:
        self._room.release()
