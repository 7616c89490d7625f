"""What the embedded store keeps, whatever happens to its processes, its files or the disk."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import Client, Increment

from shared.commands.inspect import print_findings
from shared.embedded import (
    INDEX_FILE,
    EmbeddedStoreError,
    files,
    open_embedded,
    read_embedded,
)
from shared.embedded.channel import connect
from shared.embedded.commits import Commits
from shared.embedded.database import Database
from shared.embedded.documents import Documents
from shared.embedded.indexes import Indexes
from shared.embedded.rpc import FirestoreRpc
from tests.contract.rpcs import write_index_file

PROJECT = "demo-files"
ROOT = Path(__file__).parents[2]

WRITER = """
    import os, sys, threading
    from pathlib import Path
    from google.api_core.exceptions import ServiceUnavailable
    from google.cloud.firestore import Increment
    from shared.embedded import open_embedded

    client = open_embedded(Path(sys.argv[1]), project="demo-files").client()

    def write(thread):
        for i in range(1_000_000):
            name = f"{os.getpid()}-{thread}-{i}"
            batch = client.batch()
            batch.create(client.document(f"commits/{name}"), {"i": i})
            batch.set(client.document("totals/all"), {"n": Increment(1)}, merge=True)
            try:
                batch.commit(retry=None)
            except ServiceUnavailable:
                continue
            os.write(1, f"{name}\\n".encode())

    for thread in range(8):
        threading.Thread(target=write, args=(thread,)).start()
"""
LEAVER = """
    import os, sys
    from pathlib import Path
    from shared.embedded import open_embedded

    client = open_embedded(Path(sys.argv[1]), project="demo-files").client()
    for i in range(20):
        client.document(f"c/{i:02}").create({"i": i, "text": "x" * 5000})
    os._exit(0)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


def snapshot(client: Client) -> dict[str, Any]:
    """Every document by path."""
    return {
        document.reference.path: document.to_dict()
        for collection in client.collections()
        for document in collection.stream()
    }


def contents(directory: Path) -> dict[str, Any]:
    with open_embedded(directory, project=PROJECT) as store:
        return snapshot(store.client())


def filled(directory: Path) -> dict[str, Any]:
    """Make a store of some documents; returns its contents."""
    with open_embedded(directory, project=PROJECT) as store:
        client = store.client()
        for i in range(4):
            client.document(f"c/{i}").set({"i": i, "text": f"text of {i}", "tags": [i, "é\x00"]})
        client.document("c/0").update({"i": Increment(10)})
        client.document("c/1").delete()
        return snapshot(client)


def findings(directory: Path) -> list[str]:
    with read_embedded(directory, project=PROJECT) as store:
        return list(store.check())


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
    )


class TestReopening:
    def test_everything_is_as_it_was_left_times_included(self, directory: Path) -> None:
        left = filled(directory)
        with open_embedded(directory, project=PROJECT) as store:
            before = store.client().document("c/0").get()
        assert contents(directory) == left
        assert sorted(left) == ["c/0", "c/2", "c/3"]
        with open_embedded(directory, project=PROJECT) as store:
            after = store.client().document("c/0").get()
        assert (after.create_time, after.update_time) == (before.create_time, before.update_time)
        assert findings(directory) == []

    def test_only_the_owner_may_read_the_files(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            store.client().document("c/x").set({})
            assert len(list(directory.iterdir())) == 4
            assert all(file.stat().st_mode & 0o077 == 0 for file in directory.iterdir())

    def test_the_log_is_folded_in_at_a_stop(self, directory: Path) -> None:
        filled(directory)
        assert {file.name for file in directory.iterdir()} == {files.DATABASE, "lock"}

    def test_a_killed_process_s_log_is_folded_in_by_who_looks_after_it(
        self, directory: Path
    ) -> None:
        run_python(LEAVER, str(directory)).communicate(timeout=60)
        assert (directory / f"{files.DATABASE}-wal").stat().st_size > 100_000
        files.fold_in(directory)
        assert {file.name for file in directory.iterdir()} == {files.DATABASE, "lock"}
        assert len(contents(directory)) == 20

    def test_other_indexes_are_made_of_what_is_there(self, directory: Path, tmp_path: Path) -> None:
        with open_embedded(directory, project=PROJECT) as older:
            client = older.client()
            for number in range(3):
                client.document(f"v/{number}").set({"a": 1, "b": number})
            index_file = write_index_file(tmp_path, "a, b DESCENDING")
            with open_embedded(directory, project=PROJECT, index_file=index_file) as newer:
                query = newer.client().collection("v").order_by("a")
                found = query.order_by("b", direction="DESCENDING").stream()
                assert [snapshot.id for snapshot in found] == ["2", "1", "0"]
                assert list(newer.check()) == []
            # What is still running would leave the new entries out.
            with pytest.raises(exceptions.FailedPrecondition, match="another version"):
                client.document("v/3").set({"a": 1, "b": 3})
            with pytest.raises(exceptions.FailedPrecondition, match="another version"):
                client.collection("v").order_by("a").get()


class TestWhatIsNoStore:
    @pytest.mark.parametrize("content", [b"", b"\x00" * 200, b"text\n", None], ids=repr)
    def test_another_file_is_refused_and_left_alone(
        self, directory: Path, content: bytes | None
    ) -> None:
        directory.mkdir()
        database = directory / files.DATABASE
        if content is None:
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("CREATE TABLE documents (key, content)")
        else:
            database.write_bytes(content)
        before = database.read_bytes()
        for open_store in (open_embedded, read_embedded):
            with pytest.raises(EmbeddedStoreError, match="is no database of an embedded store"):
                open_store(directory, project=PROJECT)
        assert database.read_bytes() == before

    def test_a_later_format_is_refused_as_such(self, directory: Path) -> None:
        filled(directory)
        with closing(sqlite3.connect(directory / files.DATABASE)) as connection:
            connection.execute("PRAGMA user_version = 2")
        with pytest.raises(EmbeddedStoreError, match="of a later version"):
            open_embedded(directory, project=PROJECT)

    def test_a_journal_of_before_is_refused_with_the_way_on(self, directory: Path) -> None:
        directory.mkdir()
        journal = directory / files.JOURNAL
        journal.write_text('{"format":"firestore-journal","version":1}\n{}\n{}\n')
        for open_store in (open_embedded, read_embedded):
            with pytest.raises(EmbeddedStoreError) as caught:
                open_store(directory, project=PROJECT)
            for word in (str(journal), "1.0.0", "make backfill", "make import"):
                assert word in str(caught.value)
        assert not (directory / files.DATABASE).exists()
        assert files.holds_documents(directory)

    def test_a_journal_that_holds_nothing_is_in_nobody_s_way(self, directory: Path) -> None:
        directory.mkdir()
        (directory / files.JOURNAL).write_text('{"format":"firestore-journal"}\n{}\n')
        assert contents(directory) == {}


class TestDamage:
    def test_a_wrong_byte_of_a_document_is_found_and_never_shown(self, directory: Path) -> None:
        filled(directory)
        database = directory / files.DATABASE
        content = database.read_bytes()
        assert content.count(b"text of 2") > 1  # the document, and its index entry
        damaged = self._in_document(content, b"text of 2", b"text of 7")
        database.write_bytes(damaged)
        with open_embedded(directory, project=PROJECT) as store:
            client = store.client()
            with pytest.raises(exceptions.DataLoss):
                client.document("c/2").get()
            with pytest.raises(exceptions.DataLoss):
                client.collection("c").order_by("i").get()
            with pytest.raises(exceptions.DataLoss):
                client.document("c/2").update({"i": Increment(1)})
            assert client.document("c/3").get().get("i") == 3
        [finding] = findings(directory)
        assert "The document '2', in row 3, is not what was stored" in finding

    @staticmethod
    def _in_document(content: bytes, old: bytes, new: bytes) -> bytes:
        """The file with a text changed where it follows a field's name, not its index."""
        at = content.index(b"\x8a\x01" + bytes([len(old)]) + old)
        return content[: at + 3] + new + content[at + 3 + len(old) :]

    @pytest.mark.parametrize(
        ("damage", "finding"),
        [
            ("DELETE FROM entries WHERE document = 3", "c/2 lacks "),
            ("DELETE FROM documents WHERE number = 3", "lead to documents that have none such"),
            ("UPDATE documents SET key = x'00' WHERE number = 3", "not what was stored"),
            ("INSERT INTO entries VALUES (x'00', 3)", "1 index entries lead to documents"),
        ],
    )
    def test_a_check_compares_documents_with_index_entries(
        self, directory: Path, capsys: pytest.CaptureFixture[str], damage: str, finding: str
    ) -> None:
        filled(directory)
        with read_embedded(directory, project=PROJECT) as store:
            assert print_findings(store, "it") == 0
        assert "as it was stored" in capsys.readouterr().out
        with closing(sqlite3.connect(directory / files.DATABASE)) as connection, connection:
            connection.execute(damage)
        with read_embedded(directory, project=PROJECT) as store:
            assert print_findings(store, "it") == 1
        assert finding in capsys.readouterr().out

    def test_a_damaged_log_ends_where_it_is_damaged(self, directory: Path, tmp_path: Path) -> None:
        """As SQLite has it: what was committed before that is there, whole."""
        run_python(LEAVER, str(directory)).communicate(timeout=60)
        log = directory / f"{files.DATABASE}-wal"
        whole = log.read_bytes()
        for part in (4, 2, 3):
            copy = Path(shutil.copytree(directory, tmp_path / f"copy-{part}"))
            at = len(whole) * part // 5
            changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            (copy / log.name).write_bytes(changed)
            found = contents(copy)
            assert sorted(found) == [f"c/{i:02}" for i in range(len(found))]
            assert 0 < len(found) < 20
            assert findings(copy) == []


class TestKilling:
    def test_nothing_acknowledged_is_lost_and_totals_agree(self, directory: Path) -> None:
        """32 writers in four processes, all killed at once."""
        filled(directory)
        acknowledged: set[str] = set()
        for _ in range(2):
            writers = [run_python(WRITER, str(directory)) for _ in range(4)]
            for writer in writers:
                assert writer.stdout is not None
                for _, line in zip(range(100), writer.stdout, strict=False):
                    acknowledged.add(line.strip())
            for writer in writers:
                writer.send_signal(signal.SIGKILL)
            for writer in writers:
                assert writer.stdout is not None
                lines = writer.stdout.read().splitlines(keepends=True)
                acknowledged |= {line.strip() for line in lines if line.endswith("\n")}
                writer.communicate(timeout=30)
            found = contents(directory)
            stored = {path.removeprefix("commits/") for path in found if "commits/" in path}
            assert acknowledged <= stored
            assert found["totals/all"]["n"] == len(stored)
        assert len(acknowledged) >= 800
        assert findings(directory) == []


class TestADiskThatDoesNotAnswer:
    @contextmanager
    def client(self, directory: Path, pragma: str) -> Iterator[Client]:
        """A client on a store whose connections are opened with a pragma."""

        def connected() -> sqlite3.Connection:
            connection = files.connect(directory / files.DATABASE)
            connection.execute(pragma)
            return connection

        database, indexes = Database(connected, most=1), Indexes(INDEX_FILE)
        commits = Commits(database, indexes, lambda: datetime.now(UTC))
        with closing(database):
            yield connect(FirestoreRpc(Documents(database, indexes), commits), project=PROJECT)

    def test_a_full_one_refuses_writes_whole_and_still_reads(self, directory: Path) -> None:
        before = filled(directory)
        with self.client(directory, "PRAGMA max_page_count = 40") as full:
            batch = full.batch()
            batch.set(full.document("c/small"), {})
            for number in range(4):
                batch.set(full.document(f"c/large-{number}"), {"text": "x" * 500_000})
            with pytest.raises(exceptions.ServiceUnavailable):
                batch.commit(retry=None)
            assert snapshot(full) == before
            full.document("c/small").set({})
            assert sorted({*before, "c/small"}) == sorted(snapshot(full))
        assert findings(directory) == []

    def test_a_writer_waits_for_another_process_only_so_long(self, directory: Path) -> None:
        before = filled(directory)
        with self.client(directory, "PRAGMA busy_timeout = 50") as client:
            database = directory / files.DATABASE
            with closing(sqlite3.connect(database, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(exceptions.ServiceUnavailable, match="Another process"):
                    client.document("c/x").set({}, retry=None)
                assert snapshot(client) == before
                other.execute("ROLLBACK")
            client.document("c/x").set({}, retry=None)


class TestReadingOnly:
    def test_a_store_in_use_can_be_looked_at(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            store.client().document("c/x").set({"n": 1})
            with read_embedded(directory, project=PROJECT) as copy:
                store.client().document("c/y").set({})
                assert snapshot(copy.client()) == {"c/x": {"n": 1}, "c/y": {}}
                with pytest.raises(exceptions.FailedPrecondition, match="for reading only"):
                    copy.client().document("c/x").delete()

    def test_a_store_that_was_never_begun_is_empty_and_stays_so(self, directory: Path) -> None:
        with read_embedded(directory, project=PROJECT) as copy:
            assert snapshot(copy.client()) == {}
        assert not directory.exists()
