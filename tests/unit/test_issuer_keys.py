"""An issuer's keys: one fetch at a time, few wait for it, and none of them for long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from jwt import PyJWK

from shared.domain.errors import Unavailable
from shared.web.issuer_keys import (
    COOLDOWN_S,
    FETCH_EVERY_S,
    REFRESH_AFTER_S,
    TRUSTED_S,
    IssuerKeys,
    Keys,
    fetch_keys,
)

FIRST, SECOND = (cast(PyJWK, object()) for _ in range(2))
PATIENCE = 20.0  # seconds; only a test that fails takes them


class Issuer:
    """Answers when it is told to: with keys, or with a failure where it has none."""

    def __init__(self) -> None:
        self.keys: dict[str, PyJWK] = {"first": FIRST}
        self.fetches = 0
        self.at_once = 0
        self.most_at_once = 0
        self.asked = threading.Semaphore(0)
        self._answers = threading.Event()
        self._answers.set()

    def hang(self) -> None:
        self._answers.clear()

    def answer(self) -> None:
        self._answers.set()

    def __call__(self) -> Keys:
        self.fetches += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.asked.release()
        try:
            assert self._answers.wait(PATIENCE)
            if not self.keys:
                raise OSError
            return dict(self.keys)
        finally:
            self.at_once -= 1


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.answer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(issuer, monotonic=clock, patience=PATIENCE, waiting=4)


class TestAHangingIssuer:
    def test_is_asked_once_for_all_who_wait(self, issuer: Issuer, keys: IssuerKeys) -> None:
        issuer.hang()
        with ThreadPoolExecutor(4) as pool:
            found = [pool.submit(keys.find, "first") for _ in range(4)]
            assert issuer.asked.acquire(timeout=PATIENCE)
            issuer.answer()
            assert [future.result() for future in found] == [FIRST] * 4
        assert issuer.fetches == 1

    def test_is_waited_for_by_a_few_and_the_others_hear_at_once(self, issuer: Issuer) -> None:
        keys = IssuerKeys(issuer, patience=PATIENCE, waiting=1)
        issuer.hang()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(keys.find, "first")
            assert issuer.asked.acquire(timeout=PATIENCE)
            for number in range(20):
                try:
                    keys.find(f"forged {number}")
                except Unavailable:
                    continue
                pytest.fail("it was taken for an answer")
            assert not waiting.done()
            issuer.answer()
            assert waiting.result() is FIRST

    def test_is_not_waited_for_longer_than_patience_lasts(self, issuer: Issuer) -> None:
        keys = IssuerKeys(issuer, patience=0.01)
        issuer.hang()
        with pytest.raises(Unavailable) as caught:
            keys.find("first")
        assert caught.value.retry_after > 0
        assert issuer.at_once == 1

    def test_leaves_known_keys_serving(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        assert keys.find("first") is FIRST
        issuer.hang()
        clock.now += REFRESH_AFTER_S
        for _ in range(20):
            assert keys.find("first") is FIRST
        assert issuer.fetches == 2

    def test_is_given_up_for_another_try(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        impatient = IssuerKeys(issuer, monotonic=clock, patience=0.01)
        issuer.hang()
        for _ in range(10):
            with pytest.raises(Unavailable):
                impatient.find("first")
            clock.now += FETCH_EVERY_S
        # It is drawn out so long that threads would pile up.
        assert issuer.most_at_once == 3


class TestAFailingIssuer:
    def test_is_not_asked_again_for_some_seconds(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        issuer.keys = {}
        for _ in range(20):
            with pytest.raises(Unavailable):
                keys.find("first")
        assert issuer.fetches == 1
        clock.now += FETCH_EVERY_S
        with pytest.raises(Unavailable):
            keys.find("first")
        assert issuer.fetches == 2

    @pytest.mark.parametrize("outage", [30, 90, 240])
    def test_is_heard_at_most_3_seconds_after_it_is_back(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock, outage: int
    ) -> None:
        found, issuer.keys = issuer.keys, {}
        back_at = clock.now + outage
        # A client that tries ten times a second.
        while clock.now < back_at:
            with pytest.raises(Unavailable):
                keys.find("first")
            clock.now += 0.1
        issuer.keys = found
        while True:
            try:
                assert keys.find("first") is FIRST
                break
            except Unavailable:
                clock.now += 0.1
        assert clock.now - back_at <= 3

    def test_leaves_known_keys_serving_for_an_hour(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        assert keys.find("first") is FIRST
        issuer.keys = {}
        clock.now += TRUSTED_S - 1
        assert keys.find("first") is FIRST
        clock.now += FETCH_EVERY_S
        with pytest.raises(Unavailable):
            keys.find("first")

    def test_makes_an_unknown_id_no_forgery(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        keys.find("first")
        issuer.keys = {}
        clock.now += COOLDOWN_S
        for _ in range(2):
            with pytest.raises(Unavailable):
                keys.find("second")


class TestAnUnknownId:
    def test_has_the_keys_fetched_again_at_most_twice_a_minute(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        keys.find("first")
        for number in range(20):
            assert keys.find(f"made up {number}") is None
        assert issuer.fetches == 1
        clock.now += COOLDOWN_S
        for number in range(20):
            assert keys.find(f"made up {number}") is None
        assert issuer.fetches == 2

    def test_is_found_once_the_issuer_has_it(
        self, issuer: Issuer, keys: IssuerKeys, clock: Clock
    ) -> None:
        keys.find("first")
        issuer.keys = {"second": SECOND}
        assert keys.find("second") is None
        clock.now += COOLDOWN_S
        assert keys.find("second") is SECOND
        # And what the issuer took back is gone.
        assert keys.find("first") is None


class TestFetching:
    def test_ends_although_the_issuer_draws_it_out(self) -> None:
        """Each byte comes in time, and the end never does."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            stop = threading.Event()

            def drip() -> None:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                    while not stop.wait(0.02):
                        try:
                            connection.sendall(b" ")
                        except OSError:
                            return

            with ThreadPoolExecutor(1) as pool:
                dripping = pool.submit(drip)
                with pytest.raises(ValueError, match="too slow"):
                    fetch_keys(f"http://127.0.0.1:{server.getsockname()[1]}/", limit=0.1)
                stop.set()
                dripping.result()

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://issuer.example/", "issuer"])
    def test_goes_over_http_alone(self, url: str) -> None:
        with pytest.raises(ValueError, match="http"):
            fetch_keys(url)
