"""Why an embedded store does not open. Failures of calls are gRPC statuses: see `status`."""

from __future__ import annotations

from pathlib import Path


class EmbeddedStoreError(Exception):
    """Any reason why the files of an embedded store cannot be used; they were left as they are.

    Attributes:
        path: the file at fault.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path


class ForeignFileError(EmbeddedStoreError):
    """The file is no database of an embedded store, or no longer one."""


class LaterFormatError(EmbeddedStoreError):
    """A later version of the program wrote the file."""


class OldJournalError(EmbeddedStoreError):
    """Version 1.0.0 of the program wrote the store, and it alone reads it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            "holds what version 1.0.0 of this program stored, which alone can read it. Move the "
            "file to another folder, and then carry over what it holds: `make backfill` for each "
            "repository, or, where that is not enough, serve that folder with version 1.0.0, save "
            "its lists of contributors, assets and contributions as one file, and bring that in "
            "with `make import` (the README says how)",
        )
