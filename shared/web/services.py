"""What the functions need, put together once: the settings, the ledger, the authenticator."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.domain.identity import Classifier
from shared.store.deadline import Timing
from shared.web.answer import AnswerHeaders
from shared.web.authentication import Authenticator
from shared.web.connections import Connections
from shared.web.large_bodies import LargeBodies
from shared.web.logs import Log
from shared.web.rejections import Rejections
from shared.web.settings import ReadAccess, Settings
from shared.web.stream_bounds import StreamBounds

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.store.ledger import Ledger
    from shared.web.oidc import TokenVerifier

# How many requests a deployed instance answers at a time.
DEFAULT_THREADS = 16


class Services:
    """The parts that requests share. The ledger is opened by the first request that needs it.

    Not earlier: the server loads a function before it forks, and neither threads nor
    connections survive a fork.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        open_client: Callable[[Settings], Client] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        log: Log | None = None,
        large_bodies: LargeBodies | None = None,
        threads: int = DEFAULT_THREADS,
        timing: Timing | None = None,
    ) -> None:
        self.settings = settings
        self.threads = threads
        self.clock = clock
        self.log = log or Log(salt=settings.log_salt, project=settings.project)
        self.authenticator = Authenticator(
            settings.api_keys,
            public_reads=settings.read_access is ReadAccess.PUBLIC,
            clock=clock,
            key_store=lambda: self.ledger.keys,
            tokens=self._tokens if settings.oidc_audience else None,
        )
        self.large_bodies = large_bodies or LargeBodies()
        self.connections = Connections(threads)
        self.streams = StreamBounds(at_once=max(1, threads // 4))
        self.headers = AnswerHeaders(settings)
        self.rejections = Rejections(lambda r: self.ledger.tracker.note(r), clock)
        self.timing = timing or Timing()
        self._open_client = open_client or _open_client
        self._lock = threading.Lock()

    def _tokens(self) -> TokenVerifier:
        with self._lock:
            return self._verifier

    @cached_property
    def _verifier(self) -> TokenVerifier:
        # Imported here: most requests come with a key, and cryptography takes time to load.
        from shared.web.issuer_keys import IssuerKeys, fetch_keys
        from shared.web.oidc import TokenVerifier

        jwks = f"{self.settings.oidc_issuer}/.well-known/jwks"
        return TokenVerifier(
            IssuerKeys(lambda: fetch_keys(jwks), waiting=max(1, self.threads // 4)),
            issuer=self.settings.oidc_issuer,
            audience=self.settings.oidc_audience or "",
            owners=self.settings.oidc_owners,
        )

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger on the configured backend; one for all who ask for it at once."""
        with self._lock:
            return self._opened

    @cached_property
    def _opened(self) -> Ledger:
        # Imported here, so that a function that only says it is alive starts without it.
        from shared.store.ledger import ledger_on

        return ledger_on(
            self._open_client(self.settings),
            classify=Classifier(self.settings.contributor_types),
            clock=self.clock,
            timing=self.timing,
        )


def _open_client(settings: Settings) -> Client:
    if settings.embedded:
        from shared.embedded import open_embedded

        project = os.environ.get("GOOGLE_CLOUD_PROJECT", "demo-ledger")
        store = open_embedded(settings.data_dir / "embedded", project=project)
        atexit.register(store.close)  # so that what is in its log is folded in
        return store.client()
    from shared.store.clients import open_client

    return open_client(project=settings.project, emulator_host=settings.emulator_host)


@cache
def services_from_environment() -> Services:
    """The services of this process; raises `SettingsError` where the environment is wrong."""
    threads = os.environ.get("THREADS", "")
    return Services(
        Settings.from_environment(os.environ),
        threads=int(threads) if threads.isdecimal() else DEFAULT_THREADS,
    )
