"""The public keys of an OIDC issuer: fetched when they are needed, one fetch at a time.

An issuer that hangs, or answers nonsense, must not hold up those who come with a key: a fetch runs
in a thread of its own, few wait for it, and none of them for long.
https://www.rfc-editor.org/rfc/rfc7517#section-5
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from jwt import PyJWK, PyJWKSet

from shared.domain.errors import Unavailable

# All in seconds. A fetch that began just before an outage ended fails at its limit; the next one
# begins early enough that the first token is taken within 3 s of the end.
FETCH_LIMIT_S = 2.0
FETCH_EVERY_S = 2.75
WAIT_S = 2.5
# Keys are fetched again when they are this old, and serve meanwhile; an unknown id has them fetched
# again when they are older than the second. Older ones than the third prove nothing any more.
REFRESH_AFTER_S = 300.0
COOLDOWN_S = 30.0
TRUSTED_S = 3600.0
# How many requests may wait for a fetch, if nobody says otherwise.
WAITING = 4
# A fetch that an issuer draws out is given up, and its thread ends when the issuer lets go.
_MOST_THREADS = 3
_MOST_BYTES = 512 * 1024

Keys = Mapping[str, PyJWK]


class IssuerKeys:
    """The keys of one issuer, by their ids. Safe to share between threads."""

    def __init__(
        self,
        fetch: Callable[[], Keys],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = WAIT_S,
        waiting: int = WAITING,
    ) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._patience = patience
        self._places = threading.BoundedSemaphore(waiting)
        self._lock = threading.Lock()
        self._keys: Keys = {}
        self._fetched_at = -TRUSTED_S
        self._began_at = -FETCH_EVERY_S
        self._underway: threading.Event | None = None
        self._threads = 0

    def find(self, key_id: str) -> PyJWK | None:
        """The key with this id, or None where the issuer has none.

        Raises `Unavailable` where that cannot be told now.
        """
        with self._lock:
            now = self._monotonic()
            age = now - self._fetched_at
            key = self._keys.get(key_id) if age < TRUSTED_S else None
            if age < (REFRESH_AFTER_S if key else COOLDOWN_S):
                return key
            fetch = self._fetch_underway(now)
        if key:
            return key
        if fetch is None:
            raise _unavailable()
        self._wait_for(fetch)
        with self._lock:
            if self._monotonic() - self._fetched_at >= COOLDOWN_S:
                raise _unavailable()
            return self._keys.get(key_id)

    def _fetch_underway(self, now: float) -> threading.Event | None:
        """The fetch to wait for, begun now if need be; None where the last one failed just now."""
        if now - self._began_at < FETCH_EVERY_S:
            return self._underway
        if self._threads >= _MOST_THREADS:
            return None
        self._began_at = now
        self._underway = done = threading.Event()
        self._threads += 1
        threading.Thread(target=self._run, args=(done, now), name="keys", daemon=True).start()
        return done

    def _run(self, done: threading.Event, began_at: float) -> None:
        keys: Keys = {}
        try:
            keys = self._fetch()
        except Exception:  # noqa: BLE001 - an issuer has many ways to fail, and all mean the same
            keys = {}
        finally:
            with self._lock:
                self._threads -= 1
                if keys and began_at > self._fetched_at:
                    self._keys, self._fetched_at = keys, began_at
                if self._underway is done:
                    self._underway = None
            done.set()

    def _wait_for(self, fetch: threading.Event) -> None:
        if not self._places.acquire(blocking=False):
            raise _unavailable()
        try:
            if not fetch.wait(self._patience):
                raise _unavailable()
        finally:
            self._places.release()


def _unavailable() -> Unavailable:
    return Unavailable("The token issuer's keys cannot be fetched now")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Where the keys are is configured, and nobody else's to say."""

    def redirect_request(self, *_: Any) -> None:
        return None


def fetch_keys(url: str, *, limit: float = FETCH_LIMIT_S) -> Keys:
    """The signing keys of the JSON Web Key Set at a URL.

    Raises an exception of some kind for anything that is none: no answer within `limit` seconds,
    another status than 200, an answer that breaks off, no JSON, no key in it that can be used.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError("must be an http or https URL")
    ends_at = time.monotonic() + limit
    opener = urllib.request.build_opener(_NoRedirects)
    body = b""
    with opener.open(url, timeout=limit) as response:
        # Each read has the socket's timeout, so that an answer could be drawn out for hours.
        while part := response.read1(65536):
            body += part
            if len(body) > _MOST_BYTES or time.monotonic() > ends_at:
                raise ValueError("is too much, or too slow")
    keys = PyJWKSet.from_dict(json.loads(body)).keys
    return {
        key.key_id: key
        for key in keys
        if isinstance(key.key_id, str) and key.public_key_use in {"sig", None}
    }
