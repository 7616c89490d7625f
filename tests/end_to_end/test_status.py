"""`make status` asks the real local service, and its exit code says whether all is well."""

from __future__ import annotations

import subprocess
from pathlib import Path

from shared.domain.version import VERSION
from tests.end_to_end.local_run import LocalRun, clean_environment, run_command
from tests.ports import own_port


def status(url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_command("status", "--url", url, environment=clean_environment(**environment))


def test_a_ledger_is_well_as_soon_as_it_receives_something(tmp_path: Path) -> None:
    with LocalRun(tmp_path / "data", "embedded", LEDGER_READ_ACCESS="key") as run:
        empty = status(run.address)
        assert (empty.returncode, empty.stderr) == (1, "")
        assert empty.stdout.endswith("\nNot well: tracking.\n")
        run.post("a" * 40)
        hidden = status(run.address)
        assert (hidden.returncode, hidden.stderr) == (0, "")
        assert "octo/hello" not in hidden.stdout
        assert "hidden from the key" in status(run.address, LEDGER_API_KEY="no-such-key").stdout
        shown = status(run.address, LEDGER_API_KEY="dev-key")
    lines = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines() if line)
    assert shown.returncode == 0
    assert lines["Version"] == VERSION
    assert lines["Newest"].endswith(" of octo/hello")
    assert "1 contribution, 1 contributor, 1 asset" in shown.stdout


def test_no_service_is_not_well() -> None:
    done = status(f"http://127.0.0.1:{own_port()}")
    assert done.returncode == 1
    assert done.stdout.endswith("Not well: alive, firestore, tracking.\n")


def test_a_key_does_not_travel_in_the_open() -> None:
    done = status("http://ledger.example", LEDGER_API_KEY="the-key")
    assert (done.returncode, done.stdout) == (1, "")
    assert "https://" in done.stderr
