"""GitHub's OIDC tokens: a workflow proves which repository it runs for, without any key.

https://docs.github.com/en/actions/concepts/security/openid-connect
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import urlsplit

import jwt

from shared.domain.api_key import Caller, Scope
from shared.domain.errors import Forbidden, Unauthenticated
from shared.domain.repository import Repository
from shared.web.issuer_keys import IssuerKeys

# Clocks differ a little; https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
_LEEWAY_S = 30
_ALGORITHM = "RS256"
_NUMBER = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)


class TokenVerifier:
    """Verifies tokens of one issuer for one audience."""

    def __init__(
        self, keys: IssuerKeys, *, issuer: str, audience: str, owners: AbstractSet[str]
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._owners = owners

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
            is_token=True,
            number=self._number(claims),
        )

    def _number(self, claims: Mapping[str, Any]) -> int | None:
        """GitHub.com's number of the repository; those of another host are other numbers.

        https://docs.github.com/en/enterprise-server@latest/actions/reference/security/oidc
        """
        issuer = urlsplit(self._issuer)
        elsewhere = issuer.path == "/_services/token" or f".{issuer.hostname}".endswith(".ghe.com")
        number = str(claims.get("repository_id"))
        if elsewhere or not _NUMBER.fullmatch(number):
            return None
        return int(number)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys.find(_key_id(token))
            if key is None:
                raise jwt.InvalidKeyError
            # The algorithm is ours to say: a token that names another one proves nothing.
            return jwt.decode(
                token,
                key.key,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud"], "verify_nbf": True},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has expired") from None
        except jwt.PyJWTError:
            raise Unauthenticated("The token is not valid") from None


def _key_id(token: str) -> str:
    header = jwt.get_unverified_header(token)
    if header.get("alg") != _ALGORITHM or not isinstance(header.get("kid"), str):
        raise jwt.InvalidTokenError
    return str(header["kid"])
