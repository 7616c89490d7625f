"""The real `make run`, for tests: started on a free port, talked to over HTTP, killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import psutil

import main
from tests.ports import own_port
from tests.watchdog import watched

ROOT = Path(main.__file__).parent
DEADLINE = 90.0  # seconds; loose, since it only ends a test that has failed

_T = TypeVar("_T")


def eventually(probe: Callable[[], _T], *, what: str) -> _T:
    """The first true result of a probe; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE
    while not (result := probe()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.05)
    return result


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without anything that configures a run."""
    own = ("LEDGER_", "FIRESTORE_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, **changes}


def run_command(
    name: str, *arguments: str, environment: Mapping[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """`python -m shared.commands.NAME`, to its end; `given` is what it reads."""
    return subprocess.run(
        [sys.executable, "-m", f"shared.commands.{name}", *arguments],
        cwd=ROOT,
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )


class LocalRun:
    """`python -m shared.commands.run` as a child process, with a data directory of its own.

    So is another `command` that serves, which is given what stands behind its name.
    """

    def __init__(
        self,
        data_dir: Path,
        backend: str,
        *,
        command: tuple[str, ...] = ("run",),
        **environment: str,
    ) -> None:
        self.data_dir = data_dir
        self._command = command
        self.environment = clean_environment(
            LEDGER_DATA_DIR=str(data_dir), LEDGER_BACKEND=backend, **environment
        )
        descriptor, log = tempfile.mkstemp(prefix="run-", suffix=".log", dir=data_dir.parent)
        os.close(descriptor)
        self._log = Path(log)
        self._process: subprocess.Popen[bytes] | None = None
        # Leaders of every process group that was ever seen, to check that none is left.
        self._seen: set[int] = set()
        self._watched = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.clean_up()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.clean_up()

    def start(self) -> None:
        """Start and wait until everything answers."""
        self.launch()
        eventually(self._is_ready, what=f"the run is ready\n{self.output}")
        self.note_processes()

    def launch(self, port: int | None = None) -> None:
        """Start without waiting, on a free port where none is given."""
        self._watched.close()
        self.environment["PORT"] = str(port or own_port())
        name, *arguments = self._command
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"shared.commands.{name}", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._seen.add(self._process.pid)
        # With SIGTERM it takes along everything that it has started.
        self._watched.enter_context(watched(self._process.pid, signal="TERM"))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, and return the exit code."""
        assert self._process
        self._process.send_signal(number)
        return self._process.wait(timeout=DEADLINE)

    def wait(self) -> int:
        """The exit code of a run that ends by itself."""
        assert self._process
        return self._process.wait(timeout=DEADLINE)

    def clean_up(self) -> None:
        """End whatever a failed test left."""
        self._watched.close()
        self.note_processes()
        for pid in self._seen:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        if self._process:
            self._process.wait(timeout=DEADLINE)

    @property
    def output(self) -> str:
        """All that the run printed since it was started last."""
        return self._log.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def notes(self) -> dict[str, Any]:
        """What the run wrote down about itself."""
        with suppress(FileNotFoundError):
            notes: dict[str, Any] = json.loads((self.data_dir / "run.json").read_text())
            return notes
        return {}

    @property
    def worker_pid(self) -> int:
        """The process that answers requests: gunicorn's only child."""
        [worker] = psutil.Process(self.notes["server_pid"]).children()
        pid: int = worker.pid
        return pid

    def note_processes(self) -> None:
        """Remember the process groups that run now."""
        self._seen.update(pid for name, pid in self.notes.items() if name.endswith("_pid") and pid)

    def groups_left(self) -> list[int]:
        """The process groups ever seen that still have a member."""
        return [pid for pid in self._seen if _group_exists(pid)]

    def post_as_printed(self) -> Any:
        """Run the printed curl line in a shell, and return the answer."""
        (line,) = re.findall(r"^ *(curl .*POST.*)$", self.output, re.MULTILINE)
        done = subprocess.run(
            ["sh", "-c", line], env=self.environment, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    def post(self, commit_hash: str) -> int:
        """Report a commit, and return the status of the answer."""
        return httpx.post(
            f"{self.address}/v1/contributions/github",
            json={
                "contributor_email": "ada@example.com",
                "repository": "octo/hello",
                "commit_hash": commit_hash,
                "cost_amount": 1,
            },
            headers={"X-API-Key": "dev-key"},
            timeout=DEADLINE,
            trust_env=False,
        ).status_code

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        answer = httpx.get(f"{self.address}{path}", timeout=DEADLINE, trust_env=False)
        assert answer.status_code == HTTPStatus.OK, answer.text
        return answer.json()

    def commits(self) -> set[str]:
        """The hashes of all recorded commits."""
        key = {"X-API-Key": "dev-key"}
        url = f"{self.address}/v1/contributions?limit=1000"
        answer = httpx.get(url, headers=key, timeout=DEADLINE, trust_env=False)
        assert answer.status_code == HTTPStatus.OK, answer.text
        assert "next" not in answer.links
        return {contribution["commit_hash"] for contribution in answer.json()}

    def inspect(self, *arguments: str) -> str:
        """What `make inspect` prints."""
        done = run_command("inspect", *arguments, environment=self.environment)
        done.check_returncode()
        return done.stdout

    def _is_ready(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.output
        return "Ctrl-C stops." in self.output


def _group_exists(pid: int) -> bool:
    """Whether a process of this group still runs.

    A dead one that nobody has reaped is none: where the first process of a container is no init,
    orphans stay zombies for ever.
    """
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
