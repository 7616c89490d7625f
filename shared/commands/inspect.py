"""`make inspect`: print the documents as the Firestore console shows them.

It looks where `make run` is serving, or else at what earlier runs have stored.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from shared.commands.emulator import Emulator, find_emulator
from shared.commands.emulator.exports import metadata
from shared.commands.emulator.process import answers, runs_at
from shared.commands.errors import CommandError
from shared.commands.ledger_access import open_for_writing
from shared.commands.local.data_directory import DataDirectory
from shared.commands.local.document_text import document_lines
from shared.commands.local.environment import local_environment

if TYPE_CHECKING:
    from google.cloud.firestore import Client

DEFAULT_LIMIT = 20


def print_documents(client: Client, *, collection: str | None, limit: int) -> None:
    """Print the first `limit` documents of each collection, or of the one that is named."""
    from shared.store.browsing import collections

    wanted = [c for c in collections(client) if collection in {None, c.name}]
    if not wanted:
        print(f"no documents in {collection}" if collection else "no documents")
    for one in wanted:
        count = one.count()
        print(f"{one.name} ({count} document{'' if count == 1 else 's'})")
        for document_id, fields in one.documents(limit):
            for line in document_lines(document_id, fields):
                print(f"  {line}")
        if count > limit:
            print(f"  and {count - limit} more: LIMIT={count} shows all")


def open_client(environment: Mapping[str, str], stack: ExitStack) -> tuple[Client, str]:
    """A client on the documents to print, and where they are. `stack` closes what was opened.

    Raises `CommandError` where the backend cannot be had.
    """
    from shared.store.browsing import emulator_client
    from shared.store.embedded import read_embedded

    project = environment["GOOGLE_CLOUD_PROJECT"]
    forced = environment.get("LEDGER_BACKEND")
    data = DataDirectory(Path(environment["LEDGER_DATA_DIR"]))
    named = environment.get("FIRESTORE_EMULATOR_HOST")
    if named and forced != "embedded":
        if not answers(named):
            raise CommandError(f"No emulator answers at FIRESTORE_EMULATOR_HOST={named}")
        return emulator_client(named, project=project), f"the emulator at {named}"

    running = data.run()
    if running and forced in {None, "", running.backend}:
        host = running.emulator_host
        if host and _is_there(host, running.emulator_pid):
            return emulator_client(host, project=running.project), f"the emulator at {host}"
        if running.backend == "embedded":
            forced, project = "embedded", running.project

    backend = forced or next(iter(data.holding()), "embedded")
    if backend == "embedded":
        copy = read_embedded(data.embedded, project=project)
        return copy.client(), f"the embedded store in {data.embedded}"
    newest = next(iter(data.exports.complete()), None)
    if newest is None:
        raise CommandError(f"There is no data of the emulator in {data.root}")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    installation = find_emulator(environment, home=Path.home())
    emulator = Emulator.start(installation, log=folder / "log", metadata=metadata(newest))
    stack.callback(emulator.stop)
    return emulator_client(emulator.host, project=project), f"the emulator's latest export {newest}"


def _is_there(host: str, pid: int | None) -> bool:
    # A run that was killed leaves its note behind, and its port may be somebody else's by now.
    return answers(host) and (pid is None or runs_at(pid, host))


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Print the documents in Firestore.")
    parser.add_argument("--collection", help="only this one")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="documents a collection")
    parser.add_argument("--cloud", metavar="PROJECT", help="Firestore in the cloud")
    arguments = parser.parse_args()
    if arguments.limit < 1:
        parser.error("the limit must be at least 1")
    try:
        with ExitStack() as stack:
            if arguments.cloud:
                client, where = open_for_writing({}, stack, cloud=arguments.cloud)
            else:
                client, where = open_client(local_environment(os.environ), stack)
            print(f"From {where}:")
            print_documents(client, collection=arguments.collection, limit=arguments.limit)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
