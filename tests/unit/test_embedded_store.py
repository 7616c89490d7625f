"""The embedded store as a program meets it: clients, isolation, what it does not do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.firestore import Client, Increment

from shared.embedded import EmbeddedFirestore, open_embedded
from shared.embedded.connection import connect
from shared.embedded.documents import Documents
from shared.embedded.journal import HEADER, Journal, JournalUnavailableError
from shared.embedded.recovery import Recovered
from shared.embedded.rpc import FirestoreRpc


@pytest.fixture
def store() -> Iterator[EmbeddedFirestore]:
    with open_embedded(None, project="alpha") as store:
        yield store


class TestClients:
    def test_all_clients_of_a_database_share_its_documents(self, store: EmbeddedFirestore) -> None:
        store.client().document("c/x").set({"a": 1})
        assert store.client().document("c/x").get().to_dict() == {"a": 1}

    def test_projects_and_databases_are_apart(self, store: EmbeddedFirestore) -> None:
        clients = [
            store.client(),
            store.client(project="beta"),
            store.client(database="other"),
        ]
        for number, client in enumerate(clients):
            client.document("c/x").create({"n": number})
        for number, client in enumerate(clients):
            assert [s.to_dict() for s in client.collection("c").stream()] == [{"n": number}]
            assert [s.to_dict() for s in client.collection_group("c").stream()] == [{"n": number}]
            assert [collection.id for collection in client.collections()] == ["c"]

    def test_a_client_cannot_write_into_another_project(self, store: EmbeddedFirestore) -> None:
        foreign = store.client(project="beta").document("c/x")
        batch = store.client().batch()
        batch.set(foreign, {})
        with pytest.raises(exceptions.InvalidArgument):
            batch.commit()

    def test_closing_a_transport_leaves_the_store_open(self, store: EmbeddedFirestore) -> None:
        client = store.client()
        client._firestore_api.transport.close()
        store.client().document("c/x").set({})
        assert client.document("c/x").get().exists

    def test_what_was_read_does_not_change_afterwards(self, store: EmbeddedFirestore) -> None:
        client = store.client()
        client.document("c/x").set({"a": {"b": 1}})
        earlier = client.document("c/x").get()
        client.document("c/x").update({"a.b": 2})
        assert earlier.to_dict() == {"a": {"b": 1}}

    def test_the_clock_decides_on_commit_and_server_times(self) -> None:
        now = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)
        with open_embedded(None, project="alpha", clock=lambda: now) as store:
            client = store.client()
            assert client.document("c/x").set({}).update_time == now
            assert client.document("c/x").get().read_time == now


class TestWhatItDoesNotDo:
    def test_a_closed_store_answers_nothing(self, store: EmbeddedFirestore) -> None:
        client = store.client()
        store.close()
        store.close()
        with pytest.raises(exceptions.Cancelled):
            client.document("c/x").get()
        with pytest.raises(exceptions.Cancelled):
            client.document("c/x").set({})

    def test_transactions_are_refused_by_name(self, store: EmbeddedFirestore) -> None:
        client = store.client()
        with pytest.raises(exceptions.MethodNotImplemented, match="BeginTransaction"):
            client.transaction()._begin()

    def test_other_methods_are_refused_by_name(self, store: EmbeddedFirestore) -> None:
        with pytest.raises(exceptions.MethodNotImplemented, match="ListDocuments"):
            list(store.client().collection("c").list_documents())

    def test_a_request_above_ten_mebibytes_is_refused(self, store: EmbeddedFirestore) -> None:
        client = store.client()
        batch = client.batch()
        for i in range(11):
            batch.set(client.document(f"c/{i}"), {"a": "x" * 1_000_000})
        with pytest.raises(exceptions.InvalidArgument, match="payload size"):
            batch.commit()


class _HeldJournal(Journal):
    """A journal whose disk answers only when it is let."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(HEADER)
        super().__init__(path, checksum=0)
        self.reached = threading.Event()
        self.let = threading.Event()
        self.sizes: list[int] = []
        self.failure: BaseException | None = None

    def append(self, commits: Sequence[bytes]) -> None:
        self.sizes.append(len(commits))
        self.reached.set()
        assert self.let.wait(timeout=30)
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        super().append(commits)


class TestOrderOfEvents:
    @pytest.fixture
    def journal(self, tmp_path: Path) -> Iterator[_HeldJournal]:
        journal = _HeldJournal(tmp_path / "journal")
        yield journal
        journal.close()

    @pytest.fixture
    def documents(self, journal: _HeldJournal) -> Documents:
        return Documents(journal=journal, recovered=Recovered(), clock=lambda: datetime.now(UTC))

    @pytest.fixture
    def client(self, documents: Documents) -> Client:
        return connect(FirestoreRpc(documents), project="alpha")

    def test_nobody_sees_a_commit_before_the_disk_has_it(
        self, client: Client, journal: _HeldJournal
    ) -> None:
        writer = threading.Thread(target=client.document("c/x").set, args=({"a": 1},))
        writer.start()
        assert journal.reached.wait(timeout=30)
        assert not client.document("c/x").get().exists
        assert list(client.collection("c").stream()) == []
        journal.let.set()
        writer.join(timeout=30)
        assert client.document("c/x").get().exists

    def test_commits_that_wait_go_to_the_disk_together(
        self, client: Client, documents: Documents, journal: _HeldJournal
    ) -> None:
        outcomes = self._one_held_and_eight_waiting(client, documents, journal)
        assert outcomes == ["stored"] * 9
        assert journal.sizes == [1, 8]
        assert client.document("c/x").get().to_dict() == {"n": 9}

    def test_a_failed_write_fails_what_was_counted_on_top_of_it(
        self, client: Client, documents: Documents, journal: _HeldJournal
    ) -> None:
        journal.failure = JournalUnavailableError("for once")
        outcomes = self._one_held_and_eight_waiting(client, documents, journal)
        assert outcomes == ["unavailable"] * 9
        assert not client.document("c/x").get().exists
        client.document("c/x").set({"n": Increment(1)}, merge=True)
        assert client.document("c/x").get().to_dict() == {"n": 1}

    def test_after_an_interrupted_write_nothing_more_is_taken(
        self, client: Client, journal: _HeldJournal
    ) -> None:
        """It is unknown whether the disk has it: only reading the journal anew can tell."""
        journal.let.set()
        journal.failure = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            client.document("c/x").set({})
        with pytest.raises(exceptions.InternalServerError):
            client.document("c/y").set({})
        assert not client.document("c/x").get().exists

    @staticmethod
    def _one_held_and_eight_waiting(
        client: Client, documents: Documents, journal: _HeldJournal
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
        assert journal.reached.wait(timeout=30)
        for writer in writers[1:]:
            writer.start()
        deadline = time.monotonic() + 30
        while len(documents._waiting) < 8:
            assert time.monotonic() < deadline
        journal.let.set()
        for writer in writers:
            writer.join(timeout=30)
        return outcomes

    def test_a_refusal_waits_for_what_it_rests_on(
        self, client: Client, journal: _HeldJournal
    ) -> None:
        """Else a crash could undo the document that somebody was told of."""
        told: list[bool] = []

        def create() -> None:
            try:
                client.document("c/x").create({})
            except exceptions.AlreadyExists:
                told.append(journal.let.is_set() and client.document("c/x").get().exists)

        creators = [threading.Thread(target=create) for _ in range(4)]
        for creator in creators:
            creator.start()
        assert journal.reached.wait(timeout=30)
        journal.let.set()
        for creator in creators:
            creator.join(timeout=30)
        assert told == [True, True, True]
