"""API keys: what they look like, what they allow, and how they are recognised without being kept.

A key is `clk_<id>_<secret>`: the id finds its document, the secret proves it. Only the SHA-256 of
the whole is stored. That is enough for 32 random bytes, which cannot be guessed from a digest.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.errors import Forbidden
from shared.domain.fields import Stored, Time
from shared.domain.repository import NAME_PATTERN, OWNER_PATTERN, Repository

_KEY_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)
_KEY = re.compile(rf"clk_({_KEY_ID.pattern})_[A-Za-z0-9_-]{{43}}", re.ASCII)
_PATTERN = re.compile(rf"{OWNER_PATTERN}/(?:\*|{NAME_PATTERN})", re.ASCII)
# What stands in `recorded_by` for those who come without a key.
_NOT_KEYS = frozenset({"anonymous", "import", "oidc", "webhook"})
_MAX_NAME_LENGTH = 64
ID_BYTES = 10
SECRET_BYTES = 32


class Scope(StrEnum):
    """What a key allows; `admin` includes the other two."""

    RECORD = "record"
    READ = "read"
    ADMIN = "admin"


class ApiKey(Stored):
    """A key as it is kept."""

    id: str
    name: str
    scope: Scope
    # `owner/*` or `owner/name` in lower case; none means every repository.
    repositories: tuple[str, ...] = ()
    digest: str
    created_at: Time | None = None
    expires_at: Time | None = None
    revoked_at: Time | None = None
    last_used_at: Time | None = None

    def valid_at(self, now: datetime) -> bool:
        """Whether the key is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def normalise_key_name(text: str) -> str:
    """The name of a key, trimmed.

    Raises `ValueError` unless it is 1 to 64 printable characters other than `@` (it stands in the
    log, which holds no address), and where it looks like one that no key has.
    """
    name = text.strip()
    if not text.isprintable() or not 0 < len(name) <= _MAX_NAME_LENGTH or "@" in name:
        raise ValueError(f"must be 1 to {_MAX_NAME_LENGTH} printable characters other than @")
    if folded_key_name(name).partition(":")[0] in _NOT_KEYS:
        raise ValueError("must not look like the name of somebody without a key")
    return name


def folded_key_name(name: str) -> str:
    """What two names have in common that look alike."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if not character.isspace())


def make_key(*, id_bytes: bytes, secret_bytes: bytes) -> tuple[str, str]:
    """The id and the full text of a key made of random bytes (10 and 32 of them)."""
    key_id = base64.b32encode(id_bytes).decode().lower()
    secret = base64.urlsafe_b64encode(secret_bytes).decode().rstrip("=")
    return key_id, f"clk_{key_id}_{secret}"


def key_id_of(presented: bytes) -> str | None:
    """The id in a presented credential, or None where it has not the form of a key."""
    match = _KEY.fullmatch(presented.decode("latin-1"))
    return match[1] if match else None


def is_key_id(text: str) -> bool:
    """Whether a text has the form of a key's id."""
    return _KEY_ID.fullmatch(text) is not None


def key_digest(presented: bytes) -> str:
    """What is stored of a key, in hex."""
    return hashlib.sha256(presented).hexdigest()


def normalise_repository_pattern(text: str) -> str:
    """`owner/*` or `owner/name` in lower case; raises `ValueError` for anything else."""
    if not _PATTERN.fullmatch(text):
        raise ValueError("must be owner/* or owner/name")
    return text.lower()


def covers(patterns: tuple[str, ...], repository: Repository) -> bool:
    """Whether patterns allow a repository; no pattern at all allows every one."""
    owner = repository.owner.lower()
    return not patterns or repository.key in patterns or f"{owner}/*" in patterns


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose credential was verified. `name` stands in the ledger as `recorded_by`.

    `repositories` are patterns as a key has them. A token says of its own repository which `number`
    it has on GitHub.
    """

    name: str
    scopes: frozenset[Scope]
    repositories: tuple[str, ...] = ()
    is_token: bool = False
    number: int | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the credential has a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def covers(self, repository: Repository) -> bool:
        """Whether the credential is for this repository."""
        return covers(self.repositories, repository)

    def require_repository(self, repository: Repository) -> None:
        """Raises `Forbidden` where the credential is not for this repository."""
        if not self.covers(repository):
            raise Forbidden(f"This credential may not record for {repository.full_name}")
