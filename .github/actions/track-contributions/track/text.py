"""Untrusted text, made fit for a log, a table and JSON."""

from __future__ import annotations

import functools
import re
import unicodedata

# Default_Ignorable_Code_Point: what nobody sees, and the ledger drops from an address.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def decode(raw: bytes, encoding: str = "") -> str:
    """Return the text; stray bytes become U+FFFD, so that no lone surrogate ever arises.

    The encoding that a commit names is a claim: it is believed where the text is in it.
    """
    if encoding and extends_ascii(encoding):
        try:
            return raw.decode(encoding)
        except UnicodeError:
            pass
    return raw.decode("utf-8", errors="replace")


@functools.lru_cache
def extends_ascii(encoding: str) -> bool:
    """Whether ASCII is itself in it: in no other one can git have written a commit's header.

    The probe's end is something else in UTF-7, HZ, `unicode_escape` and `idna`.
    """
    probe = bytes(range(0x20, 0x5C)) + bytes(range(0x5D, 0x7F)) + rb" \x41\u0041 +AGE- ~{.xn--4ca"
    try:
        return probe.decode(encoding) == probe.decode("ascii")
    except (LookupError, ValueError):
        return False


def one_line(text: str) -> str:
    """Return the text with every run of white space and control characters as one space."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def masked(text: str) -> str:
    """Return the text with each `text@text` as `t***@text`, as the ledger shows it in public."""
    return re.sub(r"(?:([^\s@<>])[^\s@<>]+|[^\s@<>])(@|%40)(?=[^\s@<>])", r"\1***\2", text)


def public(text: str, limit: int = 400) -> str:
    """Return the text for a log: one line, addresses masked, nothing in it a command."""
    short = inert(masked(one_line(text[: 4 * limit])))
    return short if len(short) <= limit else short[: limit - 1] + "…"


def inert(text: str) -> str:
    """Return the line with nothing in it that the runner or a terminal takes for a command.

    The runner obeys `##[...]` anywhere in a line, and bidirectional controls make a line look
    different from what it says.
    """
    visible = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)
    return visible.replace("##[", "## [")


def cell(text: str) -> str:
    """Return the text for a cell of a Markdown table."""
    return plain(public(text, limit=160))


def plain(text: str) -> str:
    """Return the line for Markdown, what could be markup as numeric entities.

    An entity is never markup: https://github.github.com/gfm/#entity-and-numeric-character-references
    """
    markup = r"[!#$&*<>@\[\\\]_`{|}~]|:(?=\S)|(?<=www)\."
    return re.sub(markup, lambda m: f"&#{ord(m[0])};", text, flags=re.I)
