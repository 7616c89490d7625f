"""What clients did and were told, with the times at which they asked and heard.

A contribution is called `owner/name@commit`, a correction `correction of` that. What it adds is
named by account: `asset A`, `person E`, `part A E`, `month A 2026-11`, each with micro-units. Times
are seconds of one clock, that of who keeps the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Act(StrEnum):
    """What changes the ledger: a contribution is recorded and voided, an address joined, split."""

    RECORD = "record"
    VOID = "void"
    JOIN = "join"
    SPLIT = "split"


class Told(StrEnum):
    """What became of it, as the answer said; nothing where there was none, or a 503."""

    DONE = "done"
    BEFORE = "done before"
    # Of a record: somebody has voided it. Of a void: there is no such contribution.
    VOIDED = "voided"
    ABSENT = "absent"
    NOTHING = "nothing"


class State(StrEnum):
    """How a contribution was shown."""

    ABSENT = "absent"
    LIVE = "live"
    VOIDED = "voided"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One change of one contribution, or of one address."""

    began: float
    ended: float
    act: Act
    subject: str
    told: Told
    # What a contribution adds, by account.
    adds: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_sure(self) -> bool:
        """Whether it is done when it is answered."""
        return self.told in {Told.DONE, Told.BEFORE}

    @property
    def may_be(self) -> bool:
        """Whether it is done now or later, as far as anybody knows."""
        return self.is_sure or self.told is Told.NOTHING


@dataclass(frozen=True, kw_only=True)
class Total:
    """The figures of some accounts together.

    `began` is the earliest moment that they may tell of. `further` are accounts that count only
    while an address is joined, by that address.
    """

    began: float
    ended: float
    accounts: Sequence[str]
    count: int
    micros: int
    further: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """The contributions on one page."""

    began: float
    ended: float
    subjects: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """All pages of the list of an account's live contributions."""

    account: str
    pages: Sequence[Page]


@dataclass(frozen=True, kw_only=True)
class Look:
    """One contribution by its id."""

    began: float
    ended: float
    subject: str
    state: State


Event = Write | Total | Walk | Look
