"""How long a connection may hold a thread of the server: while a body comes, and an answer goes.

A server of threads is stopped by as many slow connections as it has threads. Here each has an end,
at most half of the threads have a slow one, and who finds no place among those is let go at once.
What the server reads before it calls us, request line and headers, is bounded by the server alone.
"""

from __future__ import annotations

import inspect
import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import flask
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# A connection that takes longer than this, in seconds, is a slow one. A body has the shorter time
# where all places are taken: one that comes right behind its head is let through, in a crowd as in
# an honest burst, and one that does not come holds its thread hardly at all.
SLOW_BODY_AFTER_S = 0.25
SLOW_BODY_IN_A_CROWD_AFTER_S = 0.05
SLOW_ANSWER_AFTER_S = 1.0
ANSWER_WITHIN_S = 45.0
# Who still sends when the answer is out is heard for so long, so that the answer is read.
_HEAR_OUT_S = 1.0
_HEAR_OUT_PAUSE_S = 0.25
_HEAR_OUT_BYTES = 32 * 1024 * 1024


class Cut(Enum):
    """Why a connection was cut off."""

    TIME = "its time was up"
    CROWD = "too many others are slow"


@dataclass(eq=False, slots=True)
class Limit:
    """The time that one connection has, by the clock of its `Connections`.

    It needs a place among the slow at `slow_at`, or at `crowded_at` where no place is free.
    """

    connection: socket.socket | None
    direction: int
    ends_at: float
    slow_at: float = math.inf
    crowded_at: float = math.inf
    has_place: bool = field(default=False, init=False)
    cut: Cut | None = field(default=None, init=False)

    def next_at(self, *, crowded: bool) -> float:
        """When it is to be looked at again; `crowded` says that no place is free."""
        if self.cut:
            return math.inf
        if self.has_place:
            return self.ends_at
        return min(self.slow_at, self.ends_at, self.crowded_at if crowded else math.inf)


class LastAnswer(flask.Response):
    """The last answer of its connection, and says so.

    gunicorn leaves out what an application says of that, and would promise to keep it open. One
    that is no answer of Flask's, the framework makes into one that is.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer: Any = getattr(inspect.unwrap(start_response), "__self__", None)
        if hasattr(answer, "force_close"):
            answer.force_close()
        return super().__call__(environ, start_response)


def connection_of(request: Request) -> socket.socket | None:
    """The connection of a request, or None where the server does not hand it over."""
    connection = request.environ.get("gunicorn.socket")
    return connection if isinstance(connection, socket.socket) else None


class Connections:
    """The connections of one process that answers with so many threads."""

    def __init__(
        self, threads: int = 16, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.now = monotonic
        self._places = max(1, threads // 2)
        self._heard_out = threading.BoundedSemaphore(max(1, threads // 4))
        self._limits: set[Limit] = set()
        self._changed = threading.Condition()
        self._wakes_at = -math.inf
        self._watcher: threading.Thread | None = None

    @contextmanager
    def limited(self, limit: Limit) -> Iterator[Limit]:
        """Cut the connection off where the limit is passed before the block has ended."""
        self._begin(limit)
        try:
            yield limit
        finally:
            self._end(limit)

    def judge(self, limit: Limit) -> Cut | None:
        """Whether the limit is passed now; takes a place among the slow where it needs one."""
        with self._changed:
            return self._judge(limit)

    def send(
        self, request: Request, response: Response, *, close: bool, in_parts: bool = False
    ) -> None:
        """Bound the time that this answer takes; `close` ends the connection after it.

        One that is sent `in_parts` bounds each of these itself.
        """
        connection = connection_of(request)
        if connection is None:
            return
        # Not asked later: the framework's request is gone by then.
        closes = close or _wants_to_close(request)
        limit = self.of_an_answer(connection)
        if not in_parts:
            self._begin(limit)

        def done() -> None:
            self._end(limit)
            if close and not limit.cut:
                self._hang_up(connection)
            elif closes:
                # The server would wait for the client to hang up, and meanwhile accept nobody.
                _shut(connection, socket.SHUT_RDWR)

        response.call_on_close(done)

    def of_an_answer(self, connection: socket.socket | None, *, ends_at: float = math.inf) -> Limit:
        """The time that an answer has from now on, or a part of one that has to end by then."""
        now = self.now()
        ends_at = min(now + ANSWER_WITHIN_S, ends_at)
        return Limit(connection, socket.SHUT_RDWR, ends_at, now + SLOW_ANSWER_AFTER_S)

    def _begin(self, limit: Limit) -> None:
        if limit.connection is None:
            return
        with self._changed:
            self._limits.add(limit)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="limits", daemon=True)
                self._watcher.start()
            if limit.next_at(crowded=self._places == 0) < self._wakes_at:
                self._changed.notify()

    def _end(self, limit: Limit) -> None:
        # Under the lock: what is shut down is never a later connection with the same number.
        with self._changed:
            self._limits.discard(limit)
            if limit.has_place:
                limit.has_place = False
                self._places += 1

    def _judge(self, limit: Limit) -> Cut | None:
        now = self.now()
        if limit.cut is None and now >= limit.ends_at:
            limit.cut = Cut.TIME
        elif limit.cut is None and not limit.has_place:
            if self._places == 0 and now >= min(limit.crowded_at, limit.slow_at):
                limit.cut = Cut.CROWD
            elif now >= limit.slow_at:
                limit.has_place = True
                self._places -= 1
                # Others may have less time from now on.
                self._changed.notify()
        return limit.cut

    def _watch(self) -> None:
        with self._changed:
            while True:
                for limit in self._limits:
                    if limit.cut is None and self._judge(limit) and limit.connection:
                        _shut(limit.connection, limit.direction)
                # Soon, as long as there is anybody: most are gone before they are slow, and if each
                # of them woke this thread, a record would take a tenth more of the processor.
                soon = self.now() + SLOW_BODY_AFTER_S if self._limits else math.inf
                crowded = self._places == 0
                nexts = (limit.next_at(crowded=crowded) for limit in self._limits)
                self._wakes_at = min(soon, *nexts, math.inf)
                waiting = self._wakes_at - self.now()
                self._changed.wait(None if waiting == math.inf else max(0.0, waiting))

    def _hang_up(self, connection: socket.socket) -> None:
        if self._heard_out.acquire(blocking=False):
            try:
                self._hear_out(connection)
            finally:
                self._heard_out.release()
        _shut(connection, socket.SHUT_RDWR)

    def _hear_out(self, connection: socket.socket) -> None:
        """Throw away what still comes: a connection closed with unread bytes takes its answer back.

        https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        _shut(connection, socket.SHUT_WR)
        ends_at = self.now() + _HEAR_OUT_S
        heard = 0
        with suppress(OSError):
            while heard < _HEAR_OUT_BYTES and (left := ends_at - self.now()) > 0:
                connection.settimeout(min(left, _HEAR_OUT_PAUSE_S))
                part = connection.recv(1 << 20)
                if not part:
                    break
                heard += len(part)


def _wants_to_close(request: Request) -> bool:
    closes = "close" in request.headers.get("Connection", "").lower()
    return closes or request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0"


def _shut(connection: socket.socket, direction: int) -> None:
    # It may be gone already.
    with suppress(OSError):
        connection.shutdown(direction)
