"""Tables over the wire: whole files from a served function, and how little a long one takes."""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.commands.export import Export, write
from shared.commands.service import Service
from shared.domain.contribution import Commit
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.embedded import open_embedded
from tests import loopback
from tests.contract.reports import ledger_of
from tests.end_to_end.function_process import KEY, FunctionProcess
from tests.end_to_end.local_run import clean_environment, run_command
from tests.loopback import Handler

PROJECT = "demo-export"
REPOSITORY = Repository.parse("octo/long")
# In each batch, of whom each second commit has a co-author.
PEOPLE = 20


def fill(folder: Path, number: int) -> None:
    """So many commits, an hour apart, of some people in each batch."""
    began = datetime(2020, 1, 1, tzinfo=UTC)
    with open_embedded(folder / "embedded", project=PROJECT) as store:
        ledger = ledger_of(store.client())
        for start in range(0, number, 500):
            commits = [
                {
                    "contributor_email": f"person-{start}-{n % PEOPLE}@example.com",
                    "contributor_name": f"Zoë {n % PEOPLE} Łukasz",
                    "co_authors": [{"email": f"person-{start}-0@example.com"}] * (n % 2),
                    "commit_hash": f"{n:040x}",
                    "cost_amount": "1.01",
                    "metadata": {"files_changed": 3, "title": "A commit as there are many"},
                    "timestamp": (began + timedelta(hours=n)).isoformat(),
                }
                for n in range(start, start + 500)
            ]
            parsed = [parse(Commit, commit) for commit in commits]
            ledger.commits.record_all(REPOSITORY, parsed, recorded_by="ci")


def served(folder: Path) -> FunctionProcess:
    return FunctionProcess(
        "contributions",
        folder,
        LEDGER_BACKEND="embedded",
        LEDGER_DATA_DIR=str(folder),
        GOOGLE_CLOUD_PROJECT=PROJECT,
    )


def test_make_export_writes_all_there_is(tmp_path: Path) -> None:
    fill(tmp_path, 1500)
    file = tmp_path / "all.csv"
    with served(tmp_path) as function:
        done = run_command(
            "export",
            *("--url", function.address, "--rows", "credits", "--file", str(file)),
            environment=clean_environment(LEDGER_API_KEY=KEY["X-API-Key"]),
        )
    assert (done.returncode, done.stderr) == (0, "2250 rows\n")
    assert done.stdout == f"Done: 2250 rows in {file}\n"
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert Counter(row["role"] for row in rows) == {"author": 1500, "co_author": 750}
    assert len({row["commit_hash"] for row in rows}) == 1500


def test_a_connection_that_is_cut_off_is_seen_and_the_rest_asked_for(tmp_path: Path) -> None:
    whole = b'{"n":1}\n{"n":2}\n{"complete":2}\n'
    answers: Iterator[tuple[bytes, bool]] = iter([(whole[:11], False), (whole, True)])

    class Cutting(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            text, to_the_end = next(answers)
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%b\r\n" % (len(text), text))
            if to_the_end:
                self.wfile.write(b"0\r\n\r\n")
            self.close_connection = True

    said: list[str] = []
    file = tmp_path / "all.ndjson"
    with loopback.served(Cutting) as address:
        export = Export(Service(address, "").lines, said.append, sleep=lambda _: None)
        assert write(export, "/v1/contributions", {"format": "ndjson"}, file) == 2
    assert file.read_bytes() == b'{"n":1}\n{"n":2}\n'
    assert said == ["the connection was cut off; trying again in 5 seconds", "2 rows"]


@pytest.mark.long
def test_a_hundred_thousand_rows_take_less_than_100_mb_more(tmp_path: Path) -> None:
    fill(tmp_path, 100_000)
    with served(tmp_path) as function:
        with function.client(**KEY) as client:
            assert client.get("/?limit=1").status_code == 200
        idle = function.memory()
        ended = threading.Event()
        peaks = [idle]

        def watch() -> None:
            while not ended.wait(0.05):
                peaks.append(function.memory())

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            export = Export(Service(function.address, KEY["X-API-Key"]).lines, print)
            rows = write(export, "/v1/contributions", {"format": "csv"}, tmp_path / "all.csv")
        finally:
            ended.set()
            watching.join()
    assert rows == 100_000
    print(f"{idle >> 20} MiB before, {max(peaks) >> 20} at most")
    assert max(peaks) - idle < 100_000_000
