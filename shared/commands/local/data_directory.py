"""The directory that keeps the data of local runs, and says who is serving it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from shared.commands.emulator.exports import Exports
from shared.commands.errors import CommandError
from shared.embedded.files import holds_documents


@dataclass(frozen=True, slots=True)
class Run:
    """What is running on a data directory, written down for `make inspect` and the next run."""

    backend: str
    project: str
    # `address:port` of the emulator; its process id where the run started it.
    emulator_host: str | None = None
    emulator_pid: int | None = None
    # The functions' process.
    server_pid: int | None = None


class DataDirectory:
    """`.data` or what LEDGER_DATA_DIR names. A folder for each backend that keeps data here."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.emulator = self.root / "emulator"
        self.embedded = self.root / "embedded"
        self.exports = Exports(self.emulator / "exports")
        self._run_file = self.root / "run.json"
        self._lock_file = self.root / "run.lock"

    def create(self) -> None:
        """Make the directory; raises `CommandError` where that is impossible."""
        try:
            # For its owner only: the documents hold addresses.
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.emulator.mkdir(exist_ok=True)
        except OSError as error:
            raise CommandError(
                f"{self.root} cannot be used for the data ({error.strerror}); "
                "name a folder of yours in LEDGER_DATA_DIR"
            ) from None

    def holding(self) -> list[str]:
        """The backends that have data here."""
        found = {
            "emulator": self.exports.hold_documents(),
            "embedded": holds_documents(self.embedded),
        }
        return [backend for backend, holds in found.items() if holds]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for one run. Raises `CommandError` where another run holds it."""
        with self._lock_file.open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(
                    f"process {_content(lock)} is serving {self.root} already; "
                    "end it, or set LEDGER_DATA_DIR to another directory"
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def run(self) -> Run | None:
        """What the current run wrote down, or an earlier one that was killed; else None."""
        try:
            return Run(**json.loads(self._run_file.read_text(encoding="utf-8")))
        except (FileNotFoundError, TypeError, ValueError):
            return None

    def write_run(self, run: Run) -> None:
        """Write down what is running."""
        partial = self._run_file.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(run)), encoding="utf-8")
        partial.replace(self._run_file)

    def amend_run(self, **changes: Any) -> None:
        """Change some fields of what is written down."""
        run = self.run()
        if run:
            self.write_run(replace(run, **changes))

    def forget_run(self) -> None:
        """Nothing is running any more."""
        self._run_file.unlink(missing_ok=True)


def _content(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "another one"
