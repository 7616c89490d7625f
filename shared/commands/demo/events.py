"""What happens to the made-up ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Push:
    """Commits of a repository that are reported at once, each as the batch endpoint takes it.

    The repository has GitHub's `number`, whatever it is called.
    """

    at: datetime
    repository: str
    number: int
    commits: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Void:
    """A commit is voided; `instead` is what it should have cost, if anything."""

    at: datetime
    repository: str
    commit_hash: str
    reason: str
    instead: str | None


@dataclass(frozen=True)
class Description:
    """Somebody says what a repository is."""

    at: datetime
    repository: str
    text: str


@dataclass(frozen=True)
class Join:
    """A further address of somebody is found to be theirs."""

    at: datetime
    email: str
    further: str
    reason: str


@dataclass(frozen=True)
class Refusal:
    """A report is turned away."""

    at: datetime
    code: str
    reason: str
    repository: str


Event = Push | Void | Description | Join | Refusal
