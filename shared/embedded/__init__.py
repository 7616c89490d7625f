"""Firestore in this process, for machines without the emulator and for fast tests.

The client is the real one; what it talks to is a small implementation of the RPCs that the ledger
sends: Commit, BatchGetDocuments, RunQuery, RunAggregationQuery and ListCollectionIds. It answers
as Firestore does, from one SQLite database, and refuses what the ledger never asks.

Any number of processes may have a store open; each opens it after it was forked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared.embedded import files
from shared.embedded.files import EmbeddedStoreError as EmbeddedStoreError

# The client takes half a second to import, and who only asks about files needs none.
if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from shared.embedded.commits import Clock
    from shared.embedded.database import Database

INDEX_FILE = Path(__file__).parents[1] / "firestore" / "firestore.indexes.json"


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_embedded(
    path: Path | None, *, project: str, clock: Clock = _utc_now, index_file: Path = INDEX_FILE
) -> EmbeddedFirestore:
    """Open a store, or begin one.

    Args:
        path: the directory that holds it, created where it is missing; None keeps everything in
            memory.
        project: the project id of clients that name no other.
        clock: the time now, aware of its zone. Update times follow it, but never go back.
        index_file: what `firebase deploy` gives Firestore. Where it has changed, all index entries
            are made anew.

    Raises:
        EmbeddedStoreError: the directory holds something else; it is left as it is.
    """
    from shared.embedded.database import Database
    from shared.embedded.documents import follow_rules
    from shared.embedded.status import StatusError

    if path is None:
        database = Database(files.connect_to_memory, most=1)
    else:
        database = Database(partial(files.connect, files.prepare(path)))
    store = EmbeddedFirestore(database, project=project, clock=clock, index_file=index_file)
    try:
        with database.writing() as connection:
            follow_rules(connection, store.indexes)
    except StatusError as error:
        store.close()
        raise EmbeddedStoreError(error.details()) from None
    return store


def read_embedded(path: Path, *, project: str) -> EmbeddedFirestore:
    """Look at a store, while other processes may be writing into it; writing is refused.

    One that was never begun is empty, and stays so. Arguments and errors are those of
    `open_embedded`.
    """
    from shared.embedded.database import Database

    if not files.exists(path):
        return open_embedded(None, project=project)
    database = Database(partial(files.connect, path / files.DATABASE, read_only=True))
    return EmbeddedFirestore(database, project=project, clock=_utc_now, index_file=INDEX_FILE)


class EmbeddedFirestore:
    """An open store. It serves any number of clients and threads of this process."""

    def __init__(self, database: Database, *, project: str, clock: Clock, index_file: Path) -> None:
        from shared.embedded.commits import Commits
        from shared.embedded.documents import Documents
        from shared.embedded.indexes import Indexes
        from shared.embedded.rpc import FirestoreRpc

        self.indexes = Indexes(index_file)
        self._project = project
        self._database = database
        self._rpc = FirestoreRpc(
            Documents(database, self.indexes), Commits(database, self.indexes, clock)
        )

    def client(self, *, project: str | None = None, database: str | None = None) -> Client:
        """A Firestore client on this store. Projects and databases do not see each other."""
        from shared.embedded.channel import connect

        return connect(self._rpc, project=project or self._project, database=database)

    def check(self) -> list[str]:
        """What is wrong with what is stored, a sentence each; nothing where all is well."""
        from shared.embedded.check import findings

        with self._database.reading() as connection:
            return list(findings(connection, self.indexes))

    def close(self) -> None:
        """Finish the commits under way and fold the log in. Calls fail from now on."""
        self._database.close()

    def __enter__(self) -> EmbeddedFirestore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
