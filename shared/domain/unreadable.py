"""What can be sent and that nobody can tell, see or keep."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A NUL, and half a surrogate pair: JSON can name both, and UTF-8 has no such half.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# Default_Ignorable_Code_Point: what no reader sees, so that with it one person looked like two.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
UNSEEN_CHARACTERS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
UNSEEN = re.compile(f"[{UNSEEN_CHARACTERS}]")


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of a text."""
    return not UNSEEN.sub("", text).strip()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands in parsed JSON where such a value stood; no field takes it.

    `why` is written for the sender: what is thrown away is not judged, and what is kept is refused
    with it, alone.
    """

    why: str
