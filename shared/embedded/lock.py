"""One process at a time: an exclusive lock on a file that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from shared.embedded.errors import StoreInUseError


class DirectoryLock:
    """Holds a directory until released or until the process ends, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock.

        Raises:
            StoreInUseError: somebody else has it.
        """
        self._descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder, pid = self._holder()
            os.close(self._descriptor)
            raise StoreInUseError(directory, holder=holder, pid=pid) from None
        self._write_holder()

    def release(self) -> None:
        """Let the next one in. The file stays: removing it would race with its next opener."""
        os.close(self._descriptor)

    def _write_holder(self) -> None:
        holder = {
            "pid": os.getpid(),
            "program": Path(sys.argv[0] or sys.executable).name,
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(holder).encode() + b"\n", 0)

    def _holder(self) -> tuple[str, int | None]:
        """Who holds the lock; it may be taken but not yet described."""
        try:
            holder = json.loads(os.pread(self._descriptor, 4096, 0))
            pid = int(holder["pid"])
            return f"process {pid} ({holder['program']}) since {holder['since']}", pid
        except (ValueError, KeyError, TypeError):
            return "unknown", None
