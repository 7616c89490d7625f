"""A process that serves requests, or runs a command, on the store of one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib import import_module
from typing import Any

from google.cloud.firestore import Client
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.store.connection import Connection
from shared.store.deadline import Timing
from shared.web.entry_point import EntryPoint, entry_point
from shared.web.logs import Log
from shared.web.services import Services
from shared.web.settings import Settings
from tests.interleavings.stage import TIMING

KEY = "s3cret"
WEBHOOK_SECRET = "correct horse"
NOW = datetime(2020, 5, 1, 12, tzinfo=UTC)
_SETTINGS = Settings(api_keys={"ci": KEY}, webhook_secrets={"hub": WEBHOOK_SECRET})


def encoded(value: Any) -> bytes:
    """A body as it is sent."""
    return json.dumps(value).encode()


class Process:
    """What the requests of one process share: its client, and what it keeps in memory."""

    def __init__(self, client: Client, timing: Timing = TIMING) -> None:
        self._client = client
        self._timing = timing
        self._functions: dict[str, EntryPoint] = {}

    @cached_property
    def connection(self) -> Connection:
        """A command's own."""
        return Connection(self._client, self._timing)

    @cached_property
    def _services(self) -> Services:
        return Services(
            _SETTINGS,
            open_client=lambda _: self._client,
            clock=lambda: NOW,
            log=Log(write=lambda _: None),
            timing=self._timing,
        )

    def http(
        self,
        function: str,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Headers, Any]:
        """The status, the headers and the JSON that a function answers."""
        if function not in self._functions:
            module = import_module(f"functions.{function}")
            self._functions[function] = entry_point(module, self._services)
        environ = EnvironBuilder(
            path=path,
            method=method,
            data=body,
            content_type="application/json" if body else None,
            headers=Headers({"X-API-Key": KEY} if headers is None else headers),
        ).get_environ()
        # As gunicorn does, which ends each body itself.
        environ["wsgi.input_terminated"] = True
        response = self._functions[function](Request(environ))
        return response.status_code, response.headers, json.loads(response.get_data())
