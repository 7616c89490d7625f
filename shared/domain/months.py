"""Months, in UTC, and what was contributed in each."""

from __future__ import annotations

import re

from shared.domain.fields import Money, Stored

MONTH_PATTERN = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])$"

_MONTH = re.compile(MONTH_PATTERN, re.ASCII)


class Month(Stored):
    """What was contributed in one month, in UTC."""

    month: str
    contribution_count: int = 0
    assisted_count: int = 0
    total_cost: Money = 0


class AssetMonth(Month):
    """With how many of the contributions are by bots, and by agents."""

    bot_count: int = 0
    agent_count: int = 0


def parse_month(text: str) -> str:
    """The month itself; raises `ValueError` for other text."""
    if not _MONTH.fullmatch(text):
        raise ValueError("must be a month from 1970-01 on, such as 2026-11")
    return text
