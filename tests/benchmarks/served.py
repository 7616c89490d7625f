"""A function served for the bench as the buildpack serves it, and clients that ask it."""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.commands.emulator.process import free_port
from shared.commands.processes import GroupProcess

ROOT = Path(__file__).resolve().parents[2]
FLOOR = Path(__file__).with_name("floor")
LOCAL = "127.0.0.1"
THREADS = 16
KEY = "bench-key"


def report(commit: int, repository: str = "octo/repo") -> dict[str, Any]:
    """A commit's report; every commit number is another commit."""
    return {
        "contributor_email": "test@example.com",
        "repository": repository,
        "commit_hash": f"{commit:040x}",
        "cost_amount": 100.5,
        "metadata": {"files_changed": 3, "lines_added": 120, "has_tests": True},
    }


@dataclass(frozen=True)
class Served:
    """A function that answers, and the processes behind it."""

    port: int
    process: GroupProcess
    project: str

    def memory(self, *, most: bool = False) -> int:
        """Bytes resident in the worker, the process that answers: now, or the most there were."""
        name = "VmHWM:" if most else "VmRSS:"
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        status = Path(f"/proc/{children.split()[-1]}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith(name)]
        return int(line.split()[1]) * 1024


@contextmanager
def served(
    source: Path, target: str, emulator: str, project: str, **variables: str
) -> Iterator[Served]:
    """Serve a function by the console script, until the block ends."""
    port = free_port()
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("LEDGER_", "PYTHONPATH"))}
    environment = kept | {
        "FIRESTORE_EMULATOR_HOST": emulator,
        "GOOGLE_CLOUD_PROJECT": project,
        "LEDGER_API_KEYS": f"bench={KEY}",
        "THREADS": str(THREADS),
        "PORT": str(port),
        "HOST": LOCAL,
        **variables,
    }
    script = str(Path(sys.executable).with_name("functions-framework"))
    with Path(os.devnull).open("wb") as nowhere:
        process = GroupProcess.start(
            [script, "--target", target], environment=environment, folder=source, output=nowhere
        )
    try:
        yield Served(port, process, project)
    finally:
        process.stop(grace=5)


class Client:
    """One client with one connection."""

    def __init__(self, port: int, key: str = KEY) -> None:
        self._connection = http.client.HTTPConnection(LOCAL, port, timeout=60)
        self._headers = {"X-API-Key": key, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and body of the answer."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def first_answer(port: int, body: Mapping[str, Any]) -> None:
    """Wait until a record is answered with 201, asking all the while."""
    while True:
        try:
            status, answer = Client(port).ask("POST", "/", body)
        except OSError:
            time.sleep(0.005)
            continue
        if status not in {200, 201}:
            raise RuntimeError(f"the function answered {status}: {answer[:200]!r}")
        return


@dataclass(frozen=True)
class Run:
    """What a number of clients saw. Times in seconds."""

    seconds: float
    latencies: tuple[float, ...]
    errors: int

    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile(self, part: float) -> float:
        return sorted(self.latencies)[int(part * (len(self.latencies) - 1))]


def load(
    port: int, clients: int, requests: int, body: Callable[[int], object], *, path: str = "/"
) -> Run:
    """Send requests from many clients at once, each waiting for its answers."""
    latencies: list[float] = []
    errors: list[int] = []

    def work(first: int) -> None:
        client = Client(port)
        for number in range(first, requests, clients):
            began = time.perf_counter()
            status, _ = client.ask("POST", path, body(number))
            latencies.append(time.perf_counter() - began)
            if status not in {200, 201}:
                errors.append(status)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Run(time.perf_counter() - began, tuple(latencies), len(errors))


def new_project() -> str:
    """A project id of its own: the emulator keeps projects apart."""
    return f"demo-bench-{uuid.uuid4().hex[:12]}"
