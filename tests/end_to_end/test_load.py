"""Many clients, and functions that are killed again and again: nothing acknowledged is lost."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud.firestore import Client

from shared.store.clients import emulator_client
from shared.store.connection import Connection
from shared.store.reconciling import Reconciler
from tests.backends import new_project
from tests.contract.books import Documents, assert_balanced
from tests.end_to_end.function_process import KEY, FunctionProcess, kill_in_turn
from tests.end_to_end.local_run import DEADLINE

pytestmark = pytest.mark.long

SECONDS = 30.0
CLIENTS = 8
TRACK, CONTRIBUTIONS = "track_github", "contributions"
BATCH = "/v1/contributions/github/batch"
REPOSITORIES = ("octo/one", "octo/two", "octo/three")
PEOPLE = tuple(f"person{number}@example.com" for number in range(6))


Commit = tuple[str, str]
Functions = dict[str, FunctionProcess]


@dataclass
class Seen:
    """What the clients did and were told."""

    # Repository and hash of each commit that is in the ledger, as the answer said.
    recorded: set[Commit] = field(default_factory=set)
    voided: set[Commit] = field(default_factory=set)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    # Repository and commits of what was sent and not answered, or with a 503.
    unanswered: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    void_unanswered: set[Commit] = field(default_factory=set)
    cut_off: int = 0

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.recorded | other.recorded,
            self.voided | other.voided,
            self.statuses + other.statuses,
            self.unanswered + other.unanswered,
            self.void_unanswered | other.void_unanswered,
            self.cut_off + other.cut_off,
        )


class LoadClient:
    """Tracks, sends batches, voids and lists, one after the other, whatever becomes of it."""

    def __init__(self, number: int, functions: Functions, client: httpx.Client) -> None:
        self.random = random.Random(number)
        # Hashes that no other client has.
        self.hashes = (f"{number:02x}{serial:06x}" for serial in itertools.count())
        self.track_url = functions[TRACK].address
        self.list_url = functions[CONTRIBUTIONS].address
        self.client = client
        self.seen = Seen()

    def run(self, done: threading.Event) -> Seen:
        actions = itertools.cycle([self.track, self.batch, self.track, self.void, self.list])
        while not done.is_set():
            next(actions)()
        return self.seen

    def track(self) -> None:
        repository, commit = self.random.choice(REPOSITORIES), self.commit()
        report = {"repository": repository} | commit
        self.record("track", self.track_url, report, repository, [commit])

    def batch(self) -> None:
        repository = self.random.choice(REPOSITORIES)
        commits = [self.commit() for _ in range(self.random.randint(1, 20))]
        batch = {"repository": repository, "commits": commits}
        self.record("batch", f"{self.track_url}{BATCH}", batch, repository, commits)

    def record(
        self, what: str, url: str, body: Any, repository: str, commits: list[dict[str, Any]]
    ) -> None:
        if self.send(what, "POST", url, json=body):
            self.seen.recorded |= {(repository, commit["commit_hash"]) for commit in commits}
        else:
            self.seen.unanswered.append((repository, commits))

    def void(self) -> None:
        left = sorted(self.seen.recorded - self.seen.voided - self.seen.void_unanswered)
        if not left:
            return
        repository, commit_hash = commit = self.random.choice(left)
        url = f"{self.list_url}/v1/contributions/{repository}@{commit_hash}"
        answered = self.send("void", "DELETE", url)
        (self.seen.voided if answered else self.seen.void_unanswered).add(commit)

    def list(self) -> None:
        self.send("list", "GET", f"{self.list_url}/v1/contributions?limit=50")

    def send(self, what: str, method: str, url: str, **options: Any) -> bool:
        """Whether a request was answered, and not with a 503."""
        try:
            answer = self.client.request(method, url, **options)
        except httpx.TransportError:
            self.seen.cut_off += 1
            # The functions are starting.
            threading.Event().wait(0.1)
            return False
        self.seen.statuses[what, answer.status_code] += 1
        assert answer.status_code in {200, 201, 503}, answer.text
        return answer.status_code != 503

    def commit(self) -> dict[str, Any]:
        author, *others = self.random.sample(PEOPLE, self.random.randint(1, 3))
        return {
            "contributor_email": author,
            "commit_hash": next(self.hashes),
            "cost_amount": f"{self.random.randint(0, 10**9) / 10**6:.6f}",
            "co_authors": [{"email": email} for email in others],
        }


@pytest.fixture
def project() -> str:
    return new_project()


@pytest.fixture
def ledger(emulator: str, project: str) -> Iterator[Client]:
    client = emulator_client(emulator, project=project)
    yield client
    client._firestore_api.transport.close()


@pytest.fixture
def functions(emulator: str, project: str, tmp_path: Path) -> Iterator[Functions]:
    """The functions on one database, running."""
    variables = {"FIRESTORE_EMULATOR_HOST": emulator, "GOOGLE_CLOUD_PROJECT": project}
    with ExitStack() as stack:
        yield {
            target: stack.enter_context(FunctionProcess(target, tmp_path, **variables))
            for target in (TRACK, CONTRIBUTIONS)
        }


def test_nothing_acknowledged_is_lost_and_nothing_counts_twice(
    functions: Functions, ledger: Client
) -> None:
    done = threading.Event()
    with (
        httpx.Client(headers=KEY, timeout=DEADLINE, trust_env=False) as client,
        ThreadPoolExecutor(CLIENTS + 1) as threads,
    ):
        killing = threads.submit(kill_in_turn, [*functions.values()], done)
        clients = [LoadClient(number, functions, client) for number in range(CLIENTS)]
        running = [threads.submit(each.run, done) for each in clients]
        # Ends the load early only where the killing failed.
        wait([killing], timeout=SECONDS)
        done.set()
        seen = sum((each.result() for each in running), Seen())
        assert killing.result() >= 3

    contributions = assert_balanced(ledger)
    live = {key for key, contribution in stored(contributions) if not contribution["voided"]}
    gone = {key for key, contribution in stored(contributions) if contribution["voided"]}
    assert seen.cut_off > 0
    assert seen.statuses["track", 201] > 50
    assert seen.statuses["batch", 200] > 20
    assert seen.statuses["void", 200] > 10
    assert seen.recorded <= live | gone
    assert seen.voided <= gone <= seen.voided | seen.void_unanswered

    # Those clients come again with what they do not know the end of.
    with functions[TRACK].client(**KEY) as client:
        for repository, commits in seen.unanswered:
            answer = client.post(BATCH, json={"repository": repository, "commits": commits})
            assert answer.status_code == 200, answer.text
            outcomes = {outcome["outcome"] for outcome in answer.json()["outcomes"]}
            assert outcomes <= {"recorded", "replayed"}
            seen.recorded |= {(repository, commit["commit_hash"]) for commit in commits}
    contributions = assert_balanced(ledger)
    assert {key for key, _ in stored(contributions)} == seen.recorded
    reconciler = Reconciler(Connection(ledger))
    assert list(reconciler.findings(repair=False, progress=lambda *_: None)) == []


def stored(contributions: Documents) -> list[tuple[Commit, dict[str, Any]]]:
    """The contributions by repository and hash."""
    return [
        ((contribution["repository"], contribution["commit_hash"]), contribution)
        for contribution in contributions.values()
    ]
