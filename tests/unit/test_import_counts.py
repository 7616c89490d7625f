"""What each function imports: an instance that starts cold pays for every module."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import main

ROOT = Path(main.__file__).parent

# Served as the framework serves it, then asked; tells the modules at the start and in the end.
ASK = """
import json, sys
import functions_framework
from werkzeug.test import Client
target, method, path, body = sys.argv[1:]
client = Client(functions_framework.create_app(target, "main.py"))
started = sorted(sys.modules)
answer = client.open(
    path, method=method, data=body, content_type="application/json", headers={"X-API-Key": "k"}
)
print(json.dumps([answer.status_code, started, sorted(sys.modules)]))
"""

CLIENT = {"google.cloud.firestore", "google.cloud.firestore_v1", "google.api_core", "grpc"}
TOKENS = {"jwt", "shared.web.oidc"}
LOCAL = {"shared.commands", "shared.embedded"}

LISTS = {"contributions", "contributors", "assets"}
RECORDING = {"track_github", "github_webhook"}
# Modules that only some functions need, and which.
NEEDED_BY = {
    "shared.domain.contribution": {"contributions"} | RECORDING,
    "shared.domain.push": {"github_webhook"},
    "shared.domain.signature": {"github_webhook"},
    "shared.store.group_commit": RECORDING,
    "shared.web.batches": RECORDING,
    "shared.web.lists": LISTS,
    "shared.web.described": set(),
    "shared.web.pages": LISTS,
}
NOT_FOR_RECORDING = (
    *("accounts", "aliases", "listing", "lookup", "newcomers", "people", "recording_by_ids"),
    "voiding",
)


@cache
def modules(
    function: str, method: str = "TRACE", path: str = "/", body: str = "", **environment: str
) -> tuple[int, frozenset[str], frozenset[str]]:
    """The status of an answer, and what was imported before the request and after the answer."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, function, method, path, body],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    status, started, ended = json.loads(done.stdout.splitlines()[-1])
    return status, frozenset(started), frozenset(ended)


@pytest.mark.parametrize("function", main.ENTRY_POINTS)
class TestAtItsStart:
    def test_a_function_leaves_out_tokens_and_what_only_local_runs_need(
        self, function: str
    ) -> None:
        _, started, _ = modules(function)
        assert started & (TOKENS | LOCAL) == set()

    def test_a_function_imports_no_other_function(self, function: str) -> None:
        _, started, _ = modules(function)
        imported = {name for name in started if name.startswith("functions.")}
        assert imported == {f"functions.{function}"}

    def test_a_function_has_the_modules_that_it_needs_and_no_others(self, function: str) -> None:
        _, started, _ = modules(function)
        needed = {name for name, functions in NEEDED_BY.items() if function in functions}
        assert started & NEEDED_BY.keys() == needed


def test_saying_that_it_is_alive_takes_no_firestore_client() -> None:
    status, started, ended = modules("health", "GET", "/v1/health")
    assert status == 200
    heavy = CLIENT | TOKENS | LOCAL | {"cryptography", "shared.store.connection"}
    assert (started | ended) & heavy == set()


@pytest.mark.parametrize("function", [name for name in main.ENTRY_POINTS if name != "health"])
def test_what_needs_the_client_has_it_before_the_first_request(function: str) -> None:
    _, started, _ = modules(function)
    assert started >= CLIENT | {"shared.store.ledger"}


def test_recording_with_a_key_takes_no_library_for_tokens(tmp_path: Path) -> None:
    report = {"contributor_email": "a@x.org", "repository": "o/r", "commit_hash": "abc123"}
    report["contributor_name"] = "Ada"
    status, _, ended = modules(
        "track_github",
        "POST",
        "/",
        json.dumps(report),
        LEDGER_API_KEYS="ci=k",
        LEDGER_BACKEND="embedded",
        LEDGER_DATA_DIR=str(tmp_path),
    )
    assert status == 201
    assert ended >= CLIENT
    assert ended & {"jwt", "shared.web.oidc", "shared.commands"} == set()
    parts = {name for name in ended if name.startswith("shared.store.")}
    assert parts & {f"shared.store.{name}" for name in NOT_FOR_RECORDING} == set()
