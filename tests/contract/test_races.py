"""Many reports at once: one contribution for each commit, and exact totals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.books import assert_balanced, documents
from tests.contract.reports import ledger_of, report

_T = TypeVar("_T")

THREADS = 64
INSTANCES = 4


@pytest.fixture
def instances(open_client: OpenClient) -> list[Ledger]:
    """Ledgers that share nothing but the database, as function instances do."""
    return [ledger_of(open_client()) for _ in range(INSTANCES)]


def at_once(tasks: Sequence[Callable[[], _T]]) -> list[_T]:
    """Run the tasks in threads that all begin together."""
    barrier = threading.Barrier(len(tasks))

    def run(task: Callable[[], _T]) -> _T:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as threads:
        return list(threads.map(run, tasks))


def posting(instances: Sequence[Ledger], number: int, **changes: str) -> Callable[[], Recorded]:
    recorder = instances[number % len(instances)].commits
    return lambda: recorder.record(report(**changes), recorded_by="ci")


def test_64_reports_of_one_commit_make_one_contribution(
    instances: list[Ledger], open_client: OpenClient
) -> None:
    results = at_once([posting(instances, number) for number in range(THREADS)])
    assert [result.replayed for result in results].count(False) == 1
    assert len({result.contribution.id for result in results}) == 1
    contributions = assert_balanced(open_client())
    assert list(contributions) == ["seeker71:coherence-network@abc123"]


def test_64_commits_of_3_new_people_to_a_new_repository_all_count(
    instances: list[Ledger], open_client: OpenClient
) -> None:
    results = at_once(
        [
            posting(
                instances,
                number,
                commit_hash=f"{number:06x}",
                contributor_email=f"person-{number % 3}@example.com",
                cost_amount="0.1",
            )
            for number in range(THREADS)
        ]
    )
    assert not any(result.replayed for result in results)
    client = open_client()
    assert len(assert_balanced(client)) == THREADS
    [asset] = documents(client, "assets").values()
    assert (asset["contribution_count"], asset["total_cost_micros"]) == (64, 6_400_000)
    people = documents(client, "contributors")
    assert {
        email: (person["contribution_count"], person["total_cost_micros"])
        for email, person in people.items()
    } == {
        "person-0@example.com": (22, 2_200_000),
        "person-1@example.com": (21, 2_100_000),
        "person-2@example.com": (21, 2_100_000),
    }


def test_two_people_who_claim_one_commit_get_one_contribution_and_a_conflict(
    instances: list[Ledger], open_client: OpenClient
) -> None:
    def claim(number: int) -> Callable[[], str]:
        post = posting(instances, number, contributor_email=f"person-{number % 2}@example.com")

        def outcome() -> str:
            try:
                return post().contribution.contributor_email
            except Exception as error:  # noqa: BLE001 - looked at below
                return type(error).__name__

        return outcome

    outcomes = at_once([claim(number) for number in range(16)])
    client = open_client()
    [contribution] = assert_balanced(client).values()
    assert outcomes.count(contribution["contributor_email"]) == 8
    assert outcomes.count("Conflict") == 8
