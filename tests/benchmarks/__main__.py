"""`make bench`: every figure beside its floor, measured in the same run, and bench.json.

It takes some minutes, wants a machine that does nothing else, and only prints what it measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tests.backends import start_emulator
from tests.benchmarks.embedded import measure_embedded
from tests.benchmarks.growth import measure_bill, measure_growth
from tests.benchmarks.recording import (
    measure_batch,
    measure_batches_of_one,
    measure_cold_start,
    measure_list,
    measure_memory,
    measure_record,
    measure_throughput,
)
from tests.benchmarks.table import Table
from tests.benchmarks.waits import measure_action, measure_whole

MEASURES: dict[str, Callable[[str, Table], None]] = {
    "record": measure_record,
    "throughput": measure_throughput,
    "batch": measure_batch,
    "batches-of-one": measure_batches_of_one,
    "list": measure_list,
    "cold-start": measure_cold_start,
    "memory": measure_memory,
    "bill": measure_bill,
    "growth": measure_growth,
    "embedded": measure_embedded,
    "action": measure_action,
    "whole": measure_whole,
}


def main() -> int:
    """Run the bench; 1 where a figure misses what is wanted."""
    parser = argparse.ArgumentParser(description="Measure the ledger against its floors.")
    parser.add_argument("only", nargs="*", choices=[*MEASURES, []], help="all, unless named")
    parser.add_argument("--out", type=Path, default=Path("bench.json"))
    arguments = parser.parse_args()
    table = Table()
    table.head()
    for name in arguments.only or MEASURES:
        # An emulator of its own for each: what one has left in memory must not slow the next.
        with start_emulator() as emulator:
            MEASURES[name](emulator, table)
    table.write(arguments.out)
    return int(any(row.verdict == "MISSED" for row in table.rows))


if __name__ == "__main__":
    sys.exit(main())
