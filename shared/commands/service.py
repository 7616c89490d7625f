"""A service at its address, as an operator's command asks it: one request, one reply."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from shared.commands.errors import CommandError

# What clients are told by variables of the environment, and no function reads.
OF_CLIENTS = frozenset({"LEDGER_API_KEY", "LEDGER_URL"})

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
    """The service at one address, asked with a key, or with an empty one as anybody.

    Raises `CommandError` where the key would travel in the open.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._credential = {"X-API-Key": key} if key else {}
        parts = urlsplit(self._url)
        is_local = parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise CommandError("The address must begin with https://, or the key could be read")
        # A proxy knows another machine by these names.
        direct = [urllib.request.ProxyHandler({})] if is_local else []
        self._opener = urllib.request.build_opener(_NoRedirects, *direct)

    @contextmanager
    def lines(self, path: str) -> Iterator[tuple[Reply, Iterator[bytes]]]:
        """Get a table: status and headers, and its lines as they come; of an error, the reply.

        A connection that is cut off looks like the end: what is whole says so in its last line.
        """
        request = urllib.request.Request(self._url + path, headers=self._credential)
        try:
            response = self._opener.open(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            with error:
                reply = _reply(error)
        except (OSError, http.client.HTTPException) as error:
            reply = _no_reply(error)
        else:
            with response:
                yield Reply(response.status, _headers(response)), _until_cut(response)
            return
        yield reply, iter(())

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Send one request, once."""
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._credential, "Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                return _reply(response)
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error)
        except (OSError, http.client.HTTPException) as error:
            return _no_reply(error)


def _until_cut(response: http.client.HTTPResponse) -> Iterator[bytes]:
    with suppress(OSError, http.client.HTTPException):
        yield from response


def _no_reply(error: Exception) -> Reply:
    return Reply(0, reason=str(getattr(error, "reason", error)) or type(error).__name__)


def _headers(response: http.client.HTTPResponse | urllib.error.HTTPError) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _reply(response: http.client.HTTPResponse | urllib.error.HTTPError) -> Reply:
    try:
        body = json.loads(response.read(_ANSWER_LIMIT))
    except ValueError:
        body = None
    return Reply(response.status or 0, _headers(response), body)
