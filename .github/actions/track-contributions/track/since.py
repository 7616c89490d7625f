"""Since when: dates as people write them, and which commits are not before one.

git itself is never given a date: its walk stops at a commit with an earlier one, and a date that it
cannot read is for it the present moment.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from commits import EPOCH
from common import ConfigurationError
from git import Git

MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s?(Z|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)
AGO = re.compile(r"(\d{1,6})[\s.]*(hour|day|week|month|year)s?(?:[\s.]*ago)?", re.IGNORECASE)
HOURS = {"hour": 1, "day": 24, "week": 7 * 24, "month": 30 * 24, "year": 365 * 24}


def read_since(text: str, now: float) -> int:
    """Return the seconds since 1970 of a date (its midnight in UTC), a time, or `30 days`.

    A time without a zone is in UTC. ConfigurationError for anything else.
    """
    moment, ago = MOMENT.fullmatch(text.strip()), AGO.fullmatch(text.strip())
    if ago:
        return int(now) - int(ago[1]) * HOURS[ago[2].lower()] * 3600
    if moment:
        date, time, zone = moment[1], moment[2] or "00:00", (moment[3] or "Z").upper()
        zone = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}"
        try:
            # In whole seconds, as git keeps them.
            return int(dt.datetime.fromisoformat(f"{date}T{time}{zone}").timestamp())
        except (ValueError, OverflowError):
            pass
    raise ConfigurationError(
        f"since: {text} is no date; it is written like 2024-01-31, 2024-01-31T12:00:00Z or 30 days"
    )


def moment(seconds: int) -> str:
    """Return the time as it is written in the log."""
    return f"{EPOCH + dt.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def committed_since(git: Git, tip: str, since: int | None) -> Iterator[tuple[str, bool]]:
    """Yield the commits of a history that are not before it, newest first, and which are merges."""
    for commit in git.list(tip):
        if since is None or commit.committed_at >= since:
            yield commit.hash, commit.is_merge


def arrived_since(git: Git, tip: str, since: int) -> Iterator[str]:
    """Yield, oldest first, what a branch got since then.

    That is more than what was committed since: a branch of older commits that was merged, and what
    a clock that was wrong has dated.
    """
    before = ""
    for commit in git.list("--first-parent", tip):
        if commit.committed_at >= since:
            before = ""
        elif not before:
            before = commit.hash
    arrived = {commit.hash for commit in git.list(tip, *([f"^{before}"] if before else []))}
    for commit in git.list("--reverse", tip):
        if commit.hash in arrived or commit.committed_at >= since:
            yield commit.hash
