"""The file that makes commits last: JSON lines, one a commit, synced before it is answered.

The first line names the format. Every other line is

    {"crc32":"<8 hex digits>","commit":{"time":...,"documents":[...],"deleted":[...]}}

with the documents as the commit left them. The checksum covers the text of `commit` and continues
from the line before, so a line that was changed, lost or moved shows. `recovery` reads the file.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from shared.embedded.codec import Json, encode_document, encode_time
from shared.embedded.messages import DocumentPb, timestamp

FORMAT = "firestore-journal"
VERSION = 1
HEADER = json.dumps({"format": FORMAT, "version": VERSION}, separators=(",", ":")).encode() + b"\n"
HEADER_CHECKSUM = zlib.crc32(HEADER)

_PREFIX = '{{"crc32":"{:08x}","commit":'
_PREFIX_LENGTH = len(_PREFIX.format(0))
_SUFFIX = b"}\n"


class JournalUnavailableError(Exception):
    """Nothing was written; writing may work again later."""


class JournalBrokenError(Exception):
    """It is unknown what was written; the journal takes no more until it is opened again."""


def encode_commit(
    *, commit_micros: int, documents: Iterable[DocumentPb], deleted: Iterable[str] = ()
) -> bytes:
    """The text of one commit."""
    commit: Json = {
        "time": encode_time(timestamp(commit_micros)),
        "documents": [encode_document(document) for document in documents],
    }
    if gone := sorted(deleted):
        commit["deleted"] = gone
    return json.dumps(commit, ensure_ascii=False, separators=(",", ":")).encode()


def seal(commit: bytes, checksum: int) -> tuple[bytes, int]:
    """The line of a commit's text, and the checksum that the next line continues from."""
    checksum = zlib.crc32(commit, checksum)
    return _PREFIX.format(checksum).encode() + commit + _SUFFIX, checksum


def unseal(line: bytes, checksum: int) -> tuple[bytes, int] | None:
    """The commit's text in a line and the checksum to go on with; None where they disagree."""
    commit = line[_PREFIX_LENGTH : -len(_SUFFIX)]
    expected, checksum = seal(commit, checksum)
    return (commit, checksum) if line == expected else None


class Journal:
    """The open journal: appends, each synced to the disk."""

    def __init__(self, path: Path, *, checksum: int) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._size = os.fstat(self._descriptor).st_size
        self._checksum = checksum
        self._broken = False

    def append(self, commits: Sequence[bytes]) -> None:
        """Write one line a commit and sync them all at once.

        Raises:
            JournalUnavailableError: nothing was kept, as on a full disk.
            JournalBrokenError: the disk did not say what it kept, now or in an earlier call.
        """
        if self._broken:
            raise JournalBrokenError("an earlier write failed half way")
        lines, checksum = [], self._checksum
        for commit in commits:
            line, checksum = seal(commit, checksum)
            lines.append(line)
        content = b"".join(lines)
        self._broken = True  # until the disk has answered, even if interrupted here
        try:
            self._write(content)
        except OSError as error:
            self._take_back()
            self._broken = False
            raise JournalUnavailableError(error.strerror) from error
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # After a failed fsync the kernel may have dropped the pages: nothing can be relied on.
            raise JournalBrokenError(error.strerror) from error
        self._size += len(content)
        self._checksum = checksum
        self._broken = False

    def distrust(self) -> None:
        """Take no more appends: memory may no longer agree with the file."""
        self._broken = True

    def close(self) -> None:
        """Close the file; everything answered is on the disk already."""
        with suppress(OSError):
            os.close(self._descriptor)

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self._descriptor, view) :]

    def _take_back(self) -> None:
        """Cut off what a failed write left behind."""
        try:
            os.ftruncate(self._descriptor, self._size)
            os.fsync(self._descriptor)
        except OSError as error:
            raise JournalBrokenError(error.strerror) from error
