"""The service, asked as the examples of its OpenAPI document ask it."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from werkzeug.test import TestResponse

from shared.commands.local.hosting_files import HostingFiles
from shared.commands.local.server import Dispatcher
from shared.commands.openapi.declared import ROOT, operations
from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.embedded import open_embedded
from shared.store.deadline import Timing
from shared.web.operations import Access
from shared.web.settings import ReadAccess, Settings
from tests.contract.reports import PATIENT
from tests.http import documented
from tests.http.framework import REWRITES, Service

WITH_KEY = {"X-API-Key": "example-key"}

_API_KEYS = {"ci": WITH_KEY["X-API-Key"]}
_WEBHOOK_SECRET = "example-webhook-secret"
_BY_NAME = {operation.name: operation for operation in operations()}
_EXAMPLE = object()


class DocumentedService(Service):
    """The service with the key `WITH_KEY`; `hosting` is all of it as one WSGI application."""

    @property
    def hosting(self) -> Dispatcher:
        return Dispatcher(REWRITES, HostingFiles.load(ROOT / "firebase.json"), self.app)

    def ask(
        self,
        name: str,
        headers: Mapping[str, str] = WITH_KEY,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = _EXAMPLE,
    ) -> TestResponse:
        """Call an operation as its first example does, or otherwise.

        A webhook is signed as GitHub does it, and a push, unless the headers say something else.
        """
        operation, described = _BY_NAME[name], documented.operation(name)
        if body is _EXAMPLE:
            body = documented.example_body(described)
        data = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        defaults = {"Content-Type": "application/json"} if data else {}
        if operation.access is Access.SIGNED:
            defaults |= {"X-GitHub-Event": "push", "X-Hub-Signature-256": signature(data)}
        return self.request(
            operation.method,
            documented.example_path(operation.path, described),
            query_string=query,
            headers=defaults | dict(headers),
            data=data,
        )

    def create_key(self, scope: Scope) -> dict[str, str]:
        """The header of a new key, kept in the ledger, that allows this much."""
        key_id, key = make_key(id_bytes=scope.value.rjust(10).encode(), secret_bytes=bytes(32))
        digest = key_digest(key.encode())
        self.services.ledger.keys.create(
            ApiKey(id=key_id, name=scope.value, scope=scope, digest=digest)
        )
        return {"X-API-Key": key}


def signature(body: bytes) -> str:
    """GitHub's signature of a body."""
    return f"sha256={hmac.digest(_WEBHOOK_SECRET.encode(), body, hashlib.sha256).hex()}"


@contextmanager
def documented_service(
    *, read_access: ReadAccess = ReadAccess.PUBLIC, firestore_answers: bool = True
) -> Iterator[DocumentedService]:
    """A service on an empty ledger in memory."""
    settings = Settings(
        api_keys=_API_KEYS, webhook_secrets={"hook": _WEBHOOK_SECRET}, read_access=read_access
    )
    # Each time that the ledger looks at the clock, a minute has gone by, and time is up.
    minutes = map(float, itertools.count(step=60))
    late = Timing(monotonic=lambda: next(minutes))
    with open_embedded(None, project="demo-http") as store:
        yield DocumentedService(
            store.client, settings, timing=PATIENT if firestore_answers else late
        )
