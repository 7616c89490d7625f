"""Many reports at once: one contribution for each commit, and exact totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from shared.domain.errors import AuthorConflict
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.reports import ledger_of, report

THREADS = 64
INSTANCES = 4


@pytest.fixture
def instances(open_client: OpenClient) -> list[Ledger]:
    """Ledgers that share nothing but the database, as function instances do."""
    return [ledger_of(open_client()) for _ in range(INSTANCES)]


def all_recorded(tasks: Sequence[Callable[[], Recorded]]) -> list[Recorded]:
    results = [result for result in at_once(tasks) if isinstance(result, Recorded)]
    assert len(results) == len(tasks)
    return results


def posting(instances: Sequence[Ledger], number: int, **changes: str) -> Callable[[], Recorded]:
    recorder = instances[number % len(instances)].commits
    return lambda: recorder.record(report(**changes), recorded_by="ci")


def test_64_reports_of_one_commit_make_one_contribution(
    instances: list[Ledger], open_client: OpenClient
) -> None:
    results = all_recorded([posting(instances, number) for number in range(THREADS)])
    assert [result.replayed for result in results].count(False) == 1
    assert len({result.contribution.id for result in results}) == 1
    contributions = assert_balanced(open_client())
    assert list(contributions) == ["seeker71:coherence-network@abc123"]


def test_64_commits_of_3_new_people_to_a_new_repository_all_count(
    instances: list[Ledger], open_client: OpenClient
) -> None:
    results = all_recorded(
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
    results = at_once(
        [
            posting(instances, number, contributor_email=f"person-{number % 2}@example.com")
            for number in range(16)
        ]
    )
    client = open_client()
    [contribution] = assert_balanced(client).values()
    told = [result for result in results if isinstance(result, Recorded)]
    authors = {result.contribution.contributor_email for result in told}
    assert authors == {contribution["contributor_email"]}
    assert len(told) == 8
    assert sum(isinstance(result, AuthorConflict) for result in results) == 8
