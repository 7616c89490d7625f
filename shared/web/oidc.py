"""GitHub's OIDC tokens: a workflow proves which repository it runs for, without any key.

https://docs.github.com/en/actions/concepts/security/openid-connect
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

import jwt

from shared.domain.api_key import Scope
from shared.domain.errors import Forbidden, Unauthenticated, Unavailable
from shared.domain.repository import Repository
from shared.web.caller import Caller

_FETCH_TIMEOUT_S = 3.0
# Clocks differ a little; https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
_LEEWAY_S = 30


class TokenVerifier:
    """Verifies tokens of one issuer for one audience.

    The issuer's keys are fetched when they are first needed and kept for some minutes; an unknown
    key id has them fetched again, at most twice a minute, so that a rotation is followed and a
    made-up id costs nothing.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        owners: AbstractSet[str],
        cooldown_seconds: float = 30,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._owners = owners
        self._keys = jwt.PyJWKClient(
            f"{issuer}/.well-known/jwks",
            timeout=_FETCH_TIMEOUT_S,
            cooldown_duration=cooldown_seconds,
        )

    def verify(self, token: str) -> Caller:
        """The caller that a token names: it may record for its own repository, nothing else.

        Raises `Unauthenticated` for a token that does not hold, `Forbidden` for one of an owner
        who is not listed, and `Unavailable` where the issuer's keys cannot be had.
        """
        claims = self._claims(token)
        if str(claims.get("repository_owner_id")) not in self._owners:
            raise Forbidden("Tokens of this repository's owner are not accepted here")
        try:
            repository = Repository.parse(str(claims.get("repository")))
        except ValueError:
            raise Unauthenticated("The token names no repository") from None
        return Caller(
            name=f"oidc:{repository.key}",
            scopes=frozenset({Scope.RECORD}),
            repositories=(repository.key,),
        )

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            # The algorithm is ours to say: a token that names another one proves nothing.
            return jwt.decode(
                token,
                key.key,
                algorithms=["RS256"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud"], "verify_nbf": True},
            )
        except jwt.PyJWKClientConnectionError:
            raise Unavailable("The token issuer's keys cannot be fetched now") from None
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired") from None
        except jwt.PyJWTError:
            raise Unauthenticated("The token is not valid") from None
