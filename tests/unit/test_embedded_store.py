"""The embedded store as a program meets it: clients, isolation, what it does not do."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import (
    And,
    ArrayRemove,
    Client,
    FieldFilter,
    GeoPoint,
    Increment,
    Or,
)

from shared.embedded import EmbeddedFirestore, open_embedded
from tests.contract.rpcs import commit, delete, increment, put

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store() -> Iterator[EmbeddedFirestore]:
    with open_embedded(None, project="alpha") as store:
        yield store


@pytest.fixture
def client(store: EmbeddedFirestore) -> Client:
    return store.client()


class TestClients:
    def test_projects_and_databases_are_apart(self, store: EmbeddedFirestore) -> None:
        clients = [store.client(), store.client(project="beta"), store.client(database="other")]
        for number, client in enumerate(clients):
            client.document("c/x").create({"n": number})
        for number, client in enumerate(clients):
            assert [s.to_dict() for s in client.collection("c").order_by("n").stream()] == [
                {"n": number}
            ]
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

    def test_the_clock_decides_on_commit_and_server_times(self) -> None:
        now = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)
        with open_embedded(None, project="alpha", clock=lambda: now) as store:
            client = store.client()
            assert client.document("c/x").set({}).update_time == now
            assert client.document("c/x").get().read_time == now

    def test_update_times_grow_though_the_clock_goes_back(self) -> None:
        times = iter([datetime(2030, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)])
        with open_embedded(None, project="alpha", clock=lambda: next(times)) as store:
            first = store.client().document("c/x").set({"a": 1}).update_time
            again = store.client().document("c/x").set({"a": 2}).update_time
        assert again == first + timedelta(microseconds=1)


class TestWhatItDoesNotDo:
    def test_a_closed_store_answers_nothing(self, store: EmbeddedFirestore) -> None:
        client = store.client()
        store.close()
        store.close()
        with pytest.raises(exceptions.Cancelled):
            client.document("c/x").get()
        with pytest.raises(exceptions.Cancelled):
            client.document("c/x").set({})

    def test_other_methods_are_refused_by_name(self, client: Client) -> None:
        with pytest.raises(exceptions.MethodNotImplemented, match="BeginTransaction"):
            client.transaction()._begin()
        with pytest.raises(exceptions.MethodNotImplemented, match="ListDocuments"):
            list(client.collection("c").list_documents())

    @pytest.mark.parametrize(
        "ask",
        [
            lambda c: c.where(filter=FieldFilter("x", "!=", 1)),
            lambda c: c.where(filter=FieldFilter("x", "not-in", [1])),
            lambda c: c.where(filter=FieldFilter("x", "==", None)),
            lambda c: c.where(filter=FieldFilter("x", "in", [1])),
            lambda c: c.where(filter=FieldFilter("x", "array_contains_any", [1, None])),
            lambda c: c.where(filter=FieldFilter("__name__", "==", c.document("x"))),
            lambda c: c.where(filter=Or([FieldFilter("x", "==", 1), FieldFilter("y", "==", 1)])),
            lambda c: c.where(filter=And([FieldFilter("x", "<", 1), FieldFilter("y", "<", 1)])),
            lambda c: c.where(filter=And([FieldFilter("x", "==", 1), FieldFilter("x", "==", 2)])),
            lambda c: c.order_by("x").offset(1),
            lambda c: c.order_by("x").start_at({"x": 1}),
            lambda c: c.order_by("x").end_at({"x": 1}),
        ],
    )
    def test_queries_that_the_ledger_never_sends(
        self, client: Client, ask: Callable[[Any], Any]
    ) -> None:
        with pytest.raises(exceptions.MethodNotImplemented):
            list(ask(client.collection("c")).stream())

    @pytest.mark.parametrize(
        "ask",
        [
            lambda c: c.collection_group("c").get(),
            lambda c: c.document("c/x/d/y").get(),
            lambda c: list(c.document("c/x").collections()),
            lambda c: c.collection("c").avg("x").get(),
            lambda c: c.collection("c").sum("x").count().get(),
            lambda c: c.collection("c").get(read_time=datetime.now(UTC)),
        ],
    )
    def test_reads_that_the_ledger_never_sends(
        self, client: Client, ask: Callable[[Client], Any]
    ) -> None:
        with pytest.raises(exceptions.MethodNotImplemented):
            ask(client)

    @pytest.mark.parametrize(
        "value", [b"", GeoPoint(1, 2), ArrayRemove([1]), Increment(0.5), [{"a": b""}]]
    )
    def test_values_that_the_ledger_never_stores(self, client: Client, value: object) -> None:
        with pytest.raises(exceptions.MethodNotImplemented):
            client.document("c/x").set({"a": value})

    def test_a_sum_of_what_is_not_whole(self, client: Client) -> None:
        client.document("c/x").set({"a": 1.5})
        with pytest.raises(exceptions.MethodNotImplemented):
            client.collection("c").sum("a").get()

    def test_two_writes_of_one_document_in_a_commit(self, client: Client) -> None:
        with pytest.raises(exceptions.MethodNotImplemented):
            commit(client, put(client, "c/x", {}), delete(client, "c/x"))


class TestWhatTheEmulatorLetsPass:
    """And Firestore does not."""

    def test_a_request_above_ten_mebibytes_is_refused(self, client: Client) -> None:
        writes = [put(client, f"c/{i}", {"a": "x" * 1_000_000}) for i in range(11)]
        with pytest.raises(exceptions.InvalidArgument, match="payload size"):
            commit(client, *writes)

    def test_more_than_500_transforms_of_a_document_are_refused(self, client: Client) -> None:
        most = [increment(f"f{n}", 1) for n in range(501)]
        with pytest.raises(exceptions.InvalidArgument, match="500 transforms"):
            commit(client, put(client, "c/x", {}, update_transforms=most))
        commit(client, put(client, "c/x", {}, update_transforms=most[:500]))

    @pytest.mark.parametrize(
        "ask",
        [
            lambda c: c.where(filter=FieldFilter("asset_id", "==", "a")),
            lambda c: c.order_by("voided").order_by("asset_id"),
            lambda c: c.order_by("timestamp", direction="DESCENDING").order_by("__name__"),
            lambda c: c.where(filter=FieldFilter("voided", "==", False)).order_by("timestamp"),
            lambda c: c.order_by("__name__", direction="DESCENDING"),
            lambda c: c.order_by("metadata.files_changed"),
        ],
        ids=["exempt", "no composite", "ids the other way", "the other way", "ids", "in exempt"],
    )
    def test_a_query_without_an_index_is_refused(
        self, client: Client, ask: Callable[[Any], Any]
    ) -> None:
        query = ask(client.collection("contributions"))
        with pytest.raises(exceptions.FailedPrecondition, match="index"):
            list(query.stream())
        with pytest.raises(exceptions.FailedPrecondition, match="index"):
            query.count().get()


class TestForking:
    def test_a_store_opened_before_a_fork_says_so_after_it(self, tmp_path: Path) -> None:
        code = """
            import os, sys
            from pathlib import Path
            from google.api_core.exceptions import FailedPrecondition
            from shared.embedded import open_embedded

            client = open_embedded(Path(sys.argv[1]), project="alpha").client()
            if os.fork() == 0:
                try:
                    client.document("c/x").get()
                except FailedPrecondition as error:
                    print(error.message, flush=True)
                os._exit(0)
            os.wait()
        """
        command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
        forked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert "open it after forking" in forked.stdout


class TestThreads:
    def test_one_that_stops_reading_half_way_keeps_nobody_from_writing(
        self, client: Client
    ) -> None:
        for number in range(3):
            client.document(f"c/{number}").set({"n": number})
        half_read = client.collection("c").stream()
        next(half_read)
        writer = threading.Thread(target=client.document("c/9").set, args=({},))
        writer.start()
        writer.join(timeout=30)
        assert not writer.is_alive()
        assert [snapshot.id for snapshot in half_read] == ["1", "2"]
