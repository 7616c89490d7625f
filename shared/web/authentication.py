"""Who is calling, and whether they may do what they ask for."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

from shared.domain.api_key import ApiKey, Caller, Scope, key_digest, key_id_of
from shared.domain.errors import Forbidden, LedgerError, Unauthenticated, Unavailable
from shared.web.operations import Access

if TYPE_CHECKING:
    from shared.store.keys import KeyStore
    from shared.web.oidc import TokenVerifier

CACHE_SECONDS = 60
_CACHE_SIZE = 1024
_NEEDED = {Access.READ: Scope.READ, Access.RECORD: Scope.RECORD, Access.ADMIN: Scope.ADMIN}


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request presents: a key, or a token of an OIDC issuer."""

    secret: bytes
    is_token: bool

    @classmethod
    def of(cls, request: Request) -> Credential | None:
        """The credential of `X-API-Key` or `Authorization: Bearer`, or None."""
        key = request.headers.get("X-API-Key", "").strip()
        is_token = False
        if not key:
            scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
            key = bearer.strip() if scheme.lower() == "bearer" else ""
            is_token = key.count(".") == 2
        # WSGI hands bytes over as Latin-1: https://peps.python.org/pep-3333/#unicode-issues
        return cls(key.encode("latin-1", "replace"), is_token) if key else None


class Authenticator:
    """Checks the credential of a request.

    Keys of the environment come first and have every scope; then those kept in Firestore, each
    read at most once a minute, so that a revoked key is refused within that time. Keys are
    compared as SHA-256 digests, in constant time.
    """

    def __init__(
        self,
        api_keys: Mapping[str, str],
        *,
        public_reads: bool,
        clock: Callable[[], datetime],
        key_store: Callable[[], KeyStore] | None = None,
        tokens: Callable[[], TokenVerifier] | None = None,
    ) -> None:
        self._digests = {n: key_digest(secret.encode()) for n, secret in api_keys.items() if secret}
        self._public_reads = public_reads
        self._tokens = tokens
        self._stored = _StoredKeys(key_store, clock) if key_store else None

    def admit(self, request: Request, access: Access) -> Caller | None:
        """Who is calling, or None where nobody in particular may do this.

        Raises `Unauthenticated`, `Forbidden` for a token of an owner who is not listed, or
        `Unavailable` where no credential is configured at all, since then nobody could ever write.
        """
        if access in {Access.OPEN, Access.SIGNED}:
            return None
        credential = Credential.of(request)
        if credential is None:
            if access is Access.READ and self._public_reads:
                return None
            self._require_configured()
            raise Unauthenticated("Send an API key as X-API-Key or as Authorization: Bearer")
        caller = self._identify(credential)
        if caller is None:
            self._require_configured()
            raise Unauthenticated("The API key is not valid")
        return caller

    def authorize(self, caller: Caller | None, access: Access) -> None:
        """Raises `Forbidden` where somebody who was admitted lacks the scope for this."""
        if caller is None or (access is Access.READ and self._public_reads):
            return
        needed = _NEEDED[access]
        if not caller.may(needed):
            raise Forbidden(f"This credential lacks the scope {needed.value}")

    def require_reader(self, request: Request) -> None:
        """Raises the errors of `admit` and `authorize` for who may not read."""
        self.authorize(self.admit(request, Access.READ), Access.READ)

    def is_reader(self, request: Request) -> bool:
        """Whether this request may read; one that cannot be told now may not."""
        try:
            self.require_reader(request)
        except LedgerError:
            return False
        return True

    def _identify(self, credential: Credential) -> Caller | None:
        if credential.is_token:
            if self._tokens is None:
                raise Unauthenticated("OIDC tokens are not accepted: none is configured")
            return self._tokens().verify(credential.secret.decode("latin-1"))
        digest = key_digest(credential.secret)
        matches = [n for n, known in self._digests.items() if hmac.compare_digest(known, digest)]
        if matches:
            return Caller(matches[0], frozenset(Scope))
        return self._stored.caller(credential.secret, digest) if self._stored else None

    def _require_configured(self) -> None:
        configured = self._digests or self._tokens or (self._stored and self._stored.any())
        if not configured:
            raise Unavailable(
                "No API key is configured, so every write is refused; set LEDGER_API_KEYS",
                code="no_key_configured",
                retry_after=60,
            )


class _StoredKeys:
    """The keys in Firestore, as this instance knows them. Safe to share between threads."""

    def __init__(self, store: Callable[[], KeyStore], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[ApiKey | None, datetime]] = {}
        self._touched: dict[str, datetime] = {}
        self._exist = False

    def any(self) -> bool:
        # Keys are revoked and never deleted, so one look that finds a key is enough.
        self._exist = self._exist or self._store().any()
        return self._exist

    def caller(self, secret: bytes, digest: str) -> Caller | None:
        key_id = key_id_of(secret)
        if key_id is None:
            return None
        key = self._find(key_id)
        if key is None or not hmac.compare_digest(key.digest, digest):
            return None
        if not key.valid_at(self._clock()):
            raise Unauthenticated("The API key has expired or was revoked")
        self._touch(key)
        return Caller(key.name, frozenset({key.scope}), key.repositories)

    def _find(self, key_id: str) -> ApiKey | None:
        now = self._clock()
        with self._lock:
            key, read_at = self._known.get(key_id, (None, None))
        if read_at is not None and (now - read_at).total_seconds() < CACHE_SECONDS:
            return key
        key = self._store().find(key_id)
        with self._lock:
            # Made-up ids must not fill the memory.
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[key_id] = (key, now)
        return key

    def _touch(self, key: ApiKey) -> None:
        now = self._clock()
        with self._lock:
            # Another instance may have noted it just now; many instances must not all write.
            last = self._touched.get(key.id) or key.last_used_at
            if last is not None and (now - last).total_seconds() < CACHE_SECONDS:
                return
            self._touched[key.id] = now
        self._store().touch(key.id)
