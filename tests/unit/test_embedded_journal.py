"""What the embedded store keeps, whatever happens to the process, the file or the disk."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import Client, Increment

from shared.embedded import (
    JOURNAL,
    JournalCorruptError,
    JournalVersionError,
    StoreInUseError,
    open_embedded,
    read_embedded,
)

PROJECT = "journal"
ROOT = Path(__file__).parents[2]

WRITER = """
    import os, sys, threading
    from pathlib import Path
    from google.cloud.firestore import Increment
    from shared.embedded import open_embedded

    client = open_embedded(Path(sys.argv[1]), project="journal").client()
    client.document("totals/all").set({"n": Increment(0)}, merge=True)
    started = client.document("totals/all").get().get("n")

    def write(thread):
        for i in range(1_000_000):
            batch = client.batch()
            batch.create(client.document(f"commits/{started}-{thread}-{i}"), {"i": i})
            batch.update(client.document("totals/all"), {"n": Increment(1)})
            batch.commit()
            os.write(1, f"{started}-{thread}-{i}\\n".encode())

    for thread in range(4):
        threading.Thread(target=write, args=(thread,)).start()
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "store"


def contents(directory: Path) -> dict[str, Any]:
    """Every document by path."""
    with open_embedded(directory, project=PROJECT) as store:
        return snapshot(store.client())


def snapshot(client: Client) -> dict[str, Any]:
    return {
        document.reference.path: document.to_dict()
        for collection in client.collections()
        for document in collection.stream()
    }


def filled(directory: Path) -> dict[str, Any]:
    """Make a store of some commits that supersede each other; returns its contents."""
    with open_embedded(directory, project=PROJECT) as store:
        client = store.client()
        for i in range(4):
            client.document(f"c/{i}").set({"i": i, "text": "é\n\x00"})
        client.document("c/0").update({"i": Increment(10)})
        client.document("c/1").delete()
        return snapshot(client)


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


class TestReopening:
    def test_everything_is_as_it_was_left(self, directory: Path) -> None:
        left = filled(directory)
        assert left == {
            "c/0": {"i": 10, "text": "é\n\x00"},
            "c/2": {"i": 2, "text": "é\n\x00"},
            "c/3": {"i": 3, "text": "é\n\x00"},
        }
        assert contents(directory) == left

    def test_create_and_update_times_are_kept(self, directory: Path) -> None:
        filled(directory)
        with open_embedded(directory, project=PROJECT) as store:
            before = store.client().document("c/0").get()
        with open_embedded(directory, project=PROJECT) as store:
            after = store.client().document("c/0").get()
        assert (after.create_time, after.update_time) == (before.create_time, before.update_time)
        assert before.create_time < before.update_time

    def test_update_times_go_on_from_there_though_the_clock_went_back(
        self, directory: Path
    ) -> None:
        late = datetime(2030, 1, 1, tzinfo=UTC)
        with open_embedded(directory, project=PROJECT, clock=lambda: late) as store:
            first = store.client().document("c/x").set({}).update_time
            store.client().document("c/x").delete()
        early = late - timedelta(days=1)
        with open_embedded(directory, project=PROJECT, clock=lambda: early) as store:
            again = store.client().document("c/y").set({}).update_time
        assert first == late
        assert again == late + timedelta(microseconds=2)

    def test_a_commit_that_changes_nothing_writes_nothing(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            store.client().document("c/x").set({"a": 1})
            before = (directory / JOURNAL).read_bytes()
            store.client().document("c/x").set({"a": 1})
            store.client().document("c/none").delete()
            assert (directory / JOURNAL).read_bytes() == before

    def test_only_the_owner_may_read_the_files(self, directory: Path) -> None:
        filled(directory)
        for file in directory.iterdir():
            assert file.stat().st_mode & 0o077 == 0


class TestCompaction:
    def test_it_leaves_one_line_a_document(self, directory: Path) -> None:
        left = filled(directory)
        contents(directory)
        lines = (directory / JOURNAL).read_text().splitlines()
        assert json.loads(lines[0]) == {"format": "firestore-journal", "version": 1}
        commits = [json.loads(line)["commit"] for line in lines[1:]]
        names = [document["name"] for commit in commits for document in commit["documents"]]
        prefix = f"projects/{PROJECT}/databases/(default)/documents/"
        assert names == [prefix + path for path in sorted(left)]

    def test_a_second_one_changes_no_byte(self, directory: Path) -> None:
        filled(directory)
        contents(directory)
        compacted = (directory / JOURNAL).read_bytes()
        contents(directory)
        assert (directory / JOURNAL).read_bytes() == compacted

    def test_one_that_was_interrupted_is_begun_anew(self, directory: Path) -> None:
        left = filled(directory)
        (directory / JOURNAL).with_suffix(".new").write_text("half a snap")
        assert contents(directory) == left
        assert sorted(file.name for file in directory.iterdir()) == [JOURNAL, "lock"]


class TestDamage:
    def test_a_last_line_torn_anywhere_is_dropped_and_said(
        self, directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        filled(directory)
        whole = (directory / JOURNAL).read_bytes()
        start = whole.rindex(b"\n", 0, -1) + 1
        with open_embedded(directory, project=PROJECT) as store:
            expected = snapshot(store.client())
        expected["c/1"] = {"i": 1, "text": "é\n\x00"}  # the last line is its deletion
        for length in range(start + 1, len(whole)):
            (directory / JOURNAL).write_bytes(whole[:length])
            caplog.clear()
            with open_embedded(directory, project=PROJECT) as store:
                assert snapshot(store.client()) == expected
                assert f"of {length - start} bytes" in store.notices[0]
                assert [record.getMessage() for record in caplog.records] == list(store.notices)
            with open_embedded(directory, project=PROJECT) as store:
                assert store.notices == ()

    @pytest.mark.parametrize("line", [2, 4, 7])
    def test_a_changed_character_is_found(self, directory: Path, line: int) -> None:
        filled(directory)
        lines = (directory / JOURNAL).read_bytes().splitlines(keepends=True)
        at = lines[line - 1].index(b'"commit"') + 30
        changed = bytes([lines[line - 1][at] ^ 1])
        lines[line - 1] = lines[line - 1][:at] + changed + lines[line - 1][at + 1 :]
        self._assert_refused(directory, b"".join(lines), line=line)

    def test_a_lost_line_is_found(self, directory: Path) -> None:
        filled(directory)
        lines = (directory / JOURNAL).read_bytes().splitlines(keepends=True)
        self._assert_refused(directory, b"".join(lines[:3] + lines[4:]), line=4)

    def test_swapped_lines_are_found(self, directory: Path) -> None:
        filled(directory)
        lines = (directory / JOURNAL).read_bytes().splitlines(keepends=True)
        lines[3], lines[4] = lines[4], lines[3]
        self._assert_refused(directory, b"".join(lines), line=4)

    @pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"[]\n", b'{"format":"other"}\n'])
    def test_another_file_is_not_taken_for_a_journal(self, directory: Path, content: bytes) -> None:
        directory.mkdir()
        self._assert_refused(directory, content, line=1)

    def test_a_later_format_is_refused_as_such(self, directory: Path) -> None:
        directory.mkdir()
        (directory / JOURNAL).write_bytes(b'{"format":"firestore-journal","version":2}\n')
        with pytest.raises(JournalVersionError, match="version 2"):
            open_embedded(directory, project=PROJECT)

    @staticmethod
    def _assert_refused(directory: Path, content: bytes, *, line: int) -> None:
        """Opening fails, says where, leaves the file alone and the lock free."""
        (directory / JOURNAL).write_bytes(content)
        for _ in range(2):
            with pytest.raises(JournalCorruptError, match=f"line {line}:") as caught:
                open_embedded(directory, project=PROJECT)
            assert caught.value.line == line
        assert (directory / JOURNAL).read_bytes() == content


class TestKilling:
    def test_every_acknowledged_commit_survives_and_totals_agree(self, directory: Path) -> None:
        acknowledged: set[str] = set()
        for _ in range(3):
            writer = run_python(WRITER, str(directory))
            assert writer.stdout is not None
            enough = len(acknowledged) + 150
            for line in writer.stdout:
                acknowledged.add(line.strip())
                if len(acknowledged) >= enough:
                    break
            writer.send_signal(signal.SIGKILL)
            acknowledged |= {line.strip() for line in writer.stdout if line.endswith("\n")}
            writer.communicate(timeout=30)
            found = contents(directory)
            stored = {path.removeprefix("commits/") for path in found if path != "totals/all"}
            assert acknowledged <= stored
            assert found["totals/all"]["n"] == len(stored)


class TestThreads:
    def test_increments_of_sixteen_threads_are_exact_and_kept(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            client = store.client()
            client.document("c/x").set({"n": 0})

            def add() -> None:
                for _ in range(25):
                    client.document("c/x").update({"n": Increment(1)})

            threads = [threading.Thread(target=add) for _ in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
            assert snapshot(client) == {"c/x": {"n": 400}}
        assert contents(directory) == {"c/x": {"n": 400}}


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: writing stops in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestAFullDisk:
    def test_a_commit_that_does_not_fit_leaves_no_trace(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            client = store.client()
            client.document("c/x").set({"n": 1})
            before = (directory / JOURNAL).read_bytes()
            with full_disk(len(before) + 50), pytest.raises(exceptions.ServiceUnavailable):
                client.document("c/x").update({"n": Increment(1)}, retry=None)
            assert (directory / JOURNAL).read_bytes() == before
            assert snapshot(client) == {"c/x": {"n": 1}}
            client.document("c/x").update({"n": Increment(1)})
        assert contents(directory) == {"c/x": {"n": 2}}

    def test_what_failed_is_gone_and_what_succeeded_stays_under_threads(
        self, directory: Path
    ) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            client = store.client()
            client.document("totals/all").set({"n": 0})
            stored: list[str] = []

            def write(thread: int) -> None:
                for i in range(20):
                    batch = client.batch()
                    batch.create(client.document(f"c/{thread}-{i}"), {})
                    batch.update(client.document("totals/all"), {"n": Increment(1)})
                    try:
                        batch.commit(retry=None)
                        stored.append(f"c/{thread}-{i}")
                    except exceptions.ServiceUnavailable:
                        pass

            threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
            with full_disk((directory / JOURNAL).stat().st_size + 30_000):
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(timeout=60)
            assert 0 < len(stored) < 160
            client.document("c/after").create({})
            found = snapshot(client)
        assert set(found) == {*stored, "c/after", "totals/all"}
        assert found["totals/all"] == {"n": len(stored)}
        assert contents(directory) == found

    def test_a_disk_that_keeps_the_half_of_a_line_ends_all_writing(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            client = store.client()
            client.document("c/x").set({"n": 1})
            # A device that is always full, and cannot be cut back either.
            with Path("/dev/full").open("ab") as full:
                os.dup2(full.fileno(), descriptor_of(directory / JOURNAL))
            for _ in range(2):
                with pytest.raises(exceptions.InternalServerError):
                    client.document("c/x").update({"n": 2})
            assert snapshot(client) == {"c/x": {"n": 1}}
        assert contents(directory) == {"c/x": {"n": 1}}


def descriptor_of(path: Path) -> int:
    """The descriptor by which this process has a file open."""
    descriptors = Path("/proc/self/fd")
    return next(
        int(link.name)
        for link in descriptors.iterdir()
        if link.exists() and link.readlink() == path.resolve()
    )


class TestTheLock:
    def test_a_second_opener_is_told_who_holds_it(self, directory: Path) -> None:
        holder = run_python(
            """
            import sys
            from pathlib import Path
            from shared.embedded import open_embedded

            with open_embedded(Path(sys.argv[1]), project="journal"):
                print("open", flush=True)
                sys.stdin.read()
            """,
            str(directory),
        )
        assert holder.stdout is not None
        try:
            assert holder.stdout.readline() == "open\n"
            with pytest.raises(StoreInUseError, match=f"process {holder.pid} ") as caught:
                open_embedded(directory, project=PROJECT)
            assert caught.value.pid == holder.pid
        finally:
            holder.kill()
            holder.communicate(timeout=30)
        assert contents(directory) == {}

    def test_the_same_process_cannot_open_it_twice_at_once(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT):
            with pytest.raises(StoreInUseError) as caught:
                open_embedded(directory, project=PROJECT)
            assert caught.value.pid == os.getpid()
        open_embedded(directory, project=PROJECT).close()

    def test_a_forked_child_must_open_its_own(self, directory: Path) -> None:
        forked = run_python(
            """
            import os, sys
            from pathlib import Path
            from google.api_core import exceptions
            from shared.embedded import open_embedded

            store = open_embedded(Path(sys.argv[1]), project="journal")
            if os.fork() == 0:
                try:
                    store.client().document("c/x").set({})
                except exceptions.FailedPrecondition as error:
                    print(error.message, flush=True)
                os._exit(0)
            os.wait()
            """,
            str(directory),
        )
        output, _ = forked.communicate(timeout=30)
        assert "open it after forking" in output


class TestReadingOnly:
    def test_a_store_in_use_can_be_looked_at(self, directory: Path) -> None:
        with open_embedded(directory, project=PROJECT) as store:
            store.client().document("c/x").set({"n": 1})
            before = (directory / JOURNAL).read_bytes()
            with read_embedded(directory, project=PROJECT) as copy:
                store.client().document("c/y").set({})
                assert snapshot(copy.client()) == {"c/x": {"n": 1}}
                with pytest.raises(exceptions.FailedPrecondition):
                    copy.client().document("c/x").delete()
        assert (directory / JOURNAL).read_bytes().startswith(before)

    def test_a_line_that_is_being_written_is_left_alone(self, directory: Path) -> None:
        left = filled(directory)
        with (directory / JOURNAL).open("ab") as journal:
            journal.write(b'{"crc32":"')
        before = (directory / JOURNAL).read_bytes()
        with read_embedded(directory, project=PROJECT) as copy:
            assert snapshot(copy.client()) == left
            assert copy.notices == ()
        assert (directory / JOURNAL).read_bytes() == before

    def test_a_store_that_was_never_begun_is_empty_and_stays_so(self, directory: Path) -> None:
        with read_embedded(directory, project=PROJECT) as copy:
            assert snapshot(copy.client()) == {}
        assert not directory.exists()
