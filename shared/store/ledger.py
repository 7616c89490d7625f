"""The ledger: everything that can be done with what Firestore keeps, over one connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from google.cloud.firestore import Client

from shared.domain.contributor import ContributorType
from shared.store.connection import Connection
from shared.store.deadline import Timing

if TYPE_CHECKING:
    from shared.store.accounts import Registrar
    from shared.store.aliases import Aliases
    from shared.store.distributing import Distributor
    from shared.store.group_commit import GroupCommit
    from shared.store.health import Probe
    from shared.store.keys import KeyStore
    from shared.store.listing import Lister
    from shared.store.lookup import Finder
    from shared.store.months import Months
    from shared.store.participations import Participations
    from shared.store.people import People
    from shared.store.places import Places
    from shared.store.recording_by_ids import RecorderByIds
    from shared.store.repositories import Repositories
    from shared.store.searching import Search
    from shared.store.tracking import Tracker
    from shared.store.voiding import Voider


@dataclass(frozen=True)
class Ledger:
    """The parts of the ledger, each made once for a process.

    A part is imported when it is first asked for: an instance that records does not wait for what
    only lists need.
    """

    connection: Connection
    classify: Callable[[str], ContributorType]
    clock: Callable[[], datetime]

    @cached_property
    def commits(self) -> GroupCommit:
        from shared.store.group_commit import GroupCommit
        from shared.store.recording import Recorder

        recorder = Recorder(self.connection, self.classify, lambda: self.aliases)
        return GroupCommit(recorder, self.clock, lambda: self.places)

    @cached_property
    def by_ids(self) -> RecorderByIds:
        from shared.store.recording_by_ids import RecorderByIds

        return RecorderByIds(self.connection, self.classify, self.clock)

    @cached_property
    def voids(self) -> Voider:
        from shared.store.voiding import Voider

        return Voider(self.connection, self.classify)

    @cached_property
    def registrar(self) -> Registrar:
        from shared.store.accounts import Registrar

        return Registrar(self.connection, self.people)

    @cached_property
    def find(self) -> Finder:
        from shared.store.lookup import Finder

        return Finder(self.connection)

    @cached_property
    def lists(self) -> Lister:
        from shared.store.listing import Lister

        return Lister(self.connection, self.people)

    @cached_property
    def search(self) -> Search:
        from shared.store.searching import Search

        return Search(self.connection, self.people)

    @cached_property
    def aliases(self) -> Aliases:
        from shared.store.aliases import Aliases

        return Aliases(self.connection)

    @cached_property
    def people(self) -> People:
        from shared.store.people import People

        return People(self.connection, self.aliases)

    @cached_property
    def distributor(self) -> Distributor:
        from shared.store.distributing import Distributor

        return Distributor(self.connection, self.aliases)

    @cached_property
    def repositories(self) -> Repositories:
        from shared.store.repositories import Repositories

        return Repositories(self.connection)

    @cached_property
    def places(self) -> Places:
        from shared.store.places import Places

        return Places(self.connection, lambda rejection: self.tracker.note(rejection))

    @cached_property
    def months(self) -> Months:
        from shared.store.months import Months

        return Months(self.connection)

    @cached_property
    def participations(self) -> Participations:
        from shared.store.participations import Participations

        return Participations(self.connection, self.people)

    @cached_property
    def keys(self) -> KeyStore:
        from shared.store.keys import KeyStore

        return KeyStore(self.connection)

    @cached_property
    def probe(self) -> Probe:
        from shared.store.health import Probe

        return Probe(self.connection)

    @cached_property
    def tracker(self) -> Tracker:
        from shared.store.tracking import Tracker

        return Tracker(self.connection)


def ledger_on(
    client: Client,
    *,
    classify: Callable[[str], ContributorType],
    clock: Callable[[], datetime],
    timing: Timing | None = None,
) -> Ledger:
    """The ledger kept in the database that `client` is connected to."""
    return Ledger(Connection(client, timing or Timing()), classify, clock)
