"""GitHub's signature of a webhook's body."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

_PREFIX = "sha256="
_SIGNATURE = re.compile(_PREFIX + "[0-9a-f]{64}", re.ASCII)


class Signatures:
    """The signatures of one body by each of the secrets, made while the body comes."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._digests = {
            name: hmac.new(secret.encode(), digestmod=hashlib.sha256)
            for name, secret in secrets.items()
        }

    def update(self, part: bytes) -> None:
        """Take in the next part of the body."""
        for digest in self._digests.values():
            digest.update(part)

    def signing_secret(self, signature: str) -> str | None:
        """The name of the secret that the body was signed with, or None where it was with none.

        `signature` is the header X-Hub-Signature-256. The older SHA-1 header is never accepted.
        Every secret is tried, in constant time, so that secrets can be rotated.
        https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        """
        if not is_signature(signature):
            return None
        given = signature.removeprefix(_PREFIX).encode()
        matches = [
            name
            for name, digest in self._digests.items()
            if hmac.compare_digest(digest.hexdigest().encode(), given)
        ]
        return matches[0] if matches else None


def is_signature(text: str) -> bool:
    """Whether a text has the form of a signature: what has not need not be compared."""
    return _SIGNATURE.fullmatch(text) is not None
