"""What people wait for: the action's step, reconcile, a list of many people, a file of all."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.benchmarks.embedded import fill
from tests.benchmarks.served import Client
from tests.benchmarks.table import Row, Table, progress
from tests.browser.tab import MISSING, chromium, find_chromium, tab
from tests.end_to_end.local_run import LocalRun, run_command
from tests.github.repositories import Repository
from tests.github.runner import Runner

CONTRIBUTIONS = 100_000
_JOINED = 1_000
_PEOPLE_LIST = "/v1/contributors?sort=total_cost&limit=100"
_KEY = "dev-key"
# What the page may take, in seconds.
_PAGE_S = 1.0
_TURNS = 7


def measure_action(_: str, table: Table) -> None:
    """The action's whole step for a push, over a bare `git log` and one curl."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalRun(folder / "data", "embedded") as run:
            origin = Repository.create(folder / "origin")
            origin.commit("Begin")
            for commits in (1, 50):
                _measure_push(run, origin, folder, commits, table)


def _measure_push(
    run: LocalRun, origin: Repository, folder: Path, commits: int, table: Table
) -> None:
    runner = Runner(folder / "runner", origin.path)
    inputs = {"url": run.address, "api-key": _KEY}
    ours: list[float] = []
    floor: list[float] = []
    for turn in range(_TURNS):
        progress(f"the action, {commits} commits, turn {turn + 1} of {_TURNS}")
        before = origin.head
        for _ in range(commits):
            origin.commit()
        after = origin.head
        began = time.perf_counter()
        step = runner.push(before, after, inputs=inputs)
        ours.append(time.perf_counter() - began)
        if step.counts != (commits, 0, 0, 0):
            raise RuntimeError(f"the action recorded {step.counts}: {step.log}")
        began = time.perf_counter()
        origin.git("log", "--numstat", f"{before}..{after}")
        _curl(f"{run.address}/v1/health")
        floor.append(time.perf_counter() - began)
    a, b = (statistics.median(times[1:]) for times in (ours, floor))
    cells = (f"{a * 1000:.0f} ms", f"{b * 1000:.0f} ms")
    table.add(Row(f"the action's step, a push of {commits}", *cells, a / b))


def _curl(url: str) -> None:
    subprocess.run(["curl", "--silent", "--fail", "--output", "/dev/null", url], check=True)


def measure_whole(_: str, table: Table) -> None:
    """What goes over 100,000 contributions of 5,000 people, or over a thousand joined addresses."""
    with (
        tempfile.TemporaryDirectory() as name,
        LocalRun(Path(name) / "data", "embedded") as run,
    ):
        port = int(run.environment["PORT"])
        fill(Client(port, key=_KEY), CONTRIBUTIONS)
        _measure_page(run.address, table)
        # A new connection each time: the service closes one that is silent for long.
        apart = _median(Client(port, key=_KEY), _PEOPLE_LIST)
        table.add(Row("list of 100 people, nobody joined", _ms(apart)))
        began = time.perf_counter()
        done = run_command("reconcile", environment=run.environment)
        seconds = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(f"reconcile ended with {done.returncode}: {done.stdout[-300:]}")
        table.add(Row(f"reconcile of {CONTRIBUTIONS:,}", f"{seconds:.1f} s"))
        progress(f"joining {_JOINED:,} addresses")
        client = Client(port, key=_KEY)
        for number in range(_JOINED):
            head, further = f"person{2 * number}@example.com", f"person{2 * number + 1}@example.com"
            path = f"/v1/contributors/{head}/aliases"
            status, answer = client.ask("POST", path, {"email": further})
            if status != 201:
                raise RuntimeError(f"the join answered {status}: {answer[:200]!r}")
        joined = _median(client, _PEOPLE_LIST)
        note = "the floor is the same list before the joins"
        cells = (_ms(joined), _ms(apart))
        table.add(Row(f"list of 100 people, {_JOINED:,} joined", *cells, joined / apart, note=note))


def _measure_page(address: str, table: Table) -> None:
    """The ledger's view in a browser that has never seen it, until all of it is there."""
    executable = find_chromium()
    if executable is None:
        progress(f"the page is left out: {MISSING}")
        return
    times = []
    with chromium(executable) as browser:
        for _ in range(_TURNS):
            with tab(browser, address) as opened:
                began = time.perf_counter()
                opened.see("/")
                times.append(time.perf_counter() - began)
    seconds = statistics.median(times)
    cells = (_ms(seconds), _ms(_PAGE_S))
    name, note = f"the page over {CONTRIBUTIONS:,}", f"the first time {_ms(times[0])}"
    table.add(Row(name, *cells, seconds / _PAGE_S, wanted=1, note=note))


def _median(client: Client, path: str) -> float:
    times = []
    for _ in range(_TURNS * 3):
        began = time.perf_counter()
        status, answer = client.ask("GET", path)
        times.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}: {answer[:200]!r}")
    return statistics.median(times[3:])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
