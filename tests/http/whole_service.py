"""The whole service in this process: every function behind the rewrites, on a ledger in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.test import Client
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
from shared.web.services import Services
from shared.web.settings import ReadAccess, Settings

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

REWRITES = Rewrites.load(Path("firebase.json"))

KEY = "example-key"
WITH_KEY = {"X-API-Key": KEY}
WEBHOOK_SECRET = "example-webhook-secret"


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

    def create_key(self, scope: Scope) -> dict[str, str]:
        """The header of a new key, kept in the ledger, that allows this much."""
        number = len(self.services.ledger.keys.all())
        key_id, secret = make_key(id_bytes=bytes([number] * 10), secret_bytes=bytes(32))
        self.services.ledger.keys.create(
            ApiKey(
                id=key_id, name=scope.value, scope=scope, digest=key_digest(secret.encode("ascii"))
            )
        )
        return {"X-API-Key": secret}


@contextmanager
def whole_service(
    *, read_access: ReadAccess = ReadAccess.PUBLIC, firestore_answers: bool = True
) -> Iterator[WholeService]:
    """A service on an empty ledger; `KEY` has every scope, GitHub signs with `WEBHOOK_SECRET`."""
    settings = Settings(
        api_keys={"ci": KEY}, webhook_secrets={"hook": WEBHOOK_SECRET}, read_access=read_access
    )
    log = Log(write=lambda _: None)
    with open_embedded(None, project="demo-http") as store:
        if firestore_answers:
            yield WholeService(Services(settings, open_client=lambda _: store.client(), log=log))
        else:
            yield WholeService(_OutOfTime(settings, open_client=lambda _: store.client(), log=log))


class _OutOfTime(Services):
    """Whenever the clock of its ledger is read, minutes have gone by: every deadline is missed."""

    @property
    def ledger(self) -> Ledger:
        minutes = itertools.count(step=60)
        return ledger_on(
            self._open_client(self.settings),
            classify=Classifier(),
            clock=self.clock,
            timing=Timing(monotonic=lambda: float(next(minutes))),
        )
