"""The whole service in this process: every function behind the rewrites, on a ledger in memory."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request

from shared.commands.local.rewrites import Rewrites
from shared.commands.local_server import Dispatcher
from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.domain.identity import Classifier
from shared.store.deadline import Timing
from shared.store.embedded import open_embedded
from shared.store.ledger import Ledger, ledger_on
from shared.web.entry_point import entry_point
from shared.web.logs import Log
from shared.web.routes import OPERATIONS, Access
from shared.web.services import Services
from shared.web.settings import ReadAccess, Settings
from tests.http import documented

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

REWRITES = Rewrites.load(Path("firebase.json"))

KEY = "example-key"
WITH_KEY = {"X-API-Key": KEY}
WEBHOOK_SECRET = "example-webhook-secret"

_BY_NAME = {operation.name: operation for operation in OPERATIONS}
_EXAMPLE = object()


class WholeService:
    """The service, as a WSGI application (`app`) and with a client (`client`) to ask it."""

    def __init__(self, services: Services) -> None:
        self.services = services

        def load(name: str) -> WSGIApplication:
            handlers = import_module(f"functions.{name}").HANDLERS
            application: WSGIApplication = Request.application(
                entry_point(name, handlers, services)
            )
            return application

        self.app = Dispatcher(REWRITES, load)
        self.client = Client(self.app)

    def ask(
        self,
        name: str,
        headers: Mapping[str, str] = WITH_KEY,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = _EXAMPLE,
    ) -> TestResponse:
        """Call an operation as its first example in the OpenAPI document does, or otherwise.

        A webhook is signed as GitHub does it, and a push, unless the headers say something else.
        """
        operation, described = _BY_NAME[name], documented.operation(name)
        if body is _EXAMPLE:
            body = documented.example_body(described)
        data = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        defaults = {"Content-Type": "application/json"} if data else {}
        if operation.access is Access.SIGNED:
            defaults |= {"X-GitHub-Event": "push", "X-Hub-Signature-256": signature(data)}
        return self.client.open(
            documented.example_path(operation.path, described),
            method=operation.method,
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
    return f"sha256={hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hex()}"


@contextmanager
def whole_service(
    *, read_access: ReadAccess = ReadAccess.PUBLIC, firestore_answers: bool = True
) -> Iterator[WholeService]:
    """A service on an empty ledger; `KEY` has every scope, GitHub signs with `WEBHOOK_SECRET`."""
    settings = Settings(
        api_keys={"ci": KEY}, webhook_secrets={"hook": WEBHOOK_SECRET}, read_access=read_access
    )
    kind = Services if firestore_answers else _OutOfTime
    with open_embedded(None, project="demo-http") as store:
        yield WholeService(
            kind(settings, open_client=lambda _: store.client(), log=Log(write=lambda _: None))
        )


class _OutOfTime(Services):
    """Each time that its ledger looks at the clock, a minute has gone by, and time is up."""

    @property
    def ledger(self) -> Ledger:
        clock = map(float, itertools.count(step=60))
        return ledger_on(
            self._open_client(self.settings),
            classify=Classifier(),
            clock=self.clock,
            timing=Timing(monotonic=lambda: next(clock)),
        )
