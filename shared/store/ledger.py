"""The ledger: everything that can be done with what Firestore keeps, over one connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from google.cloud.firestore import Client

from shared.domain.contributor import ContributorType
from shared.store.connection import Connection
from shared.store.deadline import Timing
from shared.store.health import Probe
from shared.store.listing import Lister
from shared.store.recording import Recorder


@dataclass(frozen=True)
class Ledger:
    """The parts of the ledger, put together once for a process."""

    connection: Connection
    commits: Recorder
    lists: Lister
    probe: Probe


def ledger_on(
    client: Client,
    *,
    classify: Callable[[str], ContributorType],
    clock: Callable[[], datetime],
    timing: Timing | None = None,
) -> Ledger:
    """The ledger kept in the database that `client` is connected to."""
    connection = Connection(client, timing or Timing())
    return Ledger(
        connection=connection,
        commits=Recorder(connection, classify, clock),
        lists=Lister(connection),
        probe=Probe(connection),
    )
