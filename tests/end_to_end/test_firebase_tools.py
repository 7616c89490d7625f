"""firebase-tools from npm serves this project from `firebase.json` and `functions.yaml`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus

import pytest

import main
from shared.commands.local.hosting_headers import HostingHeaders
from tests.end_to_end.firebase_tools import PROJECT, FirebaseEmulators
from tests.end_to_end.local_run import ROOT

pytestmark = pytest.mark.long

COMMIT = {
    "contributor_email": "ada@example.com",
    "repository": "octo/hello",
    "commit_hash": "abc123",
    "cost_amount": 1,
}
DOCUMENTS = f"/v1/projects/{PROJECT}/databases/(default)/documents"
DOCUMENT = f"{DOCUMENTS}/contributors/ada@example.com"
# What the emulator takes for somebody to whom no rules apply, as the functions' account is.
OWNER = {"Authorization": "Bearer owner"}


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirebaseEmulators]:
    started = FirebaseEmulators(tmp_path_factory.mktemp("firebase"), LEDGER_API_KEYS="ci=the-key")
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def recorded(emulators: FirebaseEmulators) -> FirebaseEmulators:
    """After one commit was reported through the hosting rewrite."""
    with emulators.client("hosting") as hosting:
        key = {"X-API-Key": "the-key"}
        answer = hosting.post("/v1/contributions/github", json=COMMIT, headers=key)
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    return emulators


def test_a_reported_commit_is_listed_through_the_rewrites(recorded: FirebaseEmulators) -> None:
    with recorded.client("hosting") as hosting:
        (contribution,) = hosting.get("/v1/contributions").json()
        assert contribution["commit_hash"] == COMMIT["commit_hash"]
        (asset,) = hosting.get("/v1/assets").json()
        assert (asset["name"], asset["contribution_count"]) == ("octo/hello", 1)
        assert hosting.get("/v1/health/ready").json()["status"] == "ready"


@pytest.mark.parametrize("name", ["favicon.ico", "robots.txt", "v1/openapi.json"])
def test_a_file_comes_before_the_functions(recorded: FirebaseEmulators, name: str) -> None:
    with recorded.client("hosting") as hosting:
        answer = hosting.get(f"/{name}")
    assert answer.content == (ROOT / "shared" / "hosting" / name).read_bytes()


@pytest.mark.parametrize("path", ["/", "/page/page.js", "/docs/", "/docs/docs.js"])
def test_a_file_has_the_headers_that_it_has_locally(recorded: FirebaseEmulators, path: str) -> None:
    rules = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))["hosting"]["headers"]
    named = HostingHeaders.of(rules).for_path(path)
    with recorded.client("hosting") as hosting:
        answer = hosting.get(path)
        other = hosting.get("/robots.txt")
    assert answer.status_code == HTTPStatus.OK
    assert {name: answer.headers.get(name) for name in named} == named
    assert "Content-Security-Policy" in named
    assert "Content-Security-Policy" not in other.headers


def test_a_folder_s_page_has_an_address_of_its_own(recorded: FirebaseEmulators) -> None:
    with recorded.client("hosting") as hosting:
        answer = hosting.get("/docs?a=b")
    assert answer.status_code == HTTPStatus.MOVED_PERMANENTLY
    assert answer.headers["Location"] == "/docs/?a=b"


def test_a_slash_of_an_address_reaches_the_function_encoded(emulators: FirebaseEmulators) -> None:
    odd = {"contributor_email": "x/months/y@example.com", "commit_hash": "def456"}
    key = {"X-API-Key": "the-key"}
    with emulators.client("hosting") as hosting:
        made = hosting.post("/v1/contributions/github", json=COMMIT | odd, headers=key).json()
        path = "/v1/contributors/x%2Fmonths%2Fy%40example.com"
        assert hosting.get(path, headers=key).json()["id"] == made["contributor_id"]


def test_a_path_that_does_not_exist_is_a_problem(recorded: FirebaseEmulators) -> None:
    with recorded.client("hosting") as hosting:
        answer = hosting.get("/nowhere")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_every_function_is_served_at_an_address_of_its_own(recorded: FirebaseEmulators) -> None:
    with recorded.client("functions") as functions:
        for entry_point in main.ENTRY_POINTS:
            name = entry_point.replace("_", "-")
            answer = functions.put(f"/{PROJECT}/us-central1/{name}")
            assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED, name


def test_the_rules_refuse_whoever_has_no_credential(recorded: FirebaseEmulators) -> None:
    with recorded.client("firestore") as firestore:
        stored = firestore.get(DOCUMENT, headers=OWNER)
        assert stored.status_code == HTTPStatus.OK
        changed = {"fields": {"name": {"stringValue": "Mallory"}}}
        tries = [
            firestore.get(DOCUMENT),
            firestore.get(f"{DOCUMENTS}/contributors"),
            firestore.patch(DOCUMENT, json=changed),
            firestore.post(f"{DOCUMENTS}/contributors", json=changed),
            firestore.delete(DOCUMENT),
        ]
        assert [answer.status_code for answer in tries] == [HTTPStatus.FORBIDDEN] * len(tries)
        assert firestore.get(DOCUMENT, headers=OWNER).json() == stored.json()
