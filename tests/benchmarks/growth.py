"""Whether the ledger stays as fast as it grows, and what each operation is billed for."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from google.cloud.firestore import Client, FieldFilter, Query

from shared.domain.contribution import Commit, CommitReport
from shared.domain.identity import Classifier
from shared.domain.repository import Repository
from shared.domain.sort import Sort
from shared.store.clients import emulator_client
from shared.store.ledger import Ledger, ledger_on
from shared.store.listing import ContributionFilter
from tests.benchmarks.billing import Bill, indexed_entries, reads_of
from tests.benchmarks.served import new_project, report
from tests.benchmarks.table import Row, Table, progress
from tests.contract.spy import Spy

SIZES = (1_000, 10_000, 100_000)
PEOPLE = 5_000
BUSY = "busy@example.com"
_BATCH = 500
_CROWD = 50


@contextmanager
def _ledger(emulator: str) -> Iterator[tuple[Client, Ledger]]:
    client = emulator_client(emulator, project=new_project())
    yield client, ledger_on(client, classify=Classifier(), clock=lambda: datetime.now(UTC))
    client._firestore_api.transport.close()


def _commit(number: int) -> Commit:
    """Everybody is in the first commits, which are by one person: the rest adds no more people."""
    fields = report(number)
    del fields["repository"], fields["cost_amount"]
    crowd = range(number * _CROWD, min((number + 1) * _CROWD, PEOPLE))
    people = [{"email": f"person{n}@example.com"} for n in crowd]
    author = BUSY if number < 2 * PEOPLE // _CROWD else f"person{number % PEOPLE}@example.com"
    return Commit.model_validate(fields | {"contributor_email": author, "co_authors": people})


def _operations(client: Client, ledger: Ledger, size: int) -> dict[str, Callable[[int], object]]:
    lists, find = ledger.lists, ledger.find
    person = find.contributor(BUSY).stored.id
    contribution = find.contribution(f"octo/repo-0@{7:040x}").stored.id
    contributions = client.collection("contributions")
    # What is not of today: a count costs a read for every 1,000.
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    def record(turn: int) -> object:
        fields = report(10**9 + size * 100 + turn) | {"cost_amount": 1}
        return ledger.commits.record(CommitReport.model_validate(fields), recorded_by="bench")

    return {
        "record": record,
        "list of 100": lambda _: lists.contributions(ContributionFilter(), limit=100),
        "filter by contributor": lambda _: lists.contributions(
            ContributionFilter(contributor_ids=(person,)), limit=100
        ),
        "contributors by total": lambda _: lists.contributors(Sort.TOTAL_COST, limit=100),
        "look-up by id": lambda _: find.contribution(contribution),
        "health/tracking": lambda _: ledger.tracker.activity(tomorrow),
        # Beside them, how the emulator itself grows.
        "a bare query for 101": lambda _: list(
            contributions.order_by("timestamp", direction=Query.DESCENDING).limit(101).stream()
        ),
        "a bare query for one": lambda _: list(
            contributions.where(filter=FieldFilter("id", "==", contribution)).limit(1).stream()
        ),
    }


def measure_growth(emulator: str, table: Table, sizes: tuple[int, ...] = SIZES) -> None:
    """Time and documents read of each operation at several sizes of one ledger."""
    with _ledger(emulator) as (client, ledger):
        spy = Spy(client)
        seen: dict[str, list[tuple[float, float]]] = {}
        done = 0
        for size in sizes:
            while done < size:
                progress(f"growth: {done:,} of {sizes[-1]:,} contributions")
                for _ in range(min(10, (size - done) // _BATCH)):
                    commits = [_commit(done + n) for n in range(_BATCH)]
                    repository = Repository("octo", f"repo-{done // _BATCH % 50}")
                    ledger.commits.record_all(repository, commits, recorded_by="bench")
                    done += _BATCH
            for name, operation in _operations(client, ledger, size).items():
                operation(0)
                spy.forget()
                times = []
                for turn in range(1, 21):
                    began = time.perf_counter()
                    operation(turn)
                    times.append(time.perf_counter() - began)
                read = sum(reads_of(call) for call in spy.calls) / len(times)
                seen.setdefault(name, []).append((statistics.median(times), read))
    for name, found in seen.items():
        (first, first_read), (last, last_read) = found[0], found[-1]
        steps = ", ".join(f"{t * 1000:.1f}" for t, _ in found)
        ratio = max(last_read, 1) / max(first_read, 1)
        sizes_text = f"{sizes[-1]:,} / {sizes[0]:,}"
        table.add(
            Row(f"{name}, reads, {sizes_text}", f"{last_read:g}", f"{first_read:g}", ratio, 1.2)
        )
        table.add(
            Row(
                f"{name}, time, {sizes_text}",
                f"{last * 1000:.1f} ms",
                f"{first * 1000:.1f} ms",
                last / first,
                note=f"{steps} ms",
            )
        )


def measure_bill(emulator: str, table: Table) -> None:
    """What Firestore bills for each operation."""
    progress("billed operations")
    with _ledger(emulator) as (client, ledger):
        bill = Bill(Spy(client))

        def row(name: str, operation: Callable[[], object]) -> None:
            before = indexed_entries(client)
            cost = bill.of(operation)
            note = f"{cost.rpcs} RPCs, {indexed_entries(client) - before} more index entries"
            table.add(
                Row(f"billed: {name}", f"{cost.reads} reads", f"{cost.writes} writes", note=note)
            )

        def record(number: int, **changes: object) -> None:
            fields = report(number) | {"cost_amount": 1} | changes
            ledger.commits.record(CommitReport.model_validate(fields), recorded_by="bench")

        row("the very first record", lambda: record(1))
        row("record", lambda: record(2))
        row("replay", lambda: record(2))
        people = [{"email": f"co{n}@example.com"} for n in range(2)]
        record(3, co_authors=people)
        row("record with 2 co-authors", lambda: record(4, co_authors=people))
        commits = [Commit.model_validate(_fields(n)) for n in range(1000, 1500)]
        repository = Repository("octo", "repo")
        row(
            "batch of 500 by one person",
            lambda: ledger.commits.record_all(repository, commits, recorded_by="bench"),
        )
        row("list of 100", lambda: ledger.lists.contributions(ContributionFilter(), limit=100))
        contribution = ledger.find.contribution(f"octo/repo@{2:040x}").stored.id
        row("look-up by id", lambda: ledger.find.contribution(contribution))
        row("void", lambda: ledger.voids.void(contribution, voided_by="bench", reason=None))
        row("health/tracking", lambda: ledger.tracker.activity(datetime.now(UTC)))


def _fields(number: int) -> dict[str, object]:
    fields = report(number) | {"cost_amount": 1}
    del fields["repository"]
    return fields
