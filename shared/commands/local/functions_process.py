"""The functions' process of a run: started, watched, started again if it is killed."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from shared.commands.errors import CommandError
from shared.commands.local.data_directory import DataDirectory
from shared.commands.local.server import GRACE
from shared.commands.processes import GroupProcess, end_orphan

_MODULE = "shared.commands.local.server"
_LAST_PORT = 65535

Say = Callable[[str], None]


def listen(host: str, port: int, *, target: str = "run") -> socket.socket:
    """An open socket for the functions' process; raises `CommandError` where that is impossible.

    The error says how `make` gets the `target` to another port.

    This process keeps it, so that callers wait instead of being refused while the functions'
    process is started again.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "it must be 0 to 65535"
        raise CommandError(
            f"Port {port} of {host} cannot be used ({reason}). "
            f"Choose another one: PORT={port + 1 if port < _LAST_PORT else 8081} make {target}"
        ) from None
    listener.listen(128)
    return listener


class FunctionsProcess:
    """Serves the functions of `source` on an open socket."""

    def __init__(
        self,
        listener: socket.socket,
        data: DataDirectory,
        *,
        source: Path,
        environment: Mapping[str, str],
        changed_file: Path | None,
        say: Say,
    ) -> None:
        self._listener = listener
        self._data = data
        self._say = say
        self._environment = environment
        self._arguments = ["--bind", f"fd://{listener.fileno()}", "--source", str(source)]
        if changed_file:
            self._arguments += ["--changed-file", str(changed_file)]
        self._process: GroupProcess | None = None
        # The functions' process reads one end; this process never writes to the other, but
        # whichever way it ends, it lets go of it.
        self._lifeline, self._held_end = os.pipe()

    @classmethod
    def end_left_behind(cls, data: DataDirectory) -> None:
        """End an earlier run's process, so that nothing is written behind this run's back."""
        earlier = data.run()
        if earlier and earlier.server_pid:
            end_orphan(earlier.server_pid, marks=[_MODULE], grace=GRACE + 1)

    def start(self) -> None:
        """Start it. Who calls before it listens waits: the socket is open already."""
        self._process = GroupProcess.start(
            [sys.executable, "-m", _MODULE, *self._arguments, "--lifeline", str(self._lifeline)],
            environment=self._environment,
            pass_fds=[self._listener.fileno(), self._lifeline],
        )
        self._data.amend_run(server_pid=self._process.pid)

    def tick(self) -> None:
        """Start the process again if it was killed; raises `CommandError` if it ended by itself.

        A worker that dies is gunicorn's own affair: it starts another one.
        """
        if not self._process or not self._process.ending:
            return
        ended = f"The functions' process ended ({self._process.ending})."
        if not self._process.killed:
            raise CommandError(ended)
        self._say(f"{ended} Starting it again.")
        # gunicorn's worker may have outlived it.
        self._process.stop(grace=0)
        self.start()

    def stop(self, hurry: Callable[[], bool]) -> None:
        """End the process, after it has answered what it is at."""
        if self._process:
            self._process.stop(grace=GRACE + 1, hurry=hurry)
        os.close(self._held_end)
        os.close(self._lifeline)
