"""Somebody whose credential was verified, and what it allows."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.api_key import Scope, covers
from shared.domain.errors import Forbidden
from shared.domain.repository import Repository


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. `name` stands in the ledger as `recorded_by`.

    `repositories` are patterns as in `shared.domain.api_key`; none means all.
    """

    name: str
    scopes: frozenset[Scope]
    repositories: tuple[str, ...] = ()

    def may(self, scope: Scope) -> bool:
        """Whether the credential has a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require_repository(self, repository: Repository) -> None:
        """Raises `Forbidden` where the credential is not for this repository."""
        if not covers(self.repositories, repository):
            raise Forbidden(f"This credential may not record for {repository.full_name}")
