"""Why an embedded store does not open. Failures of calls are gRPC statuses: see `status`."""

from __future__ import annotations

from pathlib import Path


class EmbeddedStoreError(Exception):
    """Any reason why the files of an embedded store cannot be used."""


class StoreInUseError(EmbeddedStoreError):
    """Another process holds the store.

    Attributes:
        directory: the store's directory.
        holder: who holds it, as text: process id, program and since when; "unknown" where the
            lock file does not say.
        pid: the holder's process id, or None where the lock file does not say.
    """

    def __init__(self, directory: Path, *, holder: str, pid: int | None) -> None:
        super().__init__(f"{directory} is in use by {holder}")
        self.directory = directory
        self.holder = holder
        self.pid = pid


class JournalError(EmbeddedStoreError):
    """The journal cannot be read; it was left as it is.

    Attributes:
        path: the journal.
        line: the first line at fault, from 1.
        reason: what is wrong with it.
    """

    def __init__(self, path: Path, *, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class JournalCorruptError(JournalError):
    """A line that was once complete no longer is what was written."""


class JournalVersionError(JournalError):
    """The journal is of a format that this version of the program does not know."""
