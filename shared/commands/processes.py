"""Child processes that are ended as a whole: each leads a process group of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

_POLL = 0.05  # seconds


class GroupProcess:
    """A child in its own session, so that a terminal's Ctrl-C does not reach it directly."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._stopped = False

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        output: IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> Self:
        """Start a command; `output` takes both streams, else they are this process's own."""
        return cls(
            subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ending(self) -> str | None:
        """How the process ended, in words; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        return f"exit code {code}" if code >= 0 else f"{signal.Signals(-code).name}"

    @property
    def killed(self) -> bool:
        """Whether a signal ended the process."""
        return (self._process.poll() or 0) < 0

    def stop(self, *, grace: float, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask the whole group to end, and kill what is left of it after `grace` seconds.

        `hurry` is asked all the while, and cuts the waiting short. Nothing is done a second time.
        """
        if self._stopped:
            return
        self._stopped = True
        _signal_group(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while self._process.poll() is None and time.monotonic() < deadline and not hurry():
            time.sleep(_POLL)
        _signal_group(self.pid, signal.SIGKILL)
        self._process.wait()


def end_orphan(pid: int, *, marks: Sequence[str], grace: float) -> bool:
    """End a process group left behind by an earlier run, if its command line bears all `marks`.

    A process id may have gone to somebody else since; then nothing is done, and False returned.
    """
    if not is_process(pid, marks=marks):
        return False
    _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while is_process(pid, marks=marks) and time.monotonic() < deadline:
        time.sleep(_POLL)
    _signal_group(pid, signal.SIGKILL)
    return True


def is_process(pid: int, *, marks: Sequence[str]) -> bool:
    """Whether this process runs, with a command line that bears all `marks`."""
    command_line = _command_line(pid)
    return bool(command_line) and all(mark in command_line for mark in marks)


def _command_line(pid: int) -> str:
    if Path("/proc/self").exists():
        try:
            command_line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            # Others may be called by any bytes.
            return command_line.decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listing = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False
    )
    return listing.stdout.decode(errors="replace").strip()


def _signal_group(pid: int, number: signal.Signals) -> None:
    # Gone; macOS says "not permitted" where only a zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
