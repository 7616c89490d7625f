"""GitHub's number of a repository, and on whose word it has it.

A repository's name changes, its number stays. But who reports it may say any number, so a number
goes as far as the word of whoever says it: a token's is GitHub's own, a key or a webhook's secret
speaks for the repositories that it may record for.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.domain.api_key import covers
from shared.domain.fields import RepositoryName, Request
from shared.domain.repository import Repository

# What JSON's numbers hold everywhere: https://www.rfc-editor.org/rfc/rfc8259#section-6
MAX_NUMBER = 2**53 - 1


def _integer(value: object) -> object:
    # 1296269.0 is an integer in JSON. https://json-schema.org/draft/2020-12/json-schema-core#section-4.2.3
    if isinstance(value, Decimal) and 1 <= value <= MAX_NUMBER and value == int(value):
        return int(value)
    return value


class Reported(Request):
    """The repository of a report."""

    repository: RepositoryName
    repository_id: Annotated[
        int | None,
        Field(
            strict=True,
            ge=1,
            le=MAX_NUMBER,
            description="GitHub.com's number of the repository, which stays when it is renamed or "
            "transferred. It counts as far as the credential may record; a token has its own.",
            examples=[1296269],
        ),
        BeforeValidator(_integer),
    ] = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's word that a repository has a number.

    `repositories` are patterns as a key has them; `proven` says that it is GitHub's own word.
    """

    number: int
    said_by: str
    repositories: tuple[str, ...] = ()
    proven: bool = False

    def speaks_for(self, repository: Repository) -> bool:
        """Whether it may say a number of the repository of this name."""
        return self.proven or covers(self.repositories, repository)

    @property
    def weight(self) -> int:
        """How much it counts: GitHub's word most, and of keys one for every repository."""
        return 2 if self.proven else int(not self.repositories)

    def to_fields(self) -> dict[str, Any]:
        """What is kept of it beside the number."""
        return {
            "said_by": self.said_by,
            "repositories": list(self.repositories),
            "proven": self.proven,
        }
