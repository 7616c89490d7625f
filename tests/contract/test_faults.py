"""Whatever fails when: totals stay the sums of the contributions, and a report is recorded once."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core import exceptions as google_errors
from google.cloud.firestore import Client

from shared.domain.contributor import NewContributor
from shared.domain.errors import Conflict
from shared.domain.fields import parse
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.books import assert_balanced
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Crash, Spy

Fault = Before | After
# A repository that nobody has recorded for, so that the first Commit fails.
ELSEWHERE = {"repository": "octo/elsewhere"}

PASSING = [
    google_errors.Aborted,
    google_errors.ServiceUnavailable,
    google_errors.DeadlineExceeded,
    google_errors.ResourceExhausted,
    google_errors.InternalServerError,
    google_errors.Unknown,
    google_errors.Cancelled,
]


def record(ledger: Ledger, commit_hash: str = "abc123", **changes: Any) -> Recorded:
    return ledger.commits.record(report(commit_hash, **changes), recorded_by="ci")


@pytest.fixture
def steady(ledger: Ledger) -> Ledger:
    """A ledger that knows the person and the repository from one commit."""
    record(ledger, "000000")
    return ledger


class TestCrash:
    """The process ends in the middle; another one gets the same report again."""

    def retried(self, client: Client, **changes: Any) -> Recorded:
        result = record(ledger_of(client), **changes)
        contributions = assert_balanced(client)
        assert [name.partition("@")[2] for name in contributions].count("abc123") == 1
        return result

    def test_before_the_commit_records_nothing(
        self, steady: Ledger, spy: Spy, client: Client
    ) -> None:
        spy.fail("commit", Before(Crash()))
        with pytest.raises(Crash):
            record(steady)
        assert len(assert_balanced(client)) == 1
        assert not self.retried(client).replayed

    def test_after_the_commit_and_before_the_answer_has_recorded_everything(
        self, steady: Ledger, spy: Spy, client: Client
    ) -> None:
        spy.fail("commit", After(Crash()))
        with pytest.raises(Crash):
            record(steady)
        assert len(assert_balanced(client)) == 2
        assert self.retried(client).replayed

    @pytest.mark.parametrize(
        ("method", "faults"),
        [
            ("batch_get_documents", [Before(Crash())]),
            ("batch_get_documents", [After(Crash())]),
            ("commit", [None, Before(Crash())]),
        ],
        ids=["before the read", "after the read", "before the second commit"],
    )
    def test_between_not_found_and_the_second_commit_records_nothing(
        self, steady: Ledger, spy: Spy, client: Client, method: str, faults: list[Fault | None]
    ) -> None:
        spy.fail(method, *faults)
        with pytest.raises(Crash):
            record(steady, **ELSEWHERE)
        assert len(assert_balanced(client)) == 1
        assert not self.retried(client, **ELSEWHERE).replayed

    def test_after_the_second_commit_has_recorded_everything(
        self, steady: Ledger, spy: Spy, client: Client
    ) -> None:
        spy.fail("commit", None, After(Crash()))
        with pytest.raises(Crash):
            record(steady, **ELSEWHERE)
        assert len(assert_balanced(client)) == 2
        assert self.retried(client, **ELSEWHERE).replayed

    def test_in_the_middle_of_co_authors_leaves_none_of_them_half_credited(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        people = [{"email": "b@x.org"}, {"email": "c@x.org"}]
        spy.fail("commit", Before(Crash()), After(Crash()))
        for _ in range(2):
            with pytest.raises(Crash):
                record(ledger, co_authors=people)
            assert_balanced(client)
        assert self.retried(client).replayed


@pytest.mark.parametrize("error", PASSING)
class TestPassingFault:
    """A fault that passes is no answer: the caller gets what it would have got without it."""

    def test_before_the_commit_is_tried_again(
        self, steady: Ledger, spy: Spy, client: Client, error: type[Exception]
    ) -> None:
        spy.forget()
        spy.fail("commit", Before(error("injected")), Before(error("injected")))
        result = record(steady)
        assert not result.replayed
        assert spy.methods == ["commit"] * 3
        assert len(assert_balanced(client)) == 2

    def test_that_loses_the_answer_to_a_commit_ends_in_the_contribution(
        self, steady: Ledger, spy: Spy, client: Client, error: type[Exception]
    ) -> None:
        spy.fail("commit", After(error("injected")))
        result = record(steady)
        # It was this request that recorded it, whichever of its tries.
        assert not result.replayed
        assert result.contribution == steady.find.contribution(result.contribution.id).stored
        assert len(assert_balanced(client)) == 2

    def test_before_the_read_is_tried_again(
        self, ledger: Ledger, spy: Spy, client: Client, error: type[Exception]
    ) -> None:
        spy.fail("batch_get_documents", Before(error("injected")), After(error("injected")))
        assert not record(ledger).replayed
        assert len(assert_balanced(client)) == 1

    @pytest.mark.parametrize("when", [Before, After])
    def test_at_the_second_commit_ends_in_one_contribution(
        self,
        steady: Ledger,
        spy: Spy,
        client: Client,
        error: type[Exception],
        when: type[Before | After],
    ) -> None:
        spy.fail("commit", None, when(error("injected")))
        result = record(steady, **ELSEWHERE)
        assert not result.replayed
        assert len(assert_balanced(client)) == 2

    def test_before_the_creation_of_a_contributor_is_tried_again(
        self, ledger: Ledger, spy: Spy, error: type[Exception]
    ) -> None:
        spy.fail("commit", Before(error("injected")))
        request = parse(NewContributor, {"name": "N", "email": "test@example.com", "type": "BOT"})
        assert ledger.registrar.create_contributor(request).created_at is not None


def test_somebody_elses_contribution_between_the_read_and_the_second_commit_is_seen(
    steady: Ledger, spy: Spy, open_client: OpenClient
) -> None:
    other = ledger_of(open_client())
    spy.forget()

    def overtake(_: float) -> None:
        if len(spy.calls) == 3:
            record(other, contributor_email="other@example.com", **ELSEWHERE)

    spy.on_call = overtake
    with pytest.raises(Conflict):
        record(steady, **ELSEWHERE)
    wrote_and_read = ["commit", "batch_get_documents"]
    # Whether both are one person is asked before it is said to be somebody else's.
    assert spy.methods == [*wrote_and_read, *wrote_and_read, "run_query"]
    assert len(assert_balanced(spy.client)) == 2


def test_accounts_that_somebody_else_opens_meanwhile_are_added_to_and_not_opened_anew(
    ledger: Ledger, spy: Spy, open_client: OpenClient
) -> None:
    other = ledger_of(open_client())

    def overtake(_: float) -> None:
        if len(spy.calls) == 2:
            record(other, "bbbbbb")

    spy.on_call = overtake
    assert not record(ledger, "aaaaaa").replayed
    assert spy.methods == ["batch_get_documents", "commit"] * 2
    assert len(assert_balanced(spy.client)) == 2


def test_an_account_deleted_by_hand_is_created_anew(steady: Ledger, client: Client) -> None:
    client.collection("contributors").document("test@example.com").delete()
    assert not record(steady).replayed
    [person] = [d.to_dict() for d in client.collection("contributors").stream()]
    assert (person["contribution_count"], person["total_cost_micros"]) == (1, 100_000_000)
