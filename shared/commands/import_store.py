"""`make import FILE=store.json`: take over what the replaced service kept in its JSON store.

It may be run before and after live recording began, while commits are being recorded, and again:
what the ledger has stays as it is, and is found under its old id from then on. Nothing that is
printed holds an email address; a record is named by its list and its place in it, from 0.

Exit codes: 0 what can be taken is in the ledger, and what was left out is named with the reason;
1 the file cannot be used, or the import could not be finished, and is simply run again.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shared.commands.errors import CommandError
from shared.commands.ledger_access import ended, open_for_writing
from shared.commands.local.environment import local_environment
from shared.domain.errors import InvalidInput
from shared.domain.identity import Classifier
from shared.domain.legacy.file import LegacyFile, NotTaken
from shared.domain.legacy.notes import some_of
from shared.domain.legacy.plan import ImportPlan, plan_import
from shared.web.settings import Settings

if TYPE_CHECKING:
    from shared.store.importing import Importer


# Seconds for one step of the import, tries included: there is no request that waits for it.
_STEP_BUDGET = 60.0
_RPC_TIMEOUT = 30.0


def import_plan(plan: ImportPlan, importer: Importer) -> list[str]:
    """Import; gives the lines of the report. Raises `Unavailable`."""
    done = importer.run(plan)
    not_taken = [*plan.not_taken, *done.not_taken]
    notes = [*plan.notes]
    if done.differing:
        notes.append(f"{some_of(done.differing)}: the ledger has another cost, which stays")
    lines = ["Nothing was written; an import would come to this:"] if importer.dry_run else []
    lines += [
        f"{name}: {tally.created} created, {tally.given_ids} given old ids, "
        f"{tally.unchanged} unchanged"
        for name, tally in done.tallies().items()
    ]
    if not_taken:
        lines += [f"Left out ({len(not_taken)} records):", *_grouped(not_taken)]
    if notes:
        lines += ["Taken, with a difference:", *(f"  {note}" for note in notes)]
    return lines


def _grouped(not_taken: Iterable[NotTaken]) -> Iterator[str]:
    """A line for each reason, with how many records it concerns and the first of them."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in not_taken:
        name = one.place.partition("[")[0]
        places[name, one.reason].append(one.place)
    for (name, reason), where in places.items():
        yield f"  {len(where)} of {name}: {reason} ({some_of(where)})"


def read_plan(path: Path, settings: Settings) -> ImportPlan:
    """The plan for a file; raises `CommandError` where it is not such a file."""
    try:
        file = LegacyFile.parse(path.read_bytes())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    except InvalidInput as error:
        faults = ", ".join(fault.message for fault in error.faults)
        raise CommandError(f"{path} is not a store of the replaced service: it {faults}") from None
    classifier = Classifier(settings.contributor_types)
    return plan_import(file, classify=classifier, now=datetime.now(UTC))


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="import_store", description="Import the JSON store of the replaced service."
    )
    parser.add_argument("file", type=Path, help="what its GRAPH_STORE_PATH named")
    parser.add_argument("--dry-run", action="store_true", help="say what would be, write nothing")
    parser.add_argument("--cloud", metavar="PROJECT", help="Firestore in the cloud")
    arguments = parser.parse_args()
    return ended(lambda: _take_over(arguments))


def _take_over(arguments: argparse.Namespace) -> None:
    from shared.store.connection import Connection
    from shared.store.deadline import Timing
    from shared.store.importing import Importer

    environment = local_environment(os.environ)
    settings = Settings.from_environment(environment)
    plan = read_plan(arguments.file, settings)
    with ExitStack() as stack:
        client, where = open_for_writing(environment, stack, cloud=arguments.cloud)
        print(f"Into {where}:", flush=True)
        timing = Timing(budget=_STEP_BUDGET, rpc_timeout=_RPC_TIMEOUT)
        lines = import_plan(
            plan,
            Importer(
                Connection(client, timing),
                Classifier(settings.contributor_types),
                dry_run=arguments.dry_run,
            ),
        )
        print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
