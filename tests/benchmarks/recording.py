"""Warm records, throughput, batches, lists, cold starts and memory, each beside its floor."""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

from google.cloud import firestore

from shared.store.clients import emulator_client
from tests.benchmarks.floor.main import contribution
from tests.benchmarks.served import (
    FLOOR,
    ROOT,
    Client,
    Run,
    Served,
    first_answer,
    load,
    new_project,
    report,
    served,
)
from tests.benchmarks.table import Row, Table, progress

BATCH = "/v1/contributions/github/batch"

_numbers = count(1)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


@contextmanager
def _pair(emulator: str) -> Iterator[tuple[Served, Served]]:
    with (
        served(ROOT, "track_github", emulator, new_project()) as ours,
        served(FLOOR, "record", emulator, new_project()) as floor,
    ):
        for function in (ours, floor):
            first_answer(function.port, report(next(_numbers)))
            _run(function, clients=4, requests=200)
        yield ours, floor


def _run(function: Served, *, clients: int, requests: int, repositories: int = 1) -> Run:
    first = next(_numbers) * 1_000_000
    return load(
        function.port,
        clients,
        requests,
        lambda number: report(first + number, f"octo/repo-{number % repositories}"),
    )


def measure_record(emulator: str, table: Table) -> None:
    """Median and 95th percentile of one client's records, in turns with the floor."""
    progress("warm record")
    with _pair(emulator) as (ours, floor):
        mine: list[float] = []
        theirs: list[float] = []
        for _ in range(10):
            mine += _run(ours, clients=1, requests=100).latencies
            theirs += _run(floor, clients=1, requests=100).latencies
    for name, part in (("warm record, median", 0.5), ("warm record, 95th percentile", 0.95)):
        a, b = (sorted(values)[int(part * len(values))] for values in (mine, theirs))
        wanted = 1.10 if part == 0.5 else None
        table.add(Row(name, _ms(a), _ms(b), a / b, wanted))


def measure_throughput(emulator: str, table: Table) -> None:
    """Records a second from several clients, on one repository and on fifty."""
    with _pair(emulator) as (ours, floor):
        for repositories in (1, 50):
            for clients in (1, 16, 64):
                progress(f"throughput, {clients} clients, {repositories} repositories")
                # One client is quick or slow by chance, so that its best of many short runs counts.
                turns, requests = (8, 300) if clients == 1 else (2, 1500)
                runs: dict[str, list[Run]] = {"ours": [], "floor": []}
                for _ in range(turns):
                    for name, function in (("ours", ours), ("floor", floor)):
                        runs[name].append(
                            _run(
                                function,
                                clients=clients,
                                requests=requests,
                                repositories=repositories,
                            )
                        )
                a, b = (max(r.per_second() for r in runs[name]) for name in ("ours", "floor"))
                errors = sum(run.errors for run in runs["ours"])
                place = "1 repository" if repositories == 1 else f"{repositories} repositories"
                name = f"{clients} clients on {place}"
                note = f"{errors} errors"
                wanted = 1.3 if repositories == 1 and clients > 1 else 0.95
                table.add(Row(name, f"{a:.0f}/s", f"{b:.0f}/s", a / b, wanted, False, note))
        progress("exactness of the totals")
        database = emulator_client(emulator, project=ours.project)
        totals = [d.to_dict() for d in database.collection("assets").stream()]
        contributions = database.collection("contributions").count().get()[0][0].value
        exact = sum(t["contribution_count"] for t in totals) == contributions and sum(
            t["total_cost_micros"] for t in totals
        ) == int(contributions * 100_500_000)
        table.add(
            Row("totals after all that", "exact" if exact else "WRONG", note=f"{contributions:.0f}")
        )


def measure_batch(emulator: str, table: Table) -> None:
    """Contributions a second in batches of 500, in turns with single posts and bare creates."""
    posted: list[float] = []
    single: list[float] = []
    bare: list[float] = []
    with served(ROOT, "track_github", emulator, new_project()) as ours:
        first_answer(ours.port, report(next(_numbers)))
        database = emulator_client(emulator, project=ours.project)
        for turn in range(5):
            progress(f"batches of 500, turn {turn + 1} of 5")
            run = _run(ours, clients=1, requests=500)
            client = Client(ours.port)
            batches = [_post_batch(client) for _ in range(3)]
            created = [_create_bare(database) for _ in range(3)]
            # The first turn warms up the emulator.
            if turn:
                single.append(run.seconds)
                posted += batches
                bare += created
    rate, one_by_one, floor = (500 / statistics.median(times) for times in (posted, single, bare))
    for name, other, wanted in (("single posts", one_by_one, 15), ("bare creates", floor, 1.5)):
        cells = (f"{rate:.0f}/s", f"{other:.0f}/s")
        table.add(Row(f"batch of 500, over {name}", *cells, rate / other, wanted, at_most=False))


def measure_batches_of_one(emulator: str, table: Table) -> None:
    """Batches of one commit a second from several clients on one repository, as actions send them.

    The floor records as many single reports.
    """
    with _pair(emulator) as (ours, floor):
        for clients in (16, 64):
            progress(f"batches of one, {clients} clients")
            runs: dict[str, list[Run]] = {"ours": [], "floor": []}
            for _ in range(3):
                batch = partial(_batch, number=1, begin=next(_numbers) * 1_000_000)
                runs["ours"].append(load(ours.port, clients, 1500, batch, path=BATCH))
                runs["floor"].append(_run(floor, clients=clients, requests=1500))
            a, b = (max(run.per_second() for run in runs[name]) for name in ("ours", "floor"))
            note = f"{sum(run.errors for run in runs['ours'])} errors"
            name = f"batches of one, {clients} clients on 1 repository"
            table.add(Row(name, f"{a:.0f}/s", f"{b:.0f}/s", a / b, 1.3, False, note))


def _batch(first: int, *, number: int, begin: int = 0) -> dict[str, object]:
    commits = [report(begin + first + n) for n in range(number)]
    for commit in commits:
        del commit["repository"]
    return {"repository": "octo/repo", "commits": commits}


def _post_batch(client: Client) -> float:
    batch = _batch(next(_numbers) * 1_000_000, number=500)
    began = time.perf_counter()
    status, answer = client.ask("POST", BATCH, batch)
    if status != 200 or b'"recorded":500' not in answer:
        raise RuntimeError(f"the batch answered {status}: {answer[:200]!r}")
    return time.perf_counter() - began


def _create_bare(database: firestore.Client) -> float:
    first = next(_numbers) * 1_000_000
    began = time.perf_counter()
    writes = database.batch()
    for number in range(first, first + 500):
        document = database.collection("bare").document(f"octo:repo@{number:040x}")
        fields = contribution(f"{number:040x}", {"files_changed": 3, "lines_added": 120})
        writes.create(document, fields | {"recorded_at": firestore.SERVER_TIMESTAMP})
    writes.commit()
    return time.perf_counter() - began


def measure_list(emulator: str, table: Table) -> None:
    """Lists over the same bare reads turned into JSON."""
    project, people = new_project(), 200
    with (
        served(ROOT, "track_github", emulator, project) as writer,
        served(ROOT, "contributions", emulator, project) as contributions,
        served(ROOT, "assets", emulator, project) as assets,
        served(FLOOR, "read", emulator, project) as floor,
    ):
        first_answer(writer.port, report(next(_numbers)))
        _run(writer, clients=4, requests=300)
        client = Client(writer.port)
        for number in range(people):
            by = {"contributor_email": f"person{number}@example.com"}
            client.ask("POST", "/", report(next(_numbers) * 1_000_000) | by)
        asset = "/v1/assets/octo/repo"
        for name, function, path, bare, wanted in (
            ("list of 100", contributions, "/?limit=100", "/newest", 0.6),
            ("an asset's contributors, 100", assets, f"{asset}/contributors", "/parts", 1.1),
            ("an asset's months", assets, f"{asset}/months", "/months", 1.1),
        ):
            progress(name)
            times: dict[str, list[float]] = {path: [], bare: []}
            clients = {path: Client(function.port), bare: Client(floor.port)}
            for _ in range(40):
                for place, seen in times.items():
                    began = time.perf_counter()
                    status, _ = clients[place].ask("GET", place)
                    seen.append(time.perf_counter() - began)
                    if status != 200:
                        raise RuntimeError(f"{place} answered {status}")
            a, b = (statistics.median(seen[5:]) for seen in times.values())
            table.add(Row(name, _ms(a), _ms(b), a / b, wanted))


def measure_cold_start(emulator: str, table: Table) -> None:
    """From exec to the first 201, in turns with the floor; then what the imports cost.

    The author and the repository are in the ledger already, as they are for a function that has
    been at rest for a while; the first turn puts them there.
    """
    _compile()
    projects = {"track_github": new_project(), "record": new_project()}
    times: dict[str, list[float]] = {"track_github": [], "record": []}
    for turn in range(10):
        progress(f"cold start {turn + 1} of 10")
        for source, target in ((ROOT, "track_github"), (FLOOR, "record")):
            began = time.perf_counter()
            with served(source, target, emulator, projects[target]) as function:
                first_answer(function.port, report(turn))
                if turn:
                    times[target].append(time.perf_counter() - began)
    a, b = (statistics.median(seen) for seen in times.values())
    table.add(Row("cold start to the first 201", f"{a:.2f} s", f"{b:.2f} s", a / b, 1.02))
    for name, micros in heaviest_imports(10):
        table.add(Row(f"  import {name}", f"{micros / 1000:.0f} ms", note="with all below it"))


def _compile() -> None:
    # As the buildpack does before it starts a function for the first time.
    # https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/python/functions_framework/lib/lib.go
    for folder in (ROOT / "functions", ROOT / "shared", FLOOR):
        compileall.compile_dir(folder, quiet=1)


def heaviest_imports(number: int) -> list[tuple[str, int]]:
    """The modules that take longest to import, with what they import, in microseconds."""
    code = "import main; main.track_github; import shared.store.recording"
    command = [sys.executable, "-X", "importtime", "-c", f"import functions_framework; {code}"]
    errors = subprocess.run(
        command, cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, check=True, text=True
    ).stderr
    found = []
    for line in errors.splitlines()[1:]:
        _, cumulative, name = line.removeprefix("import time:").split("|")
        found.append((name.strip(), int(cumulative)))
    return sorted(found, key=lambda pair: -pair[1])[:number]


def measure_memory(emulator: str, table: Table) -> None:
    """Memory of one instance after its first requests, and after 10,000."""
    progress("memory after 10,000 requests")
    with served(ROOT, "track_github", emulator, new_project()) as ours:
        first_answer(ours.port, report(next(_numbers)))
        _run(ours, clients=16, requests=200)
        idle = ours.memory()
        _run(ours, clients=16, requests=10_000)
        after = ours.memory()
    table.add(
        Row(
            "memory after 10,000 requests",
            f"{after / 2**20:.0f} MiB",
            f"{idle / 2**20:.0f} MiB",
            after / idle,
            1.1,
            note="the floor is the same instance after 200",
        )
    )
