"""A backend that does not come back: an answer within the budget, on a clock that is handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions as google_errors
from google.cloud.firestore import Client

from shared.domain.asset import NewAsset
from shared.domain.contribution import NewContribution
from shared.domain.contributor import NewContributor
from shared.domain.errors import Unavailable
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.domain.sort import Sort
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter
from tests.contract.fake_time import BUDGET, LONGEST_CALL, FakeTime
from tests.contract.reports import ledger_of, report
from tests.contract.spy import Before, Spy

SOMEBODY = "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"

OPERATIONS: dict[str, Callable[[Ledger], Any]] = {
    "record": lambda ledger: ledger.commits.record(report(), recorded_by="ci"),
    "record with co-authors": lambda ledger: ledger.commits.record(
        report(co_authors=[{"email": "b@x.org"}]), recorded_by="ci"
    ),
    "record a batch": lambda ledger: ledger.commits.record_all(
        Repository("a", "b"), [report("aaaaaa"), report("bbbbbb")], recorded_by="ci"
    ),
    "record by ids": lambda ledger: ledger.by_ids.record(
        parse(
            NewContribution, {"contributor_id": SOMEBODY, "asset_id": SOMEBODY, "cost_amount": 1}
        ),
        recorded_by="ci",
    ),
    "record with a key": lambda ledger: ledger.by_ids.record(
        parse(
            NewContribution, {"contributor_id": SOMEBODY, "asset_id": SOMEBODY, "cost_amount": 1}
        ),
        recorded_by="ci",
        idempotency_key="once",
    ),
    "void": lambda ledger: ledger.voids.void(SOMEBODY, voided_by="ops", reason=None),
    "create a contributor": lambda ledger: ledger.registrar.create_contributor(
        parse(NewContributor, {"name": "N", "email": "a@b", "type": "HUMAN"})
    ),
    "create an asset": lambda ledger: ledger.registrar.create_asset(
        parse(NewAsset, {"description": "d", "type": "MODEL"})
    ),
    "find by id": lambda ledger: ledger.find.contributor(SOMEBODY),
    "find by name": lambda ledger: ledger.find.asset("a/b"),
    "list contributions": lambda ledger: ledger.lists.contributions(ContributionFilter(), limit=10),
    "list a commit": lambda ledger: ledger.lists.contributions_of_commit("abc123", limit=10),
    "list contributors": lambda ledger: ledger.lists.contributors(Sort.CREATED, limit=10),
    "list assets": lambda ledger: ledger.lists.assets(Sort.NAME, limit=10),
}


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def fail_for_ever(spy: Spy, error: Exception) -> None:
    for method in ("commit", "batch_get_documents", "run_query"):
        spy.fail(method, *[Before(error)] * 1_000)


@pytest.mark.parametrize("name", OPERATIONS)
def test_that_answers_nothing_is_given_up_when_the_budget_is_used(
    client: Client, time: FakeTime, name: str
) -> None:
    def hang(timeout: float) -> None:
        assert 0 < timeout <= LONGEST_CALL
        assert timeout <= BUDGET - time.elapsed
        time.now += timeout

    spy = Spy(client, on_call=hang)
    fail_for_ever(spy, google_errors.DeadlineExceeded("injected"))
    with pytest.raises(Unavailable) as caught:
        OPERATIONS[name](ledger_of(client, timing=time.timing))
    assert caught.value.retry_after >= 1
    assert time.elapsed <= BUDGET
    assert len(spy.calls) > 1


@pytest.mark.parametrize("name", OPERATIONS)
def test_that_refuses_at_once_is_tried_with_growing_pauses_until_then(
    client: Client, time: FakeTime, name: str
) -> None:
    spy = Spy(client)
    fail_for_ever(spy, google_errors.Aborted("injected"))
    with pytest.raises(Unavailable):
        OPERATIONS[name](ledger_of(client, timing=time.timing))
    assert time.elapsed < BUDGET
    assert time.pauses == sorted(time.pauses)
    assert time.pauses[:3] == [0.01, 0.02, 0.04]
    assert max(time.pauses) == 1.0
    assert len(spy.calls) == len(time.pauses) + 1


@pytest.mark.parametrize(
    "error", [google_errors.ServiceUnavailable, google_errors.PermissionDenied]
)
def test_is_not_ready_after_one_call_of_two_seconds_at_most(
    client: Client, time: FakeTime, error: type[Exception]
) -> None:
    timeouts: list[float] = []
    spy = Spy(client, on_call=timeouts.append)
    fail_for_ever(spy, error("injected"))
    with pytest.raises(Unavailable, match=error.__name__):
        ledger_of(client, timing=time.timing).probe.ready()
    assert timeouts == [2.0]


def test_a_backend_that_answers_is_ready_after_one_read(client: Client, time: FakeTime) -> None:
    spy = Spy(client, on_call=lambda _: time.sleep(0.25))
    assert ledger_of(client, timing=time.timing).probe.ready() == 0.25
    assert spy.methods == ["run_query"]
