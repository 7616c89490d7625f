"""Untrusted text, made fit for a log, a table and JSON."""

from __future__ import annotations

import re
import unicodedata


def one_line(text: str) -> str:
    """Return the text with every run of white space and control characters as one space."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def masked(text: str) -> str:
    """Return the text with each `text@text` as `t***@text`, as the ledger shows it in public."""
    return re.sub(r"(?:([^\s@<>])[^\s@<>]+|[^\s@<>])(@|%40)(?=[^\s@<>])", r"\1***\2", text)


def public(text: str, limit: int = 400) -> str:
    """Return the text for a log: one line, addresses masked, nothing in it a command.

    The runner obeys `##[...]` anywhere in a line, and bidirectional controls make a line look
    different from what it says.
    """
    short = one_line(text[: 4 * limit])
    inert = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", masked(short))
    inert = inert.replace("##[", "## [")
    return inert if len(inert) <= limit else inert[: limit - 1] + "…"


def cell(text: str) -> str:
    """Return the text for a cell of a Markdown table, what could be markup as numeric entities.

    An entity is never markup: https://github.github.com/gfm/#entity-and-numeric-character-references
    """
    markup = r"[!#$&*<>@\[\\\]_`{|}~]|:(?=\S)|(?<=www)\."
    return re.sub(markup, lambda m: f"&#{ord(m[0])};", public(text, limit=160), flags=re.I)


def decode(raw: bytes) -> str:
    """Decode; stray bytes become U+FFFD, so that no lone surrogate ever arises."""
    return raw.decode("utf-8", errors="replace")
