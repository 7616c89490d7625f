"""Commits that meet in one process: one transaction, and nobody is told before it is stored."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.firestore import Client, Increment

from shared.embedded import INDEX_FILE, files
from shared.embedded.channel import connect
from shared.embedded.commits import Commits
from shared.embedded.database import Database
from shared.embedded.documents import Documents
from shared.embedded.indexes import Indexes
from shared.embedded.rpc import FirestoreRpc
from shared.embedded.status import unavailable


class HeldDatabase(Database):
    """A database whose disk answers only when it is let."""

    def __init__(self, directory: Path) -> None:
        path = files.prepare(directory)
        super().__init__(lambda: files.connect(path))
        self.reached, self.let = threading.Event(), threading.Event()
        self.transactions = 0
        self.failure: BaseException | None = None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with super().writing() as connection:
            yield connection
            self.transactions += 1
            self.reached.set()
            assert self.let.wait(timeout=30)
            failure, self.failure = self.failure, None
            if failure is not None:
                raise failure


@pytest.fixture
def database(tmp_path: Path) -> Iterator[HeldDatabase]:
    database = HeldDatabase(tmp_path)
    yield database
    database.close()


@pytest.fixture
def commits(database: HeldDatabase) -> Commits:
    return Commits(database, Indexes(INDEX_FILE), lambda: datetime.now(UTC))


@pytest.fixture
def client(database: HeldDatabase, commits: Commits) -> Client:
    rpc = FirestoreRpc(Documents(database, Indexes(INDEX_FILE)), commits)
    return connect(rpc, project="demo-commits")


def one_held_and_eight_waiting(
    client: Client, commits: Commits, database: HeldDatabase
) -> list[str]:
    """Nine increments: the first is held at the disk until the others wait behind it."""
    outcomes: list[str] = []

    def add() -> None:
        try:
            client.document("c/x").set({"n": Increment(1)}, merge=True, retry=None)
            outcomes.append("stored")
        except exceptions.ServiceUnavailable:
            outcomes.append("unavailable")

    writers = [threading.Thread(target=add) for _ in range(9)]
    writers[0].start()
    assert database.reached.wait(timeout=30)
    for writer in writers[1:]:
        writer.start()
    deadline = time.monotonic() + 30
    while len(commits._waiting) < 8:
        assert time.monotonic() < deadline
    database.let.set()
    for writer in writers:
        writer.join(timeout=30)
    return outcomes


def test_nobody_sees_a_commit_before_it_is_stored(client: Client, database: HeldDatabase) -> None:
    writer = threading.Thread(target=client.document("c/x").set, args=({"a": 1},))
    writer.start()
    assert database.reached.wait(timeout=30)
    assert not client.document("c/x").get().exists
    assert list(client.collection("c").stream()) == []
    database.let.set()
    writer.join(timeout=30)
    assert client.document("c/x").get().exists


def test_commits_that_wait_share_a_transaction(
    client: Client, commits: Commits, database: HeldDatabase
) -> None:
    assert one_held_and_eight_waiting(client, commits, database) == ["stored"] * 9
    assert database.transactions == 2
    assert client.document("c/x").get().to_dict() == {"n": 9}


def test_a_failed_transaction_fails_all_that_are_in_it_and_nobody_else(
    client: Client, commits: Commits, database: HeldDatabase
) -> None:
    database.failure = unavailable("for once")
    outcomes = one_held_and_eight_waiting(client, commits, database)
    assert sorted(outcomes) == ["stored"] * 8 + ["unavailable"]
    assert client.document("c/x").get().to_dict() == {"n": 8}


def test_one_that_is_refused_leaves_the_others_of_its_transaction_alone(
    client: Client, commits: Commits, database: HeldDatabase
) -> None:
    told: list[str] = []

    def create(name: str) -> None:
        try:
            client.document(f"c/{name}").create({})
            told.append(name)
        except exceptions.AlreadyExists:
            # It rests on what another one has stored by now, else a crash could undo it.
            told.append("there" if client.document(f"c/{name}").get().exists else "unseen")

    creators = [threading.Thread(target=create, args=(name,)) for name in "aabbcc"]
    for creator in creators:
        creator.start()
    assert database.reached.wait(timeout=30)
    database.let.set()
    for creator in creators:
        creator.join(timeout=30)
    assert sorted(told) == ["a", "b", "c", "there", "there", "there"]


def test_an_interrupted_commit_is_undone_and_the_next_one_works(
    client: Client, database: HeldDatabase
) -> None:
    database.let.set()
    database.failure = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        client.document("c/x").set({})
    assert not client.document("c/x").get().exists
    client.document("c/y").set({})
    assert client.document("c/y").get().exists
