"""`make inspect`: print the documents as the Firestore console shows them.

It looks where `make run` is serving, or else at what earlier runs have stored.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from shared.commands.errors import CommandError
from shared.commands.ledger_access import (
    embedded_store,
    open_for_reading,
    open_for_writing,
)
from shared.commands.local.document_text import document_lines
from shared.commands.local.environment import local_environment

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.embedded import EmbeddedFirestore

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


def print_findings(store: EmbeddedFirestore, where: str) -> int:
    """Print what is wrong with an embedded store; 1 where something is."""
    print(f"Checking {where}:")
    damaged = False
    for finding in store.check():
        damaged = True
        print(f"  {finding}")
    if not damaged:
        print("  every document and every index entry is as it was stored")
    return int(damaged)


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Print the documents in Firestore.")
    parser.add_argument("--collection", help="only this one")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="documents a collection")
    parser.add_argument("--cloud", metavar="PROJECT", help="Firestore in the cloud")
    parser.add_argument("--check", action="store_true", help="check the embedded store instead")
    arguments = parser.parse_args()
    if arguments.limit < 1:
        parser.error("the limit must be at least 1")
    try:
        with ExitStack() as stack:
            if arguments.check:
                return print_findings(*embedded_store(local_environment(os.environ), stack))
            if arguments.cloud:
                client, where = open_for_writing({}, stack, cloud=arguments.cloud)
            else:
                client, where = open_for_reading(local_environment(os.environ), stack)
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
