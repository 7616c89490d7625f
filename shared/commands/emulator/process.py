"""A Firestore emulator: started, waited for, exported from, stopped."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from shared.commands.emulator.search import Installation
from shared.commands.errors import CommandError
from shared.commands.processes import GroupProcess, end_orphan, is_process

LOCAL = "127.0.0.1"

# In seconds. A cold start takes two or three; an import of much data adds to it.
_START_DEADLINE = 120.0
_EXPORT_DEADLINE = 300.0
_ANSWER_DEADLINE = 5.0
_STOP_GRACE = 5.0
_POLL = 0.1
_LOG_LINES = 12
# Somebody else may take a port between the choice and the start.
_TRIES = 3
_PORT_TAKEN = "java.net.BindException"
# Below those that systems give to outgoing connections (from 32768 on Linux). Among these, a
# client that tries to reach an emulator which is down can connect to itself, and keep the port.
_PORTS = range(20000, 30000)


class EmulatorError(CommandError):
    """The emulator did not start, or did not do what it was asked."""


class _PortTakenError(EmulatorError):
    """Somebody else listens where the emulator was to listen."""


class Emulator:
    """An emulator that this process started.

    Started as java itself and not through `gcloud`, which leaves java running when it is ended.
    """

    def __init__(self, process: GroupProcess, host: str, log: Path) -> None:
        self._process = process
        self._log = log
        self.host = host

    @classmethod
    def start(
        cls,
        installation: Installation,
        *,
        log: Path,
        port: int | None = None,
        metadata: Path | None = None,
        pause: Callable[[float], None] = time.sleep,
        started: Callable[[Emulator], object] = lambda _: None,
    ) -> Emulator:
        """Start an emulator, and return it when it answers.

        `port` is a free one where none is given; `metadata` is that of an export to begin with;
        `log` takes what the emulator prints. `pause` is called with the seconds between two looks,
        and may raise; `started` is told of the process before it answers. Raises `EmulatorError`
        if it ends or never answers. It is left running only where it is returned.
        """

        def attempt() -> Emulator:
            emulator = cls._spawn(installation, log, port or free_port(), metadata)
            try:
                started(emulator)
                emulator._wait(pause)
            except BaseException:
                emulator.stop()
                raise
            return emulator

        for _ in range(_TRIES - 1):
            with suppress(_PortTakenError):
                return attempt()
        return attempt()

    @classmethod
    def _spawn(
        cls, installation: Installation, log: Path, port: int, metadata: Path | None
    ) -> Emulator:
        options = [f"--host={LOCAL}", f"--port={port}"]
        if metadata:
            options.append(f"--import-data={metadata}")
        with log.open("wb") as output:
            process = GroupProcess.start(installation.command(*options), output=output)
        return cls(process, f"{LOCAL}:{port}", log)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ending(self) -> str | None:
        """How the emulator ended, in words; None while it runs."""
        return self._process.ending

    def _wait(self, pause: Callable[[float], None]) -> None:
        deadline = time.monotonic() + _START_DEADLINE
        while not answers(self.host):
            if self.ending:
                printed = self._printed()
                kind = _PortTakenError if _PORT_TAKEN in printed else EmulatorError
                raise kind(f"the Firestore emulator ended ({self.ending}):\n{printed}")
            if time.monotonic() > deadline:
                raise EmulatorError(f"the Firestore emulator does not answer:\n{self._printed()}")
            pause(_POLL)

    def _printed(self) -> str:
        """The last lines that the emulator printed, without those of a stack trace."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([line for line in lines if not line.startswith("\tat ")][-_LOG_LINES:])

    def stop(self) -> None:
        """End the emulator and everything it started."""
        self._process.stop(grace=_STOP_GRACE)


def export(host: str, project: str, folder: Path, name: str) -> None:
    """Write all documents of a project's default database to `folder`/`name`.

    Raises `EmulatorError`. The request is the one that firebase-tools makes.
    """
    body = {
        "database": f"projects/{project}/databases/(default)",
        "export_directory": str(folder.resolve()),
        "export_name": name,
    }
    with closing(http.client.HTTPConnection(host, timeout=_EXPORT_DEADLINE)) as connection:
        try:
            connection.request(
                "POST",
                f"/emulator/v1/projects/{project}:export",
                json.dumps(body),
                {"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise EmulatorError(f"the Firestore emulator exported nothing: {error!r}") from None
    if answer.status != http.HTTPStatus.OK:
        raise EmulatorError(f"the Firestore emulator exported nothing: {text.strip()}")


def answers(host: str) -> bool:
    """Whether an emulator answers at `host` (`address:port`)."""
    # Not urllib: that asks a proxy if there is one, even for this machine.
    with closing(http.client.HTTPConnection(host, timeout=_ANSWER_DEADLINE)) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().strip() == b"Ok"
        except (OSError, http.client.HTTPException):
            return False


def runs_at(pid: int, host: str) -> bool:
    """Whether this process is an emulator that a run started at `host`."""
    return is_process(pid, marks=_marks(host))


def end_left_behind(pid: int, host: str) -> None:
    """End an earlier run's emulator, if it is still there."""
    end_orphan(pid, marks=_marks(host), grace=_STOP_GRACE)


def _marks(host: str) -> list[str]:
    return ["CloudFirestore", f"--host={LOCAL}", f"--port={host.rpartition(':')[2]}"]


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOCAL, port))
            return port
