"""The emulator's data on disk: complete exports, the newest few of them.

The emulator keeps its data in memory alone. Each export is written to a temporary folder and
renamed when it is complete, so whatever bears its final name can be imported.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

NAME = "ledger"

_FINAL_NAME = re.compile(r"export-\d{8}")
_PARTIAL = ".partial-"


class Exports:
    """A folder of exports, numbered upwards. One process at a time may add to it."""

    def __init__(self, folder: Path, *, keep: int = 3) -> None:
        self._folder = folder
        self._keep = keep

    def complete(self) -> list[Path]:
        """The complete exports, newest first."""
        if not self._folder.is_dir():
            return []
        return sorted(
            (path for path in self._folder.iterdir() if _FINAL_NAME.fullmatch(path.name)),
            reverse=True,
        )

    def hold_documents(self) -> bool:
        """Whether the newest export holds any document."""
        return any(_data_files(export) for export in self.complete()[:1])

    def add(self, write: Callable[[Path], object]) -> bool:
        """Have `write` export into the folder it is given, and keep the result.

        Returns whether there was anything new: an export that equals the newest is dropped. What
        `write` raises is passed on, and leaves the exports as they were.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._remove_partial()
        partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self._folder))
        try:
            write(partial)
            newest = next(iter(self.complete()), None)
            if newest and _same_data(newest, partial):
                return False
            _sync(partial)
            number = int(newest.name.rpartition("-")[2]) + 1 if newest else 1
            partial.rename(self._folder / f"export-{number:08}")
            _sync_folder(self._folder)
        finally:
            self._remove_partial()
        for old in self.complete()[self._keep :]:
            shutil.rmtree(old)
        return True

    def set_aside(self, export: Path) -> Path:
        """Take an export that cannot be imported out of the way, without deleting it."""
        aside = Path(tempfile.mkdtemp(prefix="damaged-", dir=self._folder)) / export.name
        export.rename(aside)
        return aside

    def _remove_partial(self) -> None:
        for partial in self._folder.glob(f"{_PARTIAL}*"):
            shutil.rmtree(partial)


def metadata(export: Path) -> Path:
    """The file of an export that the emulator's `--import-data` wants."""
    return export / NAME / f"{NAME}.overall_export_metadata"


def _data_files(export: Path) -> dict[Path, Path]:
    # The metadata beside these hold times, so that no two exports are the same.
    return {path.relative_to(export): path for path in export.rglob("output-*")}


def _same_data(one: Path, other: Path) -> bool:
    ours, theirs = _data_files(one), _data_files(other)
    return ours.keys() == theirs.keys() and all(
        filecmp.cmp(path, theirs[name], shallow=False) for name, path in ours.items()
    )


def _sync(folder: Path) -> None:
    for directory, _, names in os.walk(folder):
        for name in names:
            with Path(directory, name).open("rb") as file:
                os.fsync(file.fileno())
        _sync_folder(Path(directory))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
