"""GitHub's `repository` event: a repository has another name or another owner.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from shared.domain.push import event_repository, repository_number
from shared.domain.repository import Repository


@dataclass(frozen=True, slots=True)
class Rename:
    """A repository with its GitHub.com's number, and the name that it had until now, if known."""

    repository: Repository
    number: int
    former: Repository | None


def read_rename(payload: Any) -> Rename | None:
    """The rename or transfer that an event is about; None for any other, or without a number.

    Raises `InvalidInput` where the event names no repository.
    """
    repository = event_repository(payload)
    number = repository_number(payload["repository"])
    if payload.get("action") not in {"renamed", "transferred"} or number is None:
        return None
    return Rename(repository, number, _former(payload.get("changes"), repository))


def _former(changes: Any, repository: Repository) -> Repository | None:
    # Whatever is not there, or is something else, is as if nothing had been told.
    with suppress(KeyError, TypeError, ValueError):
        return Repository.parse(f"{repository.owner}/{changes['repository']['name']['from']}")
    for kind in ("user", "organization"):
        with suppress(KeyError, TypeError, ValueError):
            owner = changes["owner"]["from"][kind]["login"]
            return Repository.parse(f"{owner}/{repository.name}")
    return None
