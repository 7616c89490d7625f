"""Voiding takes a contribution out of the totals once; a correction takes its place, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.contribution import StoredContribution
from shared.domain.drift import State, Totals
from shared.domain.errors import Conflict, LedgerError, NotFound
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter
from shared.store.reconciling import Reconciler
from shared.store.recording import Recorded
from shared.store.voiding import Voided
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import import_id, new_asset, new_contribution, new_contributor
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Spy

LEGACY = "11111111-2222-3333-4444-555555555555"
CO_AUTHORS = [
    {"email": "bea@example.com"},
    {"email": "cleo@example.com"},
    {"email": "coder@agents.example"},
]


def commit(
    ledger: Ledger, commit_hash: str = "abc123", *, cost: str = "100.00"
) -> StoredContribution:
    """A commit of four people, one of them an agent without a share."""
    one = report(commit_hash, cost_amount=cost, co_authors=CO_AUTHORS)
    return ledger.commits.record(one, recorded_by="ci").contribution


def void(ledger: Ledger, key: str, reason: str | None = None) -> Voided:
    return ledger.voids.void(key, voided_by="ops", reason=reason)


def totals(client: Client) -> set[tuple[int, int]]:
    """Count and total of every contributor and asset; what all share stands there once."""
    accounts = documents(client, "contributors") | documents(client, "assets")
    return {(a["contribution_count"], a["total_cost_micros"]) for a in accounts.values()}


class TestVoiding:
    def test_takes_the_contribution_out_of_every_total_it_is_in(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = commit(ledger)
        assert not void(ledger, contribution.id).replayed
        assert totals(client) == {(0, 0)}
        assert len(assert_balanced(client)) == 1

    def test_takes_back_the_share_of_a_co_author_who_would_get_none_today(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = commit(ledger)
        client.document("contributors/bea@example.com").update({"contributor_type": "BOT"})
        assert contribution.credits[1].share_amount == 33_333_333
        reconciler = Reconciler(ledger.connection)
        assert list(reconciler.findings(repair=False, progress=lambda *_: None)) == []
        void(ledger, contribution.id)
        assert totals(client) == {(0, 0)}

    def test_leaves_other_contributions_in_the_totals(self, ledger: Ledger, client: Client) -> None:
        contribution = commit(ledger, "aaaaaa")
        commit(ledger, "bbbbbb", cost="0.000004")
        void(ledger, contribution.id)
        kept = documents(client, "assets")["seeker71:coherence-network"]
        assert (kept["contribution_count"], kept["total_cost_micros"]) == (1, 4)
        assert_balanced(client)

    def test_says_when_and_by_whom_and_why_and_changes_nothing_else(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = commit(ledger)
        [before] = documents(client, "contributions").values()
        voided = void(ledger, contribution.id, "Reported twice").contribution
        [after] = documents(client, "contributions").values()
        said = {"voided", "voided_at", "voided_by", "void_reason"}
        assert {name for name in after if after[name] != before[name]} == said
        assert (voided.voided, voided.voided_by) == (True, "ops")
        assert voided.void_reason == "Reported twice"
        assert voided.voided_at is not None
        assert ledger.find.contribution(contribution.id).stored == voided

    def test_again_is_a_replay_that_changes_nothing(self, ledger: Ledger, client: Client) -> None:
        contribution = commit(ledger)
        first = void(ledger, contribution.id, "first")
        second = ledger.voids.void(contribution.id, voided_by="other", reason="second")
        assert second.replayed
        assert second.contribution == first.contribution
        assert_balanced(client)

    def test_counts_once_when_32_try_at_once(self, ledger: Ledger, client: Client) -> None:
        contribution = commit(ledger, "aaaaaa")
        commit(ledger, "bbbbbb")
        answers = at_once([partial(void, ledger, contribution.id)] * 32)
        voided = [answer for answer in answers if isinstance(answer, Voided)]
        assert sorted(answer.replayed for answer in voided) == [False] + [True] * 31
        assert len({answer.contribution.voided_at for answer in voided}) == 1
        assert_balanced(client)

    def test_keeps_totals_exact_while_the_same_people_are_recorded(
        self, ledger: Ledger, client: Client
    ) -> None:
        hashes = [f"{number:06x}" for number in range(16)]
        contributions = [commit(ledger, commit_hash) for commit_hash in hashes[:8]]
        voids = [partial(void, ledger, contribution.id) for contribution in contributions]
        records = [partial(commit, ledger, commit_hash) for commit_hash in hashes[8:]]
        tasks: list[Callable[[], Voided | StoredContribution]] = [*voids, *records]
        assert not any(isinstance(answer, LedgerError) for answer in at_once(tasks))
        contributions_now = assert_balanced(client)
        assert sum(contribution["voided"] for contribution in contributions_now.values()) == 8

    def test_finds_the_contribution_by_any_of_its_names(
        self, ledger: Ledger, client: Client
    ) -> None:
        for number, key in enumerate(("SEEKER71/coherence-network@000000", LEGACY)):
            contribution = commit(ledger, f"{number:06x}")
            if key == LEGACY:
                import_id(ledger, "contributions/seeker71:coherence-network@000001", LEGACY)
            assert void(ledger, key).contribution.id == contribution.id
        assert totals(client) == {(0, 0)}

    def test_of_a_contribution_by_ids_lowers_a_named_asset(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = new_contribution(
            ledger, new_contributor(ledger).id, new_asset(ledger).id
        ).contribution
        void(ledger, contribution.id)
        assert totals(client) == {(0, 0)}

    def test_of_a_contribution_by_ids_lowers_a_repository(
        self, ledger: Ledger, client: Client
    ) -> None:
        asset = new_asset(ledger, None, description="GitHub repository: Octo/Repo")
        contribution = new_contribution(ledger, new_contributor(ledger).id, asset.id).contribution
        void(ledger, contribution.id)
        assert totals(client) == {(0, 0)}

    def test_of_nothing_is_not_found(self, ledger: Ledger) -> None:
        for key in ("o/r@abc123", LEGACY, "..", ""):
            with pytest.raises(NotFound, match="Contribution not found"):
                void(ledger, key)

    def test_sends_one_read_and_one_commit(self, ledger: Ledger, spy: Spy) -> None:
        commit(ledger)
        spy.forget()
        void(ledger, "seeker71/coherence-network@abc123")
        assert spy.methods == ["batch_get_documents", "commit"]
        assert spy.calls[-1].writes == 10

    @pytest.mark.parametrize("fault", [Before, After])
    def test_counts_once_when_the_connection_breaks(
        self, ledger: Ledger, client: Client, spy: Spy, fault: type[Before | After]
    ) -> None:
        contribution = commit(ledger)
        spy.fail("commit", fault(ServiceUnavailable("broken")))
        assert void(ledger, contribution.id).contribution.voided
        assert totals(client) == {(0, 0)}
        assert_balanced(client)


class TestAnAccountThatIsGone:
    """Somebody deleted the document of a contributor or of the asset at the console."""

    @pytest.mark.parametrize(
        "gone",
        [
            ["contributors/test@example.com"],
            ["assets/seeker71:coherence-network"],
            ["contributors/bea@example.com", "assets/seeker71:coherence-network"],
        ],
    )
    def test_is_made_anew_as_recording_makes_it(
        self, ledger: Ledger, client: Client, gone: list[str]
    ) -> None:
        contribution = commit(ledger)
        before = {path: client.document(path).get().to_dict() for path in gone}
        for path in gone:
            client.document(path).delete()
        assert not void(ledger, contribution.id).replayed
        assert totals(client) == {(0, 0)}
        assert_balanced(client)
        for path in gone:
            made = client.document(path).get().to_dict()
            told = {"id", "name", "contributor_type", "asset_type", "description"} & made.keys()
            assert {name: made[name] for name in told} == {
                name: before[path][name] for name in told
            }
            assert made["created_at"] is not None
        reconciler = Reconciler(ledger.connection)
        assert list(reconciler.findings(repair=False, progress=lambda *_: None)) == []

    def test_and_had_other_live_contributions_is_made_right_by_a_repair(
        self, ledger: Ledger, client: Client
    ) -> None:
        commit(ledger, "aaaaaa"), commit(ledger, "bbbbbb")
        client.document("contributors/bea@example.com").delete()
        void(ledger, "seeker71/coherence-network@aaaaaa")
        reconciler = Reconciler(ledger.connection)
        [finding] = reconciler.findings(repair=True, progress=lambda *_: None)
        assert (finding.label, finding.state) == ("bea@example.com", State.MENDED)
        assert (finding.stored, finding.actual) == (Totals(0, 0), Totals(1, 33_333_333))
        assert_balanced(client)

    def test_of_a_named_asset_keeps_its_id(self, ledger: Ledger, client: Client) -> None:
        asset = new_asset(ledger)
        contribution = new_contribution(ledger, new_contributor(ledger).id, asset.id).contribution
        client.document(f"assets/{asset.id}").delete()
        void(ledger, contribution.id)
        assert ledger.find.asset(asset.id).stored.contribution_count == 0
        assert_balanced(client)

    def test_costs_one_read_and_one_try_more(
        self, ledger: Ledger, client: Client, spy: Spy
    ) -> None:
        commit(ledger)
        client.document("contributors/bea@example.com").delete()
        spy.forget()
        void(ledger, "seeker71/coherence-network@abc123")
        read, write = "batch_get_documents", "commit"
        assert spy.methods == [read, write, read, read, write]


class TestLists:
    def test_leave_voided_contributions_out_unless_they_are_wanted(self, ledger: Ledger) -> None:
        gone, kept = commit(ledger, "aaaaaa"), commit(ledger, "bbbbbb")
        void(ledger, gone.id)
        of_bea = gone.credits[1].contributor_id
        for chosen in (
            ContributionFilter(),
            ContributionFilter(contributor_ids=(of_bea,)),
            ContributionFilter(asset_id=gone.asset_id),
            ContributionFilter(contributor_ids=(of_bea,), asset_id=gone.asset_id),
        ):
            live = ledger.lists.contributions(chosen, limit=10).items
            everything = replace(chosen, include_voided=True)
            both = ledger.lists.contributions(everything, limit=10).items
            assert [contribution.id for contribution in live] == [kept.id]
            assert {contribution.id for contribution in both} == {kept.id, gone.id}


class TestACorrection:
    def correct(self, ledger: Ledger, wrong: StoredContribution, *, cost: str = "1.00") -> Recorded:
        return new_contribution(
            ledger, wrong.contributor_id, wrong.asset_id, corrects=wrong.id, cost_amount=cost
        )

    def test_and_the_voided_contribution_link_to_each_other(
        self, ledger: Ledger, client: Client
    ) -> None:
        wrong = commit(ledger)
        void(ledger, wrong.id)
        right = self.correct(ledger, wrong).contribution
        assert right.corrects == wrong.id
        assert ledger.find.contribution(wrong.id).stored.corrected_by == right.id
        assert ledger.find.contribution(right.id).stored == right
        assert_balanced(client)

    @pytest.mark.parametrize("key", ["seeker71/Coherence-Network@ABC123", LEGACY])
    def test_names_the_contribution_by_any_of_its_names(self, ledger: Ledger, key: str) -> None:
        wrong = commit(ledger)
        import_id(ledger, "contributions/seeker71:coherence-network@abc123", LEGACY)
        void(ledger, wrong.id)
        right = new_contribution(
            ledger, wrong.contributor_id, wrong.asset_id, corrects=key
        ).contribution
        assert right.corrects == wrong.id

    def test_is_of_a_voided_contribution_only(self, ledger: Ledger, client: Client) -> None:
        standing = commit(ledger)
        with pytest.raises(Conflict) as refused:
            self.correct(ledger, standing)
        assert refused.value.code == "not_voided"
        assert len(assert_balanced(client)) == 1

    def test_is_the_only_one(self, ledger: Ledger, client: Client) -> None:
        wrong = commit(ledger)
        void(ledger, wrong.id)
        right = self.correct(ledger, wrong).contribution
        with pytest.raises(Conflict) as refused:
            self.correct(ledger, wrong)
        assert refused.value.code == "already_corrected"
        assert right.id in refused.value.detail
        assert len(assert_balanced(client)) == 2

    def test_is_the_only_one_when_16_race_for_it(self, ledger: Ledger, client: Client) -> None:
        wrong = commit(ledger)
        void(ledger, wrong.id)
        answers = at_once(
            [partial(self.correct, ledger, wrong, cost=f"{number}.00") for number in range(16)]
        )
        [right] = [answer.contribution for answer in answers if isinstance(answer, Recorded)]
        refused = [answer for answer in answers if isinstance(answer, Conflict)]
        assert {refusal.code for refusal in refused} == {"already_corrected"}
        assert len(refused) == 15
        assert ledger.find.contribution(wrong.id).stored.corrected_by == right.id
        assert len(assert_balanced(client)) == 2

    def test_can_be_voided_and_corrected_itself(self, ledger: Ledger, client: Client) -> None:
        first = commit(ledger)
        void(ledger, first.id)
        second = self.correct(ledger, first, cost="2.00").contribution
        void(ledger, second.id)
        third = self.correct(ledger, second, cost="3.00").contribution
        chain = [
            ledger.find.contribution(contribution.id).stored
            for contribution in (first, second, third)
        ]
        assert [contribution.corrects for contribution in chain] == [None, first.id, second.id]
        assert [contribution.corrected_by for contribution in chain] == [second.id, third.id, None]
        assert_balanced(client)

    def test_with_a_key_is_a_replay_when_it_comes_again(
        self, ledger: Ledger, client: Client
    ) -> None:
        wrong = commit(ledger)
        void(ledger, wrong.id)
        ids = (wrong.contributor_id, wrong.asset_id)
        first = new_contribution(ledger, *ids, key="k", corrects=wrong.id)
        again = new_contribution(ledger, *ids, key="k", corrects=wrong.id)
        assert (again.replayed, again.contribution) == (True, first.contribution)
        assert len(assert_balanced(client)) == 2

    def test_with_a_key_is_a_replay_where_the_same_request_comes_between(
        self, ledger: Ledger, open_client: OpenClient, spy: Spy
    ) -> None:
        wrong = commit(ledger)
        void(ledger, wrong.id)
        ids = (wrong.contributor_id, wrong.asset_id)
        other = ledger_of(open_client())
        spy.forget()

        def overtake(_: float) -> None:
            # After the look for what has this key, and before the one at what is corrected.
            if len(spy.calls) == 2:
                new_contribution(other, *ids, key="k", corrects=wrong.id)

        spy.on_call = overtake
        assert new_contribution(ledger, *ids, key="k", corrects=wrong.id).replayed
        assert len(assert_balanced(spy.client)) == 2

    def test_counts_once_when_its_answer_was_lost(
        self, ledger: Ledger, client: Client, spy: Spy
    ) -> None:
        wrong = commit(ledger)
        void(ledger, wrong.id)
        spy.fail("commit", After(ServiceUnavailable("lost")))
        right = self.correct(ledger, wrong).contribution
        assert ledger.find.contribution(wrong.id).stored.corrected_by == right.id
        assert len(assert_balanced(client)) == 2

    def test_of_nothing_is_not_found(self, ledger: Ledger, client: Client) -> None:
        standing = commit(ledger)
        with pytest.raises(NotFound, match="Contribution not found"):
            new_contribution(ledger, standing.contributor_id, standing.asset_id, corrects=LEGACY)
        assert len(assert_balanced(client)) == 1
