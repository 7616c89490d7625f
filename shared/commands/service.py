"""A service at its address, as an operator's command asks it: one request, one reply."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from shared.commands.errors import CommandError

_TIMEOUT = 40.0  # seconds; a cold start takes some
# A page of 100 contributions, each with all that may be said of one.
_ANSWER_LIMIT = 1 << 23
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `body` is None where it is not JSON. Status 0 stands for no answer at all."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    reason: str = ""

    def __str__(self) -> str:
        if not self.status:
            return f"no answer ({self.reason})"
        if isinstance(self.body, dict) and "detail" in self.body:
            return f"{self.status} {self.body.get('code')}: {str(self.body['detail'])[:300]}"
        return f"{self.status} {self.headers.get('content-type', 'without a content type')}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: the key goes nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Service:
    """The service at one address. Raises `CommandError` where the key would travel in the open."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key
        parts = urlsplit(self._url)
        is_local = parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise CommandError("The address must begin with https://, or the key could be read")
        # A proxy knows another machine by these names.
        direct = [urllib.request.ProxyHandler({})] if is_local else []
        self._opener = urllib.request.build_opener(_NoRedirects, *direct)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Send one request, once."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                return _reply(response)
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error)
        except (OSError, http.client.HTTPException) as error:
            return Reply(0, reason=str(getattr(error, "reason", error)) or type(error).__name__)


def _reply(response: http.client.HTTPResponse | urllib.error.HTTPError) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = json.loads(response.read(_ANSWER_LIMIT))
    except ValueError:
        body = None
    return Reply(response.status or 0, headers, body)
