"""The embedded store: against bare SQLite, and whether it stays as fast as it grows."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.commands.export import Export, write
from shared.commands.service import Service
from tests.benchmarks.served import (
    FLOOR,
    KEY,
    LOCAL,
    ROOT,
    Client,
    Served,
    first_answer,
    load,
    report,
    served,
)
from tests.benchmarks.table import Row, Table, progress

SIZES = (1_000, 100_000)
PEOPLE, REPOSITORIES, BATCH = 5_000, 50, 500
# What each operation may take with the larger size, in milliseconds.
WANTED = {"list of 100": 15.0, "one by id": 5.0, "tracking": 20.0}
# Tracking counts people, so it takes longer the more there are.
MAY_GROW = {"tracking"}


@contextmanager
def _function(target: str, folder: Path) -> Iterator[Served]:
    variables = {"LEDGER_BACKEND": "embedded", "LEDGER_DATA_DIR": str(folder)}
    with served(ROOT, target, "", "demo-bench", **variables) as function:
        yield function


def measure_embedded(_: str, table: Table) -> None:
    """Single posts over bare SQLite; filling; start, memory and reads by size; all as CSV."""
    with tempfile.TemporaryDirectory() as folder:
        _measure_posts(Path(folder), table)
        seen = {size: _measure_size(Path(folder) / str(size), size, table) for size in SIZES}
    small, large = (seen[size] for size in SIZES)
    for name, most in WANTED.items():
        a, b = large[name], small[name]
        cells = (f"{a:.2f} ms", f"{most:g} ms")
        table.add(Row(f"embedded, {name}, of {SIZES[1]:,}", *cells, a / most, 1))
        if name in MAY_GROW:
            continue
        cells = (f"{a:.2f} ms", f"{b:.2f} ms")
        note = "at most 1.5 times the smaller ledger's, or 5 ms more"
        table.add(Row(f"embedded, {name}, grown", *cells, a / max(1.5 * b, b + 5), 1, note=note))
    more = large["start"] - small["start"]
    cells = (f"{large['start']:.2f} s", f"{small['start']:.2f} s")
    table.add(Row("embedded, start", *cells, more / 0.5, 1, note="at most 0.5 s more"))
    memory = large["memory"]
    table.add(Row("embedded, memory", f"{memory:.0f} MiB", "150 MiB", memory / 150, 1))


def _measure_posts(folder: Path, table: Table) -> None:
    database = str(folder / "floor.sqlite3")
    with (
        _function("track_github", folder / "posts") as ours,
        served(FLOOR, "record_rows", "", "", FLOOR_DATABASE=database) as floor,
    ):
        for clients in (1, 16, 64):
            rates: dict[str, list[float]] = {"ours": [], "floor": []}
            for turn in range(4):
                progress(f"embedded, {clients} clients, turn {turn + 1} of 4")
                for name, function in (("ours", ours), ("floor", floor)):
                    first = (clients * 10 + turn) * 1_000_000
                    first_answer(function.port, report(first))
                    run = load(function.port, clients, 800, lambda n, f=first: report(f + n + 1))  # type: ignore[misc]
                    rates[name].append(run.per_second())
            a, b = (statistics.median(rates[name][1:]) for name in ("ours", "floor"))
            row = (f"embedded, {clients} clients over bare SQLite", f"{a:.0f}/s", f"{b:.0f}/s")
            table.add(Row(*row, a / b, 0.7, at_most=False))


def _measure_size(folder: Path, size: int, table: Table) -> dict[str, float]:
    seen: dict[str, float] = {}
    with _function("track_github", folder) as writer:
        first_answer(writer.port, report(10**9))
        began = time.perf_counter()
        fill(Client(writer.port), size)
        rate = size / (time.perf_counter() - began)
    if size == SIZES[-1]:
        name = f"embedded, filling in batches of {BATCH}"
        table.add(Row(name, f"{rate:.0f}/s", "2200/s", rate / 2200, 1, at_most=False))
    began = time.perf_counter()
    with _function("contributions", folder) as reader:
        first_answer_of(reader.port, "/?limit=1")
        seen["start"] = time.perf_counter() - began
        client = Client(reader.port)
        seen["list of 100"] = _milliseconds(client, "/?limit=100")
        listed = client.ask("GET", "/?limit=1")[1].decode()
        seen["one by id"] = _milliseconds(client, f"/v1/contributions/{listed.split(chr(34))[3]}")
        seen["memory"] = reader.memory() / 2**20
        if size == SIZES[-1]:
            _measure_csv(reader, folder / "all.csv", size, table)
    with _function("health", folder) as health:
        first_answer_of(health.port, "/v1/health/tracking")
        seen["tracking"] = _milliseconds(Client(health.port), "/v1/health/tracking")
    return seen


def _measure_csv(reader: Served, file: Path, size: int, table: Table) -> None:
    """All contributions as CSV, part by part to the end, as `make export` writes them."""
    progress(f"embedded, CSV of {size:,}")
    idle = reader.memory()
    export = Export(Service(f"http://{LOCAL}:{reader.port}", KEY).lines, progress)
    began = time.perf_counter()
    rows = write(export, "/v1/contributions", {"format": "csv"}, file)
    seconds = time.perf_counter() - began
    # The first one waited for the function to start.
    if rows != size + 1:
        raise RuntimeError(f"the CSV has {rows} rows")
    more = (reader.memory(most=True) - idle) / 2**20
    name, note = f"embedded, CSV of {size:,}", f"and at most {more:.0f} MiB more memory"
    table.add(Row(name, f"{seconds:.1f} s", note=note))


def fill(client: Client, size: int) -> None:
    """Record so many contributions by `PEOPLE` to `REPOSITORIES`."""
    progress(f"embedded, filling with {size:,}")
    for number in range(size // BATCH):
        status, answer = client.ask("POST", "/v1/contributions/github/batch", _batch(number))
        if status != 200 or b'"recorded":500' not in answer:
            raise RuntimeError(f"the batch answered {status}: {answer[:200]!r}")


def _batch(number: int) -> dict[str, Any]:
    """A batch of one repository, by the hundred people who work on it."""
    repository = number % REPOSITORIES
    people = PEOPLE // REPOSITORIES
    commits = [report(number * BATCH + n) for n in range(BATCH)]
    for n, commit in enumerate(commits):
        del commit["repository"]
        commit["contributor_email"] = f"person{repository * people + n % people}@example.com"
    return {"repository": f"octo/repo-{repository}", "commits": commits}


def first_answer_of(port: int, path: str) -> None:
    """Wait until a path is answered with 200, asking all the while."""
    while True:
        try:
            status, _ = Client(port).ask("GET", path)
        except OSError:
            time.sleep(0.005)
            continue
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        return


def _milliseconds(client: Client, path: str) -> float:
    times = []
    for _ in range(30):
        began = time.perf_counter()
        status, answer = client.ask("GET", path)
        times.append(time.perf_counter() - began)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}: {answer[:200]!r}")
    return statistics.median(times[5:]) * 1000
