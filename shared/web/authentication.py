"""Who is calling, and what they may do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.wrappers import Request

from shared.domain.errors import Forbidden, Unauthenticated, Unavailable
from shared.web.routes import Access


class Scope(StrEnum):
    """What a key may do; `admin` includes the other two."""

    RECORD = "record"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose credential was verified. `name` stands in the ledger as `recorded_by`."""

    name: str
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether the credential allows this."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


_NEEDED = {Access.READ: Scope.READ, Access.RECORD: Scope.RECORD, Access.ADMIN: Scope.ADMIN}


class Authenticator:
    """Checks the credential of a request against the configured keys.

    Keys are compared as SHA-256 digests and each against all: the time taken tells nothing, and
    a header of any bytes compares without an error.
    """

    def __init__(self, api_keys: Mapping[str, str], *, public_reads: bool) -> None:
        self._digests = {
            name: _digest(secret.encode()) for name, secret in api_keys.items() if secret
        }
        self._public_reads = public_reads

    def admit(self, request: Request, access: Access) -> Caller | None:
        """The caller, or None where nobody in particular may do this.

        Raises `Unauthenticated`, `Forbidden`, or `Unavailable` where no key is configured at all,
        since then nobody could ever write.
        """
        if access in {Access.OPEN, Access.SIGNED}:
            return None
        presented = _presented_key(request)
        writing = access in {Access.RECORD, Access.ADMIN}
        if writing and not self._digests:
            raise Unavailable(
                "No API key is configured, so every write is refused; set LEDGER_API_KEYS",
                code="no_key_configured",
                retry_after=60,
            )
        if presented is None:
            if access is Access.READ and self._public_reads:
                return None
            raise Unauthenticated("Send an API key as X-API-Key or as Authorization: Bearer")
        caller = self._caller(presented)
        if caller is None:
            raise Unauthenticated("The API key is not valid")
        needed = _NEEDED[access]
        if not caller.may(needed):
            if access is Access.READ and self._public_reads:
                return caller
            raise Forbidden(f"This API key lacks the scope {needed.value}")
        return caller

    def _caller(self, presented: bytes) -> Caller | None:
        digest = _digest(presented)
        matches = [n for n, known in self._digests.items() if hmac.compare_digest(known, digest)]
        return Caller(matches[0], frozenset(Scope)) if matches else None


def _digest(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _presented_key(request: Request) -> bytes | None:
    key = request.headers.get("X-API-Key", "").strip()
    if not key:
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        key = credential.strip() if scheme.lower() == "bearer" else ""
    # WSGI hands bytes over as Latin-1: https://peps.python.org/pep-3333/#unicode-issues
    return key.encode("latin-1", "replace") if key else None
