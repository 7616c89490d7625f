"""One function in a process of its own, served as the buildpack serves it, to be ill-treated."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from shared.commands.processes import GroupProcess
from tests.end_to_end.local_run import DEADLINE, ROOT, clean_environment, eventually
from tests.ports import own_port

KEY = {"X-API-Key": "s3cret"}
WEBHOOK_SECRET = "hook-s3cret"
THREADS = 4
LOCAL = "127.0.0.1"
# Each function is killed this long after it answered; it takes a second or two to start.
BETWEEN_KILLS = 3.0


class FunctionProcess:
    """`functions-framework --target ...` with the key `ci=s3cret`, on a port that it keeps.

    `variables` are added to its environment; `folder` takes its log.
    """

    def __init__(self, target: str, folder: Path, **variables: str) -> None:
        self.target = target
        self.port = own_port()
        self.log = folder / f"{target}.log"
        self._process: GroupProcess | None = None
        environment = {
            "PORT": str(self.port),
            "THREADS": str(THREADS),
            "LEDGER_API_KEYS": "ci=s3cret",
            "LEDGER_WEBHOOK_SECRETS": f"main={WEBHOOK_SECRET}",
        }
        self._environment = clean_environment(**environment | variables)

    def __enter__(self) -> FunctionProcess:
        self.start()
        eventually(self.answers, what=f"{self.target} answers\n{self.output}")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.stop(grace=5)

    def start(self) -> None:
        """Start it, without waiting for it."""
        script = str(Path(sys.executable).with_name("functions-framework"))
        with self.log.open("ab") as output:
            self._process = GroupProcess.start(
                [script, "--target", self.target],
                environment=self._environment,
                output=output,
                folder=ROOT,
            )

    def kill(self) -> None:
        """End it as a machine that goes away does: at once, and with all that it was doing."""
        assert self._process
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.stop(grace=0)

    @property
    def address(self) -> str:
        return f"http://{LOCAL}:{self.port}"

    @property
    def output(self) -> str:
        """All that it printed."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def answers(self) -> bool:
        """Whether it takes requests."""
        assert self._process
        assert not self._process.ending, self.output
        try:
            httpx.get(f"{self.address}/robots.txt", timeout=5, trust_env=False)
        except httpx.TransportError:
            return False
        return True

    @contextmanager
    def client(self, **headers: str) -> Iterator[httpx.Client]:
        """A client with these headers, and patience."""
        with httpx.Client(
            base_url=self.address,
            headers=headers,
            timeout=DEADLINE,
            trust_env=False,
            # The server closes connections that rest for 2 s, maybe just as one is used again.
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            yield client

    def connect(self) -> socket.socket:
        """A connection, to send what no client library would."""
        return socket.create_connection((LOCAL, self.port), timeout=DEADLINE)

    def send(self, *parts: bytes, half_close: bool = False) -> bytes:
        """What is answered to raw bytes, until the server hangs up.

        `half_close` says that nothing more will come.
        """
        with self.connect() as connection:
            # A server that refuses does not read on, and may have hung up already.
            with suppress(ConnectionResetError, BrokenPipeError):
                for part in parts:
                    connection.sendall(part)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return read_to_end(connection)

    def memory(self) -> int:
        """The resident memory of the process that answers, in bytes."""
        assert self._process
        [worker] = psutil.Process(self._process.pid).children()
        return int(worker.memory_info().rss)


def kill_in_turn(functions: Sequence[FunctionProcess], stop: threading.Event) -> int:
    """Kill one function after the other, and start it again; how often, until it is to stop."""
    for kills in itertools.count():
        if stop.wait(BETWEEN_KILLS):
            return kills
        function = functions[kills % len(functions)]
        function.kill()
        function.start()
        eventually(function.answers, what=f"{function.target} answers again")
    raise AssertionError("counting has no end")


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the other side hangs up, politely or not."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    return bytes(received)


def request_bytes(
    method: str, target: str, headers: Sequence[str] = (), body: bytes = b""
) -> bytes:
    """A request as it goes over the wire, after which the connection is closed.

    Nothing is checked or added but the host, so it can be as wrong as it likes.
    """
    lines = [f"{method} {target} HTTP/1.1", "Host: ledger.example", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def status_of(answer: bytes) -> int:
    """The status of a raw answer; 0 where there was none."""
    head = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(head[1]) if len(head) > 1 else 0
