"""Recording by the ids of a contributor and an asset, with and without an Idempotency-Key."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from google.api_core.exceptions import (
    Aborted,
    Cancelled,
    DeadlineExceeded,
    InternalServerError,
    ServiceUnavailable,
    Unknown,
)
from google.cloud.firestore import Client

from shared.domain.errors import InvalidInput, NotFound, OutcomeUnknown, Unavailable
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import import_id, new_asset, new_contribution, new_contributor
from tests.contract.fake_time import FakeTime
from tests.contract.reports import NOW, ledger_of, report
from tests.contract.spy import After, Before, Spy

NOBODY = "00000000-0000-0000-0000-000000000000"
LEGACY = "11111111-2222-3333-4444-555555555555"


class Ids:
    """A contributor and an asset to record with."""

    def __init__(self, ledger: Ledger) -> None:
        self.contributor = new_contributor(ledger).id
        self.asset = new_asset(ledger).id


@pytest.fixture
def ids(ledger: Ledger) -> Ids:
    return Ids(ledger)


class TestAContribution:
    def test_is_scored_and_counted_like_a_commit(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        facts = {"has_tests": True, "has_docs": True, "files_changed": 2, "lines_added": 120}
        recorded = new_contribution(
            ledger, ids.contributor, ids.asset, metadata=facts, cost_amount="7.5"
        )
        by_commit = ledger.commits.record(report(metadata=facts), recorded_by="ci").contribution
        assert not recorded.replayed
        assert recorded.contribution.coherence == by_commit.coherence
        assert recorded.contribution.coherence_score == by_commit.coherence_score == 1.0
        person = documents(client, "contributors")["ada@example.com"]
        assert (person["contribution_count"], person["total_cost_micros"]) == (1, 7_500_000)
        assert person["last_recorded_at"] == recorded.contribution.recorded_at
        assert_balanced(client)

    def test_is_answered_as_it_is_kept(self, ledger: Ledger, ids: Ids) -> None:
        contribution = new_contribution(
            ledger, ids.contributor, ids.asset, metadata={"n": [1, {"m": "é"}]}
        ).contribution
        assert ledger.find.contribution(contribution.id).stored == contribution
        assert (contribution.recorded_by, contribution.repository, contribution.commit_hash) == (
            "ops",
            None,
            None,
        )
        assert contribution.timestamp == NOW

    def test_has_the_time_that_it_claims(self, ledger: Ledger, ids: Ids) -> None:
        claimed = "2001-01-01T00:00:00Z"
        contribution = new_contribution(
            ledger, ids.contributor, ids.asset, timestamp=claimed
        ).contribution
        assert contribution.timestamp == datetime(2001, 1, 1, tzinfo=UTC)

    def test_of_a_repository_names_it(self, ledger: Ledger, ids: Ids) -> None:
        asset = new_asset(ledger, None, description="GitHub repository: Octo/Repo")
        assert (
            new_contribution(ledger, ids.contributor, asset.id).contribution.repository
            == "Octo/Repo"
        )

    def test_credits_its_contributor_with_the_whole_cost_even_an_agent(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        agent = new_contributor(ledger, "coder@agents.example", type="AGENT")
        [credit] = new_contribution(ledger, agent.id, ids.asset).contribution.credits
        assert (credit.role, credit.share_amount) == ("author", 10_000_000)
        assert_balanced(client)

    def test_is_another_one_each_time_without_a_key(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        contributions = [
            new_contribution(ledger, ids.contributor, ids.asset).contribution for _ in range(3)
        ]
        assert len({contribution.id for contribution in contributions}) == 3
        assert len(assert_balanced(client)) == 3

    def test_counts_once_when_its_answer_was_lost(
        self, ledger: Ledger, client: Client, spy: Spy, ids: Ids
    ) -> None:
        for key in (None, "k"):
            spy.fail("commit", After(ServiceUnavailable("lost")))
            # It was this request that recorded it, whichever of its tries.
            assert not new_contribution(ledger, ids.contributor, ids.asset, key=key).replayed
        assert len(assert_balanced(client)) == 2

    def test_takes_imported_ids_and_keeps_the_ledgers_own(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        import_id(ledger, "contributors/ada@example.com", LEGACY)
        import_id(ledger, f"assets/{ids.asset}", LEGACY)
        contribution = new_contribution(ledger, LEGACY, LEGACY).contribution
        assert (contribution.contributor_id, contribution.asset_id) == (ids.contributor, ids.asset)
        assert_balanced(client)


class TestAnOutcomeThatIsNotKnown:
    """The Commit's answer is lost, and Firestore stays away until the time is up."""

    def refused(self, client: Client, *faults: Before | After, key: str | None) -> Unavailable:
        time, spy = FakeTime(), Spy(client)
        ids = Ids(ledger_of(client))
        spy.fail("commit", *faults)
        spy.fail("batch_get_documents", *[Before(ServiceUnavailable("away"))] * 1000)
        hurried = ledger_of(client, timing=time.timing)
        with pytest.raises(Unavailable) as caught:
            new_contribution(hurried, ids.contributor, ids.asset, key=key)
        return caught.value

    @pytest.mark.parametrize(
        "fault",
        [
            Before(DeadlineExceeded("slow")),
            After(DeadlineExceeded("slow")),
            After(Unknown("odd")),
            After(Cancelled("by the network")),
            Before(InternalServerError("odd")),
        ],
        ids=repr,
    )
    def test_says_to_look_before_it_is_sent_again(
        self, client: Client, fault: Before | After
    ) -> None:
        error = self.refused(client, fault, key=None)
        assert isinstance(error, OutcomeUnknown)
        assert error.code == "outcome_unknown"
        assert "look before you send it again" in error.detail

    def test_is_safe_to_send_again_with_a_key(self, client: Client) -> None:
        error = self.refused(client, After(DeadlineExceeded("slow")), key="k")
        assert error.code == "unavailable"

    def test_is_known_where_the_commit_was_refused(self, client: Client) -> None:
        error = self.refused(client, Before(Aborted("contended")), key=None)
        assert error.code == "unavailable"


class TestAnUnknownId:
    def test_of_a_contributor_is_named(self, ledger: Ledger, ids: Ids) -> None:
        with pytest.raises(NotFound) as caught:
            new_contribution(ledger, NOBODY, ids.asset)
        assert caught.value.detail == "Contributor not found"

    def test_of_an_asset_is_named(self, ledger: Ledger, ids: Ids) -> None:
        with pytest.raises(NotFound) as caught:
            new_contribution(ledger, ids.contributor, NOBODY)
        assert caught.value.detail == "Asset not found"

    @pytest.mark.parametrize("unusable", ["", "nobody", "__x__", "..", "a/b/c", "x\x00y"])
    def test_may_be_no_id_at_all(self, ledger: Ledger, ids: Ids, unusable: str) -> None:
        with pytest.raises(NotFound, match="Contributor not found"):
            new_contribution(ledger, unusable, ids.asset)
        with pytest.raises(NotFound, match="Asset not found"):
            new_contribution(ledger, ids.contributor, unusable)

    def test_records_nothing(self, ledger: Ledger, client: Client, ids: Ids) -> None:
        with pytest.raises(NotFound):
            new_contribution(ledger, ids.contributor, NOBODY, key="k")
        assert assert_balanced(client) == {}


class TestTheBasisOfACost:
    @pytest.mark.parametrize(
        "evidence",
        [
            "invoice_id",
            "receipt_id",
            "billing_reference",
            "payment_tx_hash",
            "cost_evidence_url",
            "vendor_invoice_id",
        ],
    )
    def test_is_verified_by_evidence(self, ledger: Ledger, ids: Ids, evidence: str) -> None:
        contribution = new_contribution(
            ledger, ids.contributor, ids.asset, metadata={evidence: "4711"}
        ).contribution
        assert contribution.cost_basis == "actual_verified"

    @pytest.mark.parametrize(
        "metadata", [{}, {"invoice_id": ""}, {"invoice_id": None}, {"invoice": "4711"}]
    )
    def test_is_declared_without(self, ledger: Ledger, ids: Ids, metadata: dict[str, Any]) -> None:
        contribution = new_contribution(
            ledger, ids.contributor, ids.asset, metadata=metadata
        ).contribution
        assert contribution.cost_basis == "declared_unverified"


class TestAnIdempotencyKey:
    def test_makes_a_retry_a_replay_of_the_stored_contribution(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        first = new_contribution(ledger, ids.contributor, ids.asset, key="4711")
        again = new_contribution(ledger, ids.contributor, ids.asset, key="4711")
        assert (first.replayed, again.replayed) == (False, True)
        assert again.contribution == first.contribution
        assert len(assert_balanced(client)) == 1

    def test_does_not_mind_how_the_same_request_is_written(self, ledger: Ledger, ids: Ids) -> None:
        new_contribution(
            ledger, ids.contributor, ids.asset, key="k", metadata={"a": 1, "b": {"c": 2}}
        )
        same: dict[str, Any] = {"metadata": {"b": {"c": 2}, "a": 1}, "cost_amount": 10}
        assert new_contribution(ledger, ids.contributor, ids.asset, key="k", **same).replayed

    @pytest.mark.parametrize(
        "other",
        [
            {"cost_amount": "10.000001"},
            {"metadata": {"note": "x"}},
            {"timestamp": "2024-05-01T00:00:00Z"},
            {"assistance": ["Codex"]},
        ],
    )
    def test_with_another_request_is_refused_and_records_nothing(
        self, ledger: Ledger, client: Client, ids: Ids, other: dict[str, Any]
    ) -> None:
        new_contribution(ledger, ids.contributor, ids.asset, key="k")
        with pytest.raises(InvalidInput) as caught:
            new_contribution(ledger, ids.contributor, ids.asset, key="k", **other)
        assert [fault.pointer for fault in caught.value.faults] == [":Idempotency-Key"]
        assert len(assert_balanced(client)) == 1

    def test_knows_a_request_of_before_assistance_could_be_told(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        kept = new_contribution(ledger, ids.contributor, ids.asset, key="k").contribution
        before = {
            "contributor_id": ids.contributor,
            "asset_id": ids.asset,
            "cost_amount": 10_000_000,
        }
        text = json.dumps(
            before | {"metadata": {}, "timestamp": None, "corrects": None}, sort_keys=True
        )
        assert kept.request_digest == hashlib.sha256(text.encode()).hexdigest()

    def test_is_each_callers_own(self, ledger: Ledger, client: Client, ids: Ids) -> None:
        contributions = {
            new_contribution(
                ledger, ids.contributor, ids.asset, key="k", recorded_by=name
            ).contribution.id
            for name in ("one", "two", "one")
        }
        assert len(contributions) == len(assert_balanced(client)) == 2

    def test_is_read_as_it_stands(self, ledger: Ledger, client: Client, ids: Ids) -> None:
        for key in ("k", "K", " k", "k/../k", "~", "x" * 255):
            new_contribution(ledger, ids.contributor, ids.asset, key=key)
        assert len(assert_balanced(client)) == 6

    def test_counts_once_when_16_use_it_at_once(
        self, ledger: Ledger, client: Client, ids: Ids
    ) -> None:
        call = partial(new_contribution, ledger, ids.contributor, ids.asset, key="k")
        answers = [a for a in at_once([call] * 16) if isinstance(a, Recorded)]
        assert sorted(answer.replayed for answer in answers) == [False] + [True] * 15
        assert len({answer.contribution.id for answer in answers}) == 1
        assert len(assert_balanced(client)) == 1

    def test_stays_used_when_its_contribution_is_voided(self, ledger: Ledger, ids: Ids) -> None:
        contribution = new_contribution(ledger, ids.contributor, ids.asset, key="k").contribution
        ledger.voids.void(contribution.id, voided_by="ops", reason=None)
        again = new_contribution(ledger, ids.contributor, ids.asset, key="k")
        assert again.replayed
        assert again.contribution.voided

    def test_costs_one_read_more(self, ledger: Ledger, spy: Spy, ids: Ids) -> None:
        spy.forget()
        new_contribution(ledger, ids.contributor, ids.asset)
        without = spy.methods
        spy.forget()
        new_contribution(ledger, ids.contributor, ids.asset, key="k")
        assert without == ["run_query", "run_query", "commit"]
        assert spy.methods == ["batch_get_documents", *without]
        assert spy.calls[-1].writes == 4
