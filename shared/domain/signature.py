"""GitHub's signature of a webhook's body."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_PREFIX = "sha256="


def signing_secret(payload: bytes, *, signature: str, secrets: Mapping[str, str]) -> str | None:
    """The name of the secret that `payload` was signed with, or None where it was with none.

    `signature` is the header X-Hub-Signature-256. The older SHA-1 header is never accepted. Every
    secret is tried, in constant time, so that secrets can be rotated.
    https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    """
    if not signature.startswith(_PREFIX):
        return None
    given = signature.removeprefix(_PREFIX).encode("latin-1", "replace")
    matches = [
        name
        for name, secret in secrets.items()
        if hmac.compare_digest(
            hmac.digest(secret.encode(), payload, hashlib.sha256).hex().encode(), given
        )
    ]
    return matches[0] if matches else None
