"""An issuer of OIDC tokens on loopback, as GitHub is one."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from tests.loopback import Handler, served

AUDIENCE = "https://ledger.example"
OWNER = "1024"


class Issuer:
    """Publishes its keys, and signs tokens with the newest one."""

    def __init__(self) -> None:
        self.keys: dict[str, RSAPrivateKey] = {}
        self.fetches = 0
        # What is answered in place of the keys: a status, a body, and the length it pretends to.
        self.nonsense: tuple[int, bytes, int | None] | None = None
        self.rotate("first")
        self._serving = ExitStack()

    def __enter__(self) -> Issuer:
        self.url = self._serving.enter_context(served(self._handler()))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Go away, as an issuer that cannot be reached."""
        self._serving.close()

    def rotate(self, key_id: str) -> None:
        """Sign with a new key from now on; the old ones stay published."""
        self.keys[key_id] = generate_private_key(public_exponent=65537, key_size=2048)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What GitHub says of a workflow's job, as far as it matters here."""
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "sub": "repo:octo/repo:ref:refs/heads/main",
            "repository": "octo/repo",
            "repository_owner": "octo",
            "repository_owner_id": OWNER,
        } | changes

    def token(self, **changes: Any) -> str:
        """A token as it should be, but for the claims that are changed."""
        key_id, key = list(self.keys.items())[-1]
        return jwt.encode(self.claims(**changes), key, algorithm="RS256", headers={"kid": key_id})

    def _handler(self) -> type[Handler]:
        issuer = self

        class Keys(Handler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                found = self.path == "/.well-known/jwks"
                keys = json.dumps({"keys": issuer.published()}).encode()
                status, body, length = issuer.nonsense or (200 if found else 404, keys, None)
                self.send_response(status)
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

        return Keys

    def published(self) -> list[dict[str, Any]]:
        """The public keys, as a JSON Web Key Set holds them."""
        return [
            {
                **json.loads(RSAAlgorithm.to_jwk(key.public_key())),
                "kid": key_id,
                "alg": "RS256",
                "use": "sig",
            }
            for key_id, key in self.keys.items()
        ]
