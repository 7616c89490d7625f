"""What becomes of the commits of a batch."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one commit of a batch."""

    RECORDED = "recorded"
    REPLAYED = "replayed"
    CONFLICT = "conflict"
    VOIDED = "voided"
    INVALID = "invalid"
