"""A body as it comes: bounded in size, in time and in memory, whatever the server does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.domain.errors import MalformedRequest, PayloadTooLarge, TooSlow, Unavailable
from shared.web.connections import Connections, Cut, Limit
from shared.web.incoming import KEYED, UNSIGNED, IncomingBody, Pace
from shared.web.large_bodies import LARGE, LargeBodies

KIB = 1024
PART = 64 * KIB


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Coming:
    """A body of which each part takes so many seconds."""

    def __init__(self, clock: Clock, parts: Iterable[tuple[float, bytes]]) -> None:
        self._clock = clock
        self._parts = iter(parts)
        self.reads = 0

    def read(self, _size: int = -1) -> bytes:
        self.reads += 1
        seconds, part = next(self._parts, (0.0, b""))
        self._clock.now += seconds
        return part


def incoming(
    parts: Iterable[tuple[float, bytes]],
    *,
    declared: int | None = None,
    large_bodies: LargeBodies | None = None,
    threads: int = 16,
) -> tuple[IncomingBody, Coming]:
    clock = Clock()
    stream = Coming(clock, parts)
    environ = EnvironBuilder(method="POST").get_environ()
    environ |= {"wsgi.input": stream, "wsgi.input_terminated": True}
    if declared is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    else:
        environ["CONTENT_LENGTH"] = str(declared)
    connections = Connections(threads, monotonic=clock)
    return IncomingBody(Request(environ), connections, large_bodies or LargeBodies()), stream


class TestReading:
    def test_gives_all_parts_and_shows_each(self) -> None:
        seen: list[bytes] = []
        body, _ = incoming([(0, b"ab"), (0, b"c")], declared=3)
        assert body.read(3, seen=seen.append) == b"abc"
        assert seen == [b"ab", b"c"]
        assert body.is_done()

    def test_begins_not_where_the_declared_length_is_too_large(self) -> None:
        body, stream = incoming([(0, b"x" * 11)], declared=11)
        with pytest.raises(PayloadTooLarge):
            body.read(10)
        assert stream.reads == 0

    def test_stops_at_the_limit_where_no_length_is_declared(self) -> None:
        body, stream = incoming([(0, b"x" * 6)] * 100)
        with pytest.raises(PayloadTooLarge):
            body.read(10)
        assert stream.reads == 2
        assert not body.is_done() or stream.reads > 2

    def test_refuses_less_than_was_declared(self) -> None:
        body, _ = incoming([(0, b"x")], declared=2)
        with pytest.raises(MalformedRequest, match="ended early"):
            body.read(10)


class TestPace:
    def test_lets_4_mib_through_on_a_slow_home_line(self) -> None:
        # 110 KiB a second.
        body, _ = incoming([(64 / 110, b"x" * PART)] * 64, declared=64 * PART)
        assert len(body.read(4 * KIB * KIB, pace=KEYED)) == 64 * PART

    def test_ends_after_45_seconds_with_a_key(self) -> None:
        body, stream = incoming([(1.0, b"x")] * 100)
        with pytest.raises(TooSlow):
            body.read(KIB, pace=KEYED)
        assert stream.reads == 45

    @pytest.mark.parametrize(("rate", "passes"), [(260, True), (250, False)])
    def test_is_256_kib_a_second_for_what_nobody_signed(self, rate: int, passes: bool) -> None:
        parts = [(64 / rate, b"x" * PART)] * 160
        # It makes up for what it had too much at first.
        late = [(2.4, b"x" * PART)]
        body, _ = incoming(late + parts if not passes else parts)
        if passes:
            assert len(body.read(25 * KIB * KIB, pace=UNSIGNED)) == 160 * PART
        else:
            with pytest.raises(TooSlow):
                body.read(25 * KIB * KIB, pace=UNSIGNED)

    def test_has_an_end_however_fast(self) -> None:
        assert UNSIGNED.ends_after(10**9) == UNSIGNED.total
        assert Pace(10.0).ends_after(10**9) == 10.0


class TestSlowOnes:
    def test_are_half_of_the_threads_and_others_hear_at_once(self) -> None:
        connections = Connections(4, monotonic=(clock := Clock()))
        limits = [Limit(None, socket.SHUT_RD, 45.0, slow_at=0.25) for _ in range(3)]
        assert [connections.judge(limit) for limit in limits] == [None] * 3
        clock.now = 0.25
        assert [connections.judge(limit) for limit in limits] == [None, None, Cut.CROWD]
        clock.now = 45.0
        assert [connections.judge(limit) for limit in limits] == [Cut.TIME, Cut.TIME, Cut.CROWD]

    def test_have_no_time_left_where_every_place_is_taken(self) -> None:
        connections = Connections(4, monotonic=(clock := Clock()))
        limits = [
            Limit(None, socket.SHUT_RD, 45.0, slow_at=0.25, crowded_at=0.05) for _ in range(3)
        ]
        clock.now = 0.05
        assert [connections.judge(limit) for limit in limits] == [None] * 3
        # Half a moment later two are slow, and another one has not come any further either.
        clock.now = 0.25
        assert [connections.judge(limit) for limit in limits] == [None, None, Cut.CROWD]
        late = Limit(None, socket.SHUT_RD, 45.0, slow_at=0.5, crowded_at=0.3)
        assert connections.judge(late) is None
        clock.now = 0.3
        assert connections.judge(late) is Cut.CROWD

    def test_of_an_answer_in_parts_all_end_with_it(self) -> None:
        connections = Connections(4, monotonic=(clock := Clock()))
        clock.now = 50.0
        limit = connections.of_an_answer(None, ends_at=58.0)
        assert connections.judge(limit) is None
        clock.now = 58.0
        assert connections.judge(limit) is Cut.TIME

    def test_give_their_place_back(self) -> None:
        connections = Connections(1, monotonic=Clock())
        for _ in range(2):
            with connections.limited(Limit(None, socket.SHUT_RD, 45.0, slow_at=0.0)) as limit:
                assert connections.judge(limit) is None

    def test_are_cut_off_in_the_middle_of_a_read(self) -> None:
        here, there = socket.socketpair()
        with here, there:
            connections = Connections(2)
            limit = Limit(here, socket.SHUT_RD, connections.now() + 0.01)
            with connections.limited(limit):
                here.settimeout(20)
                assert here.recv(1) == b""
            assert limit.cut is Cut.TIME
            # It can still be answered.
            here.sendall(b"x")
            assert there.recv(1) == b"x"


class TestWatching:
    def test_takes_no_turn_for_each_connection_that_is_gone_soon(self) -> None:
        turns: list[int] = []

        def monotonic() -> float:
            turns.append(threading.get_ident())
            return time.monotonic()

        connections = Connections(monotonic=monotonic)
        near, far = socket.socketpair()
        with near, far, connections.limited(Limit(near, socket.SHUT_RD, time.monotonic() + 45)):
            for _ in range(200):
                now = time.monotonic()
                with connections.limited(Limit(near, socket.SHUT_RD, now + 45, now + 0.25)):
                    time.sleep(0.001)  # for whom it might wake
        watching = len(turns) - turns.count(threading.get_ident())
        assert 0 < watching < 100


class TestMemory:
    def test_is_taken_as_it_comes_and_given_back(self) -> None:
        large_bodies = LargeBodies(room=2 * LARGE)
        first, _ = incoming([(0, b"x" * LARGE)], large_bodies=large_bodies)
        second, _ = incoming([(0, b"x" * LARGE), (0, b"x")], large_bodies=large_bodies)
        first.read(LARGE)
        with pytest.raises(Unavailable):
            second.read(2 * LARGE)
        first.release()
        second.release()
        third, _ = incoming([(0, b"x" * LARGE), (0, b"x" * LARGE)], large_bodies=large_bodies)
        assert len(third.read(2 * LARGE)) == 2 * LARGE

    def test_is_not_asked_for_by_small_ones(self) -> None:
        body, _ = incoming([(0, b"x")], large_bodies=LargeBodies(room=0))
        assert body.read(10) == b"x"
