"""Email addresses as git authors carry them: the key of a contributor.

Git takes any text as an address, and real histories hold `root@localhost`,
`user@host.(none)` and `49699333+dependabot[bot]@users.noreply.github.com`. A strict parser of
https://www.rfc-editor.org/rfc/rfc5322 would turn real authors away.
"""

from __future__ import annotations

import re
import unicodedata

from shared.domain.github_account import GitHubAccount
from shared.domain.unreadable import UNSEEN, UNSEEN_CHARACTERS

MAX_EMAIL_LENGTH = 254

# Cc: control characters, Cs: lone surrogates, Z*: every kind of white space.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zs", "Zl", "Zp"})

# For schemas: text on both sides of which somebody sees a character.
_NEVER = r"@\s\u0000-\u001f\u007f-\u009f"
_PART = f"[^{_NEVER}]*[^{_NEVER}{UNSEEN_CHARACTERS}][^{_NEVER}]*"
EMAIL_PATTERN = f"^{_PART}@{_PART}$"
# In a URL the at sign may stand percent-encoded.
_AT_SIGN = re.compile(r"(@|%40)", re.IGNORECASE)


def normalise_email(text: str) -> str:
    """The one spelling of an address: trimmed, NFC, lower case, without what nobody sees.

    Raises `ValueError` unless it holds one `@` with text on both sides, no white space or
    control character, and at most 254 characters. `+tag` stays: two tags are two people.
    """
    email = folded_email(text)
    if len(email) > MAX_EMAIL_LENGTH:
        raise ValueError(f"must have at most {MAX_EMAIL_LENGTH} characters")
    local, at, domain = email.partition("@")
    if not (local and at and domain) or "@" in domain:
        raise ValueError("must hold one @ with text on both sides")
    if any(unicodedata.category(c) in _FORBIDDEN_CATEGORIES for c in email):
        raise ValueError("must hold no white space or control characters")
    return email


def folded_email(text: str) -> str:
    """An address, or the beginning of one, in the spelling in which addresses are kept."""
    # Lower-casing can leave a sequence that NFC would compose, hence twice.
    seen = unicodedata.normalize("NFC", UNSEEN.sub("", text).strip())
    return unicodedata.normalize("NFC", seen.lower())


def spelt_as_today(kept: str) -> str:
    """The spelling that an address of the ledger would get today.

    Where it is another one, the address was kept before the rules were what they are. What is no
    address at all stays as it is.
    """
    try:
        return normalise_email(kept)
    except ValueError:
        return kept


def name_from_email(email: str) -> str:
    """A display name for somebody of whom only the address is known.

    The login for GitHub's no-reply addresses, otherwise the part before the `@`.
    """
    account = GitHubAccount.of(email)
    return account.login if account else email.partition("@")[0]


def mask_text(text: str) -> str:
    """The text with the local part of every `text@text` run in it hidden: `t***@example.com`."""
    if "@" not in text and "%40" not in text:
        # As nearly all of them; a list of 100 has five thousand.
        return text
    # A split instead of one pattern over the text: its time stays linear, whatever is sent.
    parts = _AT_SIGN.split(text)
    hidden = parts.copy()
    for at in range(1, len(parts), 2):
        before, after = parts[at - 1], parts[at + 1]
        if not before or before[-1].isspace() or not after or after[0].isspace():
            continue
        start = _start_of_local(before)
        local = before[start:]
        hidden[at - 1] = f"{before[:start]}{local[0] if len(local) > 1 else ''}***"
    return "".join(hidden)


def _start_of_local(before: str) -> int:
    """Where the local part begins that a text ends with; a quoted one may hold white space.

    https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1
    """
    start = len(before)
    if before.endswith('"'):
        start = _opening_quote(before)
    while start > 0 and (not before[start - 1].isspace() or before[start - 2 : start - 1] == "\\"):
        start -= 1
    return start


def _opening_quote(text: str) -> int:
    """Where the quote was opened that a text ends with, or its beginning where nothing tells.

    In JSON that stands in a string, both quotes are escaped.
    """
    closing = len(text) - 1
    may_be_escaped = _is_escaped(text, closing)
    opening = text.rfind('"', 0, closing)
    while opening >= 0 and not may_be_escaped and _is_escaped(text, opening):
        opening = text.rfind('"', 0, opening)
    return max(opening, 0)


def _is_escaped(text: str, at: int) -> bool:
    backslashes = 0
    while text[at - 1 - backslashes : at - backslashes] == "\\":
        backslashes += 1
    return backslashes % 2 == 1
