"""What a smoke check leaves behind is no part of what the ledger says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.cloud.firestore import Client

from shared.domain import smoke_check
from shared.domain.sort import Sort
from shared.domain.tracking import Activity
from shared.store.ledger import Ledger, ledger_on
from shared.store.listing import ContributionFilter
from tests.contract.reports import PATIENT, classify, report

NOW = datetime.now(UTC)
CHECK = {"contributor_email": smoke_check.EMAIL, "repository": smoke_check.REPOSITORY}


@pytest.fixture
def ledger(client: Client) -> Ledger:
    """A ledger that goes by the server's clock, as a served one does."""
    return ledger_on(client, classify=classify, clock=lambda: datetime.now(UTC), timing=PATIENT)


def activity(ledger: Ledger) -> Activity:
    return ledger.tracker.activity(NOW)


def listed(ledger: Ledger) -> list[int]:
    everything = ContributionFilter(include_voided=True)
    return [
        len(ledger.lists.contributions(everything, limit=10).items),
        *(len(ledger.lists.contributors(sort, limit=10).items) for sort in Sort),
        *(len(ledger.lists.assets(sort, limit=10).items) for sort in Sort),
    ]


@pytest.mark.parametrize("others", [0, 1])
def test_a_smoke_check_changes_no_list_and_no_figure_in_its_course_and_afterwards(
    ledger: Ledger, others: int
) -> None:
    for number in range(others):
        ledger.commits.record(report(f"{number:040x}"), recorded_by="ci")
    before = activity(ledger), listed(ledger)
    assert before[0].recorded_today == before[0].contributors == before[0].assets == others
    for commit_hash in ("a" * 40, "b" * 40):
        recorded = ledger.commits.record(report(commit_hash, **CHECK), recorded_by="ci")
        assert (activity(ledger), listed(ledger)) == before
        ledger.voids.void(recorded.contribution.id, voided_by="ci", reason=None)
        assert (activity(ledger), listed(ledger)) == before


def test_what_is_recorded_after_a_smoke_check_counts(ledger: Ledger) -> None:
    ledger.commits.record(report(**CHECK), recorded_by="ci")
    ledger.commits.record(report(), recorded_by="ci")
    found = activity(ledger)
    assert (found.contributions, found.recorded_today) == (1, 1)
    assert (found.contributors, found.assets) == (1, 1)
    assert found.newest_repository == "seeker71/Coherence-Network"
