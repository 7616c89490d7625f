"""Starting and stopping the emulator: a small program stands in for java and the jar."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from shared.commands.emulator import Emulator, EmulatorError, Installation
from shared.commands.emulator.process import answers, export, runs_at

# Serves `Ok`; before that it fails as often as its folder says, for the reason that stands there.
PROGRAM = f"""#!{sys.executable}
import http.server, pathlib, sys, time

here = pathlib.Path(__file__).parent
with (here / "starts").open("a") as starts:
    print(*sys.argv[1:], file=starts)
failures = sorted(here.glob("failure-*"))
if failures:
    print(failures[0].read_text(), flush=True)
    failures[0].unlink()
    sys.exit(1)
if (here / "silent").exists():
    time.sleep(600)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Ok\\n")

    def do_POST(self):
        self.send_error(400, "export_directory must be a directory")


(port,) = [int(a.partition("=")[2]) for a in sys.argv if a.startswith("--port=")]
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
BIND_FAILED = "SEVERE: Exiting\njava.net.BindException: Address already in use\n\tat io.netty.Bind"


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        java = folder / "java"
        java.write_text(PROGRAM)
        java.chmod(0o700)
        self.installation = Installation(java, Path("emulator.jar"), "CloudFirestore", "a test")
        self.log = folder / "log"

    def fail(self, *reasons: str) -> None:
        for number, reason in enumerate(reasons):
            (self.folder / f"failure-{number}").write_text(reason)

    @property
    def starts(self) -> list[str]:
        return (self.folder / "starts").read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_is_returned_when_it_answers_and_gone_when_it_is_stopped(machine: Machine) -> None:
    emulator = Emulator.start(machine.installation, log=machine.log)
    try:
        assert answers(emulator.host)
        assert emulator.ending is None
        assert runs_at(emulator.pid, emulator.host)
        assert not runs_at(emulator.pid, "127.0.0.1:1")
        assert not runs_at(os.getpid(), emulator.host)
    finally:
        emulator.stop()
    assert emulator.ending == "SIGTERM"
    assert not answers(emulator.host)
    assert not runs_at(emulator.pid, emulator.host)
    emulator.stop()


def test_another_port_is_tried_where_somebody_was_faster(machine: Machine) -> None:
    machine.fail(BIND_FAILED, BIND_FAILED)
    noted: list[Emulator] = []
    emulator = Emulator.start(machine.installation, log=machine.log, started=noted.append)
    emulator.stop()
    assert len(set(machine.starts)) == 3
    assert noted[-1] is emulator
    assert [one.ending for one in noted] == ["exit code 1", "exit code 1", "SIGTERM"]


def test_a_port_that_stays_taken_is_an_error(machine: Machine) -> None:
    machine.fail(BIND_FAILED, BIND_FAILED, BIND_FAILED)
    with pytest.raises(EmulatorError, match="Address already in use"):
        Emulator.start(machine.installation, log=machine.log)


def test_any_other_failure_is_told_at_once_without_the_stack_trace(machine: Machine) -> None:
    machine.fail("SEVERE: Failed to parse\n\tat com.google.Export\n\tat com.google.Main")
    with pytest.raises(EmulatorError) as caught:
        Emulator.start(machine.installation, log=machine.log)
    assert str(caught.value) == (
        "the Firestore emulator ended (exit code 1):\nSEVERE: Failed to parse"
    )
    assert len(machine.starts) == 1


def test_nothing_is_left_running_when_the_wait_is_broken_off(machine: Machine) -> None:
    (machine.folder / "silent").touch()
    noted: list[Emulator] = []

    def break_off(_seconds: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Emulator.start(machine.installation, log=machine.log, started=noted.append, pause=break_off)
    assert noted[0].ending


def test_begins_with_an_export_where_one_is_given(machine: Machine) -> None:
    metadata = machine.folder / "x.overall_export_metadata"
    Emulator.start(machine.installation, log=machine.log, metadata=metadata).stop()
    assert machine.starts[0].endswith(f" --import-data={metadata}")


def test_a_refused_export_and_one_without_an_emulator_are_errors(machine: Machine) -> None:
    emulator = Emulator.start(machine.installation, log=machine.log)
    try:
        with pytest.raises(EmulatorError, match="must be a directory"):
            export(emulator.host, "demo-x", machine.folder, "ledger")
    finally:
        emulator.stop()
    with pytest.raises(EmulatorError, match="exported nothing"):
        export(emulator.host, "demo-x", machine.folder, "ledger")
