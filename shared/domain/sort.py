"""In which order contributors and assets are listed."""

from __future__ import annotations

from enum import StrEnum


class Sort(StrEnum):
    """Orders of contributors and assets: names from A to Z, all others from the newest or
    largest down.
    """

    CREATED = "created"
    RECENT = "recent"
    TOTAL_COST = "total_cost"
    CONTRIBUTIONS = "contributions"
    NAME = "name"


class PartSort(StrEnum):
    """Orders of parts, from the largest or latest down."""

    TOTAL_COST = "total_cost"
    CONTRIBUTIONS = "contributions"
    RECENT = "recent"
