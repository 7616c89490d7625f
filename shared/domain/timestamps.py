"""Points in time: RFC 3339 text in, UTC with microseconds at most and a `Z` out."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
# It has no hour 24 and no offset of 75 minutes, whatever `fromisoformat` makes of them.
_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]((?!24)\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII
)


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


def format_timestamp(moment: datetime) -> str:
    """RFC 3339 text in UTC, with microseconds only where there are any."""
    # Not strftime: it does not pad years below 1000 on every platform.
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="auto")
    return f"{text}Z"
