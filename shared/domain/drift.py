"""A total that is not the sum of its contributions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an account stands for."""

    CONTRIBUTOR = "contributor"
    ASSET = "asset"
    # One address's part in one asset.
    PART = "part"


class State(StrEnum):
    """What became of an account that disagreed with its contributions."""

    DRIFT = "drift"
    MENDED = "mended"
    # Its totals are right, and an older version recorded for it: months and parts are to be built.
    UNBUILT = "unbuilt"
    # Contributions name an account that is not there. It is never created here: what type it had
    # and when it began does not stand in the contributions.
    MISSING = "missing"
    # It changed every time while it was checked.
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Totals:
    """A count, and a sum in micro-units."""

    count: int = 0
    micros: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """An account that disagrees with its contributions; `label` is its address or its name.

    `stored` is None where the account is not there, or holds something else than whole numbers.
    """

    kind: Kind
    id: str
    label: str | None
    stored: Totals | None
    actual: Totals
    state: State = State.DRIFT
