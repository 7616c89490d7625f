"""Whatever is done in whatever order, every total is the sum of its live contributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud.firestore import Client
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from shared.domain.contribution import Commit, Outcome, StoredContribution
from shared.domain.errors import Conflict, InvalidInput
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.store.recording import Recorded
from tests.contract.books import assert_balanced
from tests.contract.by_hand import new_contribution
from tests.contract.histories import run_histories
from tests.contract.reports import ledger_of, outcome_of, report

REPOSITORIES = ["octo/one", "octo/two"]
# None, before 1970, in two months by two clocks, and after it is recorded.
TIMES = [None, "1969-07-20T20:17:00Z", "2019-12-31T23:30:00-02:00", "2020-02-29T12:00:00Z"]
TIMES += ["2999-01-01T00:00:00Z"]

people = st.sampled_from(["ada@example.com", "bea@example.com", "coder@agents.example"])
commits = st.fixed_dictionaries(
    {
        "commit_hash": st.sampled_from([f"{number:06x}" for number in range(4)]),
        "contributor_email": people,
        # Amounts that do not divide evenly, and none at all: then it is estimated.
        "cost_amount": st.sampled_from([None, "0", "0.000001", "0.000002", "33.333333"]),
        "co_authors": st.lists(people.map(lambda email: {"email": email}), max_size=3),
        "metadata": st.fixed_dictionaries({}, optional={"lines_added": st.integers(0, 9000)}),
        "timestamp": st.sampled_from(TIMES),
    }
)
repositories = st.sampled_from(REPOSITORIES)
# Which of the contributions so far: the number is taken modulo how many there are.
choices = st.integers(0, 100)


@dataclass
class Known:
    """What the test knows of a contribution."""

    contribution: StoredContribution
    live: bool = True
    corrected: bool = False


class Bookkeeping(RuleBasedStateMachine):
    """Does what clients do, says beforehand what must come of it, and adds up after each step."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.ledger = ledger_of(client)
        self.known: list[Known] = []
        self.commits: dict[tuple[str, str], Known] = {}
        self.keys: dict[str, tuple[str, str, str]] = {}

    def add(self, contribution: StoredContribution) -> Known:
        known = Known(contribution)
        self.known.append(known)
        return known

    def expected(self, repository: str, commit: dict[str, Any]) -> Outcome:
        """What must become of a commit that is reported now."""
        known = self.commits.get((repository, commit["commit_hash"]))
        if known is None:
            return Outcome.RECORDED
        if known.contribution.contributor_email != commit["contributor_email"]:
            return Outcome.CONFLICT
        return Outcome.REPLAYED if known.live else Outcome.VOIDED

    @rule(repository=repositories, commit=commits)
    def report_a_commit(self, repository: str, commit: dict[str, Any]) -> None:
        outcome = self.expected(repository, commit)
        one = report(**commit, repository=repository)
        if outcome in {Outcome.CONFLICT, Outcome.VOIDED}:
            with pytest.raises(Conflict):
                self.ledger.commits.record(one, recorded_by="ci")
            return
        recorded = self.ledger.commits.record(one, recorded_by="ci")
        assert recorded.replayed == (outcome is Outcome.REPLAYED)
        if not recorded.replayed:
            self.commits[repository, commit["commit_hash"]] = self.add(recorded.contribution)

    @rule(repository=repositories, batch=st.lists(commits, max_size=6))
    def report_a_batch(self, repository: str, batch: list[dict[str, Any]]) -> None:
        done = self.ledger.commits.record_all(
            Repository.parse(repository),
            [parse(Commit, commit) for commit in batch],
            recorded_by="ci",
        )
        # In order: the first of two reports of one commit counts, also inside a batch.
        for commit, result in zip(batch, done, strict=True):
            assert outcome_of(result) is self.expected(repository, commit)
            if isinstance(result, Recorded) and not result.replayed:
                self.commits[repository, commit["commit_hash"]] = self.add(result.contribution)

    @precondition(lambda self: self.known)
    @rule(choice=choices)
    def void(self, choice: int) -> None:
        known = self.known[choice % len(self.known)]
        voided = self.ledger.voids.void(known.contribution.id, voided_by="ops", reason=None)
        assert voided.replayed == (not known.live)
        known.live = False

    @precondition(lambda self: self.known)
    @rule(choice=choices)
    def correct(self, choice: int) -> None:
        known = self.known[choice % len(self.known)]
        contribution = known.contribution
        ids = (contribution.contributor_id, contribution.asset_id)
        if known.live or known.corrected:
            with pytest.raises(Conflict):
                new_contribution(self.ledger, *ids, corrects=contribution.id)
            return
        self.add(new_contribution(self.ledger, *ids, corrects=contribution.id).contribution)
        known.corrected = True

    @precondition(lambda self: self.known)
    @rule(choice=choices, key=st.sampled_from("ab"), cost=st.sampled_from(["1.00", "2.50"]))
    def record_by_ids(self, choice: int, key: str, cost: str) -> None:
        contribution = self.known[choice % len(self.known)].contribution
        request = (contribution.contributor_id, contribution.asset_id, cost)
        fresh = key not in self.keys
        used = self.keys.setdefault(key, request)
        if used != request:
            with pytest.raises(InvalidInput):
                new_contribution(self.ledger, *request[:2], key=key, cost_amount=cost)
            return
        recorded = new_contribution(self.ledger, *request[:2], key=key, cost_amount=cost)
        assert recorded.replayed != fresh
        if fresh:
            self.add(recorded.contribution)

    @invariant()
    def totals_are_the_sums_of_live_entries(self) -> None:
        contributions = assert_balanced(self.client)
        kept = {
            contribution["id"]: not contribution["voided"]
            for contribution in contributions.values()
        }
        assert kept == {known.contribution.id: known.live for known in self.known}


@pytest.mark.parametrize(
    ("backend", "examples"),
    [
        ("embedded", 25),
        ("emulator", 6),
    ],
)
def test_any_sequence_keeps_the_books_balanced(
    request: pytest.FixtureRequest, backend: str, examples: int
) -> None:
    run_histories(Bookkeeping, request, backend, examples=examples, steps=15)
