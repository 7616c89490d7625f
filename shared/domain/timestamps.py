"""Points in time: RFC 3339 text in, UTC with microseconds at most and a `Z` out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
# It has no hour 24 and no offset of 75 minutes, whatever `fromisoformat` makes of them.
_LOCAL = r"(\d{4}-\d\d-\d\d)[Tt ]((?!24)\d\d:\d\d:\d\d)(?:\.(\d+))?"
_RFC_3339 = re.compile(rf"{_LOCAL}([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)
# Git keeps any number as a time zone, and GitHub shows it as hours and minutes.
_ODD_OFFSET = re.compile(rf"{_LOCAL}([+-])(\d{{1,4}}):(\d\d)", re.ASCII)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parse_timestamp(text: object) -> datetime:
    """The UTC time of RFC 3339 text; digits beyond microseconds are cut off.

    Raises `ValueError` for anything else, a missing offset included, and where the time in UTC
    falls outside the years 1 to 9999.
    """
    match = _RFC_3339.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError("must be an RFC 3339 time with an offset, such as 2024-05-01T12:00:00Z")
    date, time, fraction, offset = match.groups()
    offset = "+00:00" if offset in "Zz" else offset
    try:
        local = datetime.fromisoformat(f"{date}T{time}.{(fraction or '0')[:6]:0<6}{offset}")
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time that exists, in UTC from year 1 to 9999") from None


def time_of_commit(shown: object) -> datetime | None:
    """The UTC time of a commit as GitHub shows it; None where there is none that can be kept.

    Takes what `parse_timestamp` takes, and offsets that no place on earth has: it is the same
    moment that git itself knows, as seconds since 1970.
    """
    try:
        return parse_timestamp(shown)
    except ValueError:
        match = _ODD_OFFSET.fullmatch(shown) if isinstance(shown, str) else None
    if not match:
        return None
    date, time, fraction, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        there = parse_timestamp(f"{date}T{time}.{fraction or '0'}Z")
        return there + offset if sign == "-" else there - offset
    except (ValueError, OverflowError):
        return None


def parse_time_or_date(text: str) -> datetime:
    """The UTC time of RFC 3339 text, or the midnight in UTC with which a plain date begins.

    Raises `ValueError` for anything else.
    """
    if _DATE.fullmatch(text):
        return parse_timestamp(f"{text}T00:00:00Z")
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise ValueError(f"{error}, or a date, such as 2024-05-01") from None


def format_timestamp(moment: datetime) -> str:
    """RFC 3339 text in UTC, with microseconds only where there are any."""
    # Not strftime: it does not pad years below 1000 on every platform.
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="auto")
    return f"{text}Z"


def counted_at_micros(timestamp: datetime, *, now: datetime) -> int:
    """When a contribution counts that is recorded `now`: in microseconds since 1970.

    That is its own time, but for one before 1970, and one that is yet to come.
    """
    return micros_of(max(_EPOCH, min(timestamp, now)))


def month_of(at_micros: int) -> str:
    """The month of a time in UTC, as `2026-11`."""
    return f"{time_of(at_micros):%Y-%m}"


def micros_of(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def time_of(at_micros: int) -> datetime:
    """The time so many microseconds after 1970 began."""
    return _EPOCH + timedelta(microseconds=at_micros)
