"""The bytes of a request's body: read within bounds of size, of time and of memory."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.wrappers import Request

from shared.domain.errors import (
    MalformedRequest,
    PayloadTooLarge,
    TooSlow,
    Unavailable,
    UnsupportedMedia,
)
from shared.web.connections import (
    SLOW_BODY_AFTER_S,
    SLOW_BODY_IN_A_CROWD_AFTER_S,
    Connections,
    Cut,
    Limit,
    connection_of,
)
from shared.web.large_bodies import LARGE, LargeBodies

_CHUNK = 64 * 1024
# Without a byte for so long, in seconds, a body comes no more.
STALLED_AFTER_S = 3.0
# A body up to this size that nobody wanted is read where it is there, and the connection goes on.
_SMALL = 64 * 1024
_THERE_WITHIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a body has to come: in `total` seconds, and after `grace` at least at `rate`.

    `rate` is in bytes a second.
    """

    total: float = 45.0
    rate: int | None = None
    grace: float = 2.0

    def ends_after(self, size: int) -> float:
        """Seconds from its beginning within which more than `size` bytes must have come."""
        if self.rate is None:
            return self.total
        return min(self.total, self.grace + (size + _CHUNK) / self.rate)


# Who has shown a key may sit on a slow line: 4 MiB come through at 93 KiB/s.
KEYED = Pace()
# GitHub's machines are fast, and anybody can begin a delivery.
UNSIGNED = Pace(rate=256 * 1024)


class IncomingBody:
    """The body of one request. What it takes of the memory is given back by `release`.

    `waited` is told the seconds for which its client kept the request waiting.
    """

    def __init__(
        self,
        request: Request,
        connections: Connections,
        large_bodies: LargeBodies,
        *,
        waited: Callable[[float], object] = lambda _: None,
    ) -> None:
        self._request = request
        self._connections = connections
        self._large_bodies = large_bodies
        self._waited = waited
        self._kept = 0
        self._at_end = not has_body(request)

    def read(
        self, limit: int, *, pace: Pace = KEYED, seen: Callable[[bytes], object] | None = None
    ) -> bytearray:
        """All of it; `seen` is called with each part as it comes.

        Raises `PayloadTooLarge` above `limit` bytes, before anything is read where the length is
        declared; `TooSlow` where it does not keep the pace; `Unavailable` where too many others
        are slow, or large; and `UnsupportedMedia` for any `Content-Encoding`, since a few
        kilobytes can unpack to gigabytes.
        """
        if "Content-Encoding" in self._request.headers:
            raise UnsupportedMedia("Send the body without Content-Encoding")
        declared = self._request.content_length
        if declared is not None and declared > limit:
            raise PayloadTooLarge(limit)
        body = bytearray()
        began = self._connections.now()
        with self._reading(pace, bounded=True) as parts:
            for part in parts:
                if len(body) + len(part) > limit:
                    raise PayloadTooLarge(limit)
                self._keep(len(body) + len(part))
                body += part
                if seen:
                    seen(part)
        self._waited(self._connections.now() - began)
        if declared is not None and len(body) < declared:
            # https://www.rfc-editor.org/rfc/rfc9112#section-8
            raise MalformedRequest("The body ended early")
        return body

    def is_done(self) -> bool:
        """Whether nothing of it is left, once a small one that is there is thrown away."""
        declared = self._request.content_length
        if self._at_end or (declared or 0) > _SMALL:
            return self._at_end
        size = 0
        try:
            with self._reading(Pace(_THERE_WITHIN_S), bounded=False) as parts:
                for part in parts:
                    size += len(part)
                    if size > _SMALL:
                        return False
        except (MalformedRequest, TooSlow):
            return False
        return declared is None or size >= declared

    def release(self) -> None:
        """Give back what it took of the memory for large bodies."""
        if self._kept:
            self._large_bodies.give_back(self._kept)
            self._kept = 0

    def _keep(self, size: int) -> None:
        if size >= LARGE:
            self._large_bodies.take(size - self._kept)
            self._kept = size

    @contextmanager
    def _reading(self, pace: Pace, *, bounded: bool) -> Iterator[Iterator[bytes]]:
        connection = connection_of(self._request)
        began = self._connections.now()
        limit = Limit(connection, socket.SHUT_RD, began + pace.ends_after(0))
        if bounded:
            limit.slow_at = began + SLOW_BODY_AFTER_S
            limit.crowded_at = began + SLOW_BODY_IN_A_CROWD_AFTER_S
        if connection:
            connection.settimeout(STALLED_AFTER_S)
        with self._connections.limited(limit):
            yield self._parts(limit, began, pace)
        if connection:
            connection.settimeout(None)

    def _parts(self, limit: Limit, began: float, pace: Pace) -> Iterator[bytes]:
        size = 0
        while True:
            try:
                part = self._request.stream.read(_CHUNK)
            except TimeoutError:
                raise TooSlow from None
            except Exception:  # noqa: BLE001 - each server has errors of its own for this
                _raise_if_cut(limit.cut)
                raise MalformedRequest(
                    "The body ended early, or is not framed as HTTP wants it"
                ) from None
            _raise_if_cut(self._connections.judge(limit))
            if not part:
                self._at_end = True
                return
            yield part
            size += len(part)
            limit.ends_at = began + pace.ends_after(size)


def _raise_if_cut(cut: Cut | None) -> None:
    if cut is Cut.TIME:
        raise TooSlow
    if cut is Cut.CROWD:
        raise Unavailable("Too many slow requests at once; nothing is lost, try again")


def has_body(request: Request) -> bool:
    """Whether something comes after the head of a request."""
    return bool(request.content_length) or "Transfer-Encoding" in request.headers


def require_json(request: Request) -> None:
    """Raises `UnsupportedMedia` unless the body is declared as JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMedia("Send Content-Type: application/json")
