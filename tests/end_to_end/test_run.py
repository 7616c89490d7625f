"""`make run` from its start to its end, in ways that go well and ways that do not."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from shared.commands.emulator.exports import metadata
from tests.backends import installed_emulator, unavailable
from tests.end_to_end.local_run import LocalRun, eventually

Runner = Callable[..., LocalRun]
KEEP_ALIVE = b"GET %s HTTP/1.1\r\nHost: ledger.example\r\n"


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    """Makes runs, on one data directory where nothing else is said, and ends them."""
    made: list[LocalRun] = []

    def make(backend: str, data_dir: Path = tmp_path / "data", **environment: str) -> LocalRun:
        if backend == "emulator":
            installed_emulator()
        made.append(LocalRun(data_dir, backend, command=("run",), **environment))
        return made[-1]

    yield make
    for run in made:
        run.clean_up()


@pytest.fixture(params=["emulator", "embedded"])
def run(request: pytest.FixtureRequest, runner: Runner) -> LocalRun:
    return runner(request.param)


def test_what_was_posted_as_printed_is_there_after_a_restart(run: LocalRun) -> None:
    if shutil.which("curl") is None:
        unavailable("no curl")
    run.start()
    posted = run.post_as_printed()
    assert (posted["repository"], posted["cost_amount"]) == ("seeker71/Coherence-Network", "100.00")
    paths = ("/v1/contributions", "/v1/contributors", "/v1/assets")
    before = [run.get(path) for path in paths]
    assert [len(listed) for listed in before] == [1, 1, 1]

    assert run.stop(signal.SIGINT) == 0
    assert run.output.rstrip().endswith("Stopped.")
    assert "Traceback" not in run.output
    assert run.groups_left() == []

    run.start()
    assert [run.get(path) for path in paths] == before
    assert run.stop(signal.SIGTERM) == 0
    assert run.groups_left() == []


def test_inspect_shows_the_documents_while_it_runs_and_afterwards(run: LocalRun) -> None:
    run.start()
    assert run.post("aaaa01") == HTTPStatus.CREATED
    assert run.post("aaaa02") == HTTPStatus.CREATED
    shown = run.inspect("--collection", "contributions", "--limit", "1")
    assert "contributions (2 documents)\n  octo:hello@aaaa01\n" in shown
    assert '\n    contributor_email: "ada@example.com" (string)\n' in shown
    assert "and 1 more: LIMIT=2 shows all" in shown
    assert "contributors (1 document)\n  ada@example.com\n" in run.inspect()

    run.stop()
    assert "  octo:hello@aaaa02\n" in run.inspect()
    assert run.groups_left() == []


@pytest.mark.parametrize("whom", ["the functions' process", "its worker"])
def test_nothing_that_was_answered_is_lost_when_the_functions_are_killed(
    run: LocalRun, whom: str
) -> None:
    run.start()
    acknowledged: set[str] = set()
    enough, killed = threading.Event(), threading.Event()

    def report() -> None:
        for number in itertools.count():
            if killed.is_set():
                return
            commit_hash = f"{number:06x}"
            try:
                status = run.post(commit_hash)
            except httpx.TransportError:
                # Cut off by the kill, and so never acknowledged.
                continue
            if status == HTTPStatus.CREATED:
                acknowledged.add(commit_hash)
            if len(acknowledged) == 20:
                enough.set()

    reporting = threading.Thread(target=report)
    reporting.start()
    assert enough.wait(timeout=60)
    server = run.notes["server_pid"]
    os.kill(run.worker_pid if whom == "its worker" else server, signal.SIGKILL)
    killed.set()
    reporting.join()

    if whom != "its worker":
        eventually(
            lambda: run.notes["server_pid"] != server, what="the functions are started again"
        )
    assert run.commits() >= acknowledged
    assert run.post("ffffff") == HTTPStatus.CREATED
    # gunicorn starts a worker again by itself.
    assert (run.notes["server_pid"] == server) is (whom == "its worker")
    run.note_processes()
    assert run.stop() == 0
    assert run.groups_left() == []


def test_nothing_is_lost_when_the_run_itself_is_killed(run: LocalRun) -> None:
    run.start()
    assert run.post("aaaa01") == HTTPStatus.CREATED
    run.stop(signal.SIGKILL)
    run.start()
    assert run.commits() == {"aaaa01"}
    assert run.stop() == 0
    assert run.groups_left() == []


def test_a_killed_emulator_is_started_again_with_its_latest_export(runner: Runner) -> None:
    run = runner("emulator")
    run.start()
    assert run.post("aaaa01") == HTTPStatus.CREATED
    exports = run.data_dir / "emulator" / "exports"
    eventually(lambda: list(exports.glob("export-*/**/output-*")), what="the data are exported")
    os.killpg(run.notes["emulator_pid"], signal.SIGKILL)

    eventually(lambda: "Starting it again with the latest export" in run.output, what="a restart")
    eventually(lambda: is_ready(run), what="Firestore answers again")
    assert run.commits() == {"aaaa01"}
    assert run.post("aaaa02") == HTTPStatus.CREATED
    run.note_processes()
    assert run.stop() == 0
    assert run.groups_left() == []
    run.start()
    assert run.commits() == {"aaaa01", "aaaa02"}


def is_ready(run: LocalRun) -> bool:
    answer = httpx.get(f"{run.address}/v1/health/ready", timeout=60, trust_env=False)
    return answer.status_code == HTTPStatus.OK


@pytest.mark.long
def test_a_damaged_export_is_set_aside_and_the_one_before_is_served(runner: Runner) -> None:
    run = runner("emulator")
    run.start()
    run.post("aaaa01")
    run.stop()
    exports = run.data_dir / "emulator" / "exports"
    newest = max(exports.glob("export-*"))
    damaged = exports / "export-99999998"
    shutil.copytree(newest, damaged)
    metadata(damaged).write_bytes(b"\xff damaged")

    run.start()
    assert "was set aside" in run.output
    assert run.commits() == {"aaaa01"}
    assert list(exports.glob(f"damaged-*/{damaged.name}"))


def test_a_closed_terminal_stops_it_cleanly(runner: Runner) -> None:
    run = runner("embedded")
    run.start()
    assert run.stop(signal.SIGHUP) == 0
    assert run.groups_left() == []


def test_it_can_be_stopped_while_the_emulator_starts(runner: Runner) -> None:
    run = runner("emulator")
    run.launch()
    eventually(lambda: run.notes.get("emulator_pid"), what="the emulator is being started")
    run.note_processes()
    assert run.stop() == 0
    assert run.groups_left() == []


def test_without_an_emulator_it_says_so_and_serves_from_the_embedded_store(
    runner: Runner, tmp_path: Path
) -> None:
    bare = {"PATH": str(tmp_path), "HOME": str(tmp_path), "JAVA_HOME": ""}
    run = runner("", **bare, FIRESTORE_EMULATOR_BINARY_PATH="", FIREBASE_EMULATORS_PATH="")
    run.start()
    assert "No Firestore emulator: neither gcloud nor firebase-tools'" in run.output
    assert "To get it, " in run.output
    assert run.post("aaaa01") == HTTPStatus.CREATED
    assert (run.data_dir / "embedded" / "firestore.sqlite3").exists()


def test_a_taken_port_is_named_with_the_way_to_choose_another(runner: Runner) -> None:
    run = runner("embedded")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run.launch(port=port)
        assert run.wait() == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in run.output
    assert f"PORT={port + 1} make run" in run.output


def test_a_second_run_on_the_same_data_is_told_who_has_it(runner: Runner) -> None:
    run = runner("embedded")
    run.start()
    second = runner("embedded")
    second.launch()
    assert second.wait() == 1
    assert f"process {run.pid} is serving" in second.output


def test_wrong_settings_are_all_named_before_anything_starts(runner: Runner) -> None:
    run = runner("embedded", LEDGER_READ_ACCESS="nobody", LEDGER_APIKEYS="a=b")
    run.launch()
    assert run.wait() == 1
    assert "LEDGER_READ_ACCESS" in run.output
    assert "LEDGER_APIKEYS" in run.output
    assert "Traceback" not in run.output


def test_the_data_of_the_other_backend_is_mentioned(runner: Runner) -> None:
    run = runner("embedded")
    export = run.data_dir / "emulator" / "exports" / "export-00000001" / "ledger"
    export.mkdir(parents=True)
    (export / "output-0").write_bytes(b"documents")
    run.start()
    assert "also holds data of the emulator backend" in run.output


@pytest.mark.parametrize(
    "request_sent",
    [
        pytest.param(
            KEEP_ALIVE % b"/robots.txt" + b"Content-Length: 100\r\n\r\n[", id="with a body"
        ),
        pytest.param(
            KEEP_ALIVE % b"/robots.txt" + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[",
            id="with a chunk",
        ),
        pytest.param(
            (KEEP_ALIVE % b"/v1/openapi.json" + b"\r\n") * 60,
            id="and take it slowly",
            marks=pytest.mark.long,
        ),
    ],
)
def test_who_asks_for_a_file_and_stays_leaves_others_served(
    runner: Runner, request_sent: bytes
) -> None:
    run = runner("embedded", THREADS="2")
    run.start()
    with ExitStack() as stack:
        for _ in range(8):
            connection = stack.enter_context(socket.socket())
            # As little as the kernel lets one take at a time.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            connection.connect(("127.0.0.1", int(run.environment["PORT"])))
            connection.sendall(request_sent)
        # The connections' buffers are full after some dozens of answers.
        for _ in range(60):
            answer = httpx.get(f"{run.address}/v1/health", timeout=10, trust_env=False)
            assert answer.status_code == HTTPStatus.OK


def test_no_header_of_a_client_moves_a_path(runner: Runner) -> None:
    run = runner("embedded")
    run.start()
    for name in ("SCRIPT_NAME", "PATH_INFO", "Script-Name"):
        answer = httpx.get(
            f"{run.address}/v1/health", headers={name: "/elsewhere"}, timeout=10, trust_env=False
        )
        assert answer.status_code == HTTPStatus.OK, name
