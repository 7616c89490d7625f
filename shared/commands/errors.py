"""What ends a command with a sentence instead of a stack trace."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot go on; the text says why, and what to do about it."""
