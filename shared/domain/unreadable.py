"""What can be sent and that nobody can tell or keep."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A NUL, and half a surrogate pair: JSON can name both, and UTF-8 has no such half.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands in parsed JSON where such a value stood; no field takes it.

    `why` is written for the sender: what is thrown away is not judged, and what is kept is refused
    with it, alone.
    """

    why: str
