"""The ledger: everything that can be done with what Firestore keeps, over one connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from google.cloud.firestore import Client

from shared.domain.contributor import ContributorType
from shared.store.accounts import Registrar
from shared.store.batch import BatchRecorder
from shared.store.connection import Connection
from shared.store.deadline import Timing
from shared.store.entries import EntryRecorder
from shared.store.health import Probe
from shared.store.keys import KeyStore
from shared.store.known import KnownTypes
from shared.store.listing import Lister
from shared.store.lookup import Finder
from shared.store.recording import Recorder
from shared.store.tracking import Tracker
from shared.store.voiding import Voider


@dataclass(frozen=True)
class Ledger:
    """The parts of the ledger, put together once for a process."""

    connection: Connection
    commits: Recorder
    batches: BatchRecorder
    entries: EntryRecorder
    voids: Voider
    registrar: Registrar
    find: Finder
    lists: Lister
    keys: KeyStore
    probe: Probe
    tracker: Tracker


def ledger_on(
    client: Client,
    *,
    classify: Callable[[str], ContributorType],
    clock: Callable[[], datetime],
    timing: Timing | None = None,
) -> Ledger:
    """The ledger kept in the database that `client` is connected to."""
    connection = Connection(client, timing or Timing())
    known = KnownTypes()
    return Ledger(
        connection=connection,
        commits=Recorder(connection, classify, clock, known),
        batches=BatchRecorder(connection, classify, clock, known),
        entries=EntryRecorder(connection, clock),
        voids=Voider(connection),
        registrar=Registrar(connection),
        find=Finder(connection),
        lists=Lister(connection),
        keys=KeyStore(connection),
        probe=Probe(connection),
        tracker=Tracker(connection),
    )
