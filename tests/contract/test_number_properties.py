"""Whatever repositories are called in the course of time, each is one asset by its number."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.firestore import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.domain.errors import WasVoided
from shared.domain.number import Claim
from shared.store.reconciling import Reconciler
from tests.contract.books import assert_balanced, documents
from tests.contract.histories import run_histories
from tests.contract.reports import ledger_of, report

NAMES = ["octo/a", "octo/b", "acme/a"]
NUMBERS = [7, 8, 9]
# Who reports: keys that speak for all of these repositories, or tokens.
KEYS = [("ci", (), False), ("robot", ("octo/*", "acme/*"), False)]
TOKENS = [("oidc:octo/a", ("octo/a",), True)]

names = st.sampled_from(NAMES)
numbers = st.sampled_from(NUMBERS)
hashes = st.sampled_from([f"{number:06x}" for number in range(3)])


class Renaming(RuleBasedStateMachine):
    """Reports repositories under any name, and says beforehand where that must go."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.instances = [ledger_of(client) for _ in range(2)]
        self.reporters: list[tuple[str, tuple[str, ...], bool]] = []
        # To which number a name leads, and what a number is shown as.
        self.leads_to: dict[str, int] = {}
        self.shown: dict[int, str] = {}
        # Whether what was recorded of a number is live.
        self.recorded: dict[tuple[int, str], bool] = {}

    @initialize(reporters=st.sampled_from([KEYS, TOKENS]))
    def choose(self, reporters: Any) -> None:
        self.reporters = reporters

    def record(
        self, name: str, commit_hash: str, claim: Claim | None, number: int, at: int
    ) -> None:
        one = report(commit_hash, repository=name)
        commits = self.instances[at % 2].commits
        live = self.recorded.get((number, commit_hash))
        if live is False:
            with pytest.raises(WasVoided):
                commits.record(one, recorded_by="ci", claim=claim)
            return
        replayed = commits.record(one, recorded_by="ci", claim=claim).replayed
        assert replayed == (live is not None)
        self.recorded[number, commit_hash] = True

    @rule(name=names, number=numbers, commit_hash=hashes, at=st.integers(0, 3))
    def report_it(self, name: str, number: int, commit_hash: str, at: int) -> None:
        if name not in self.leads_to:
            # New, or renamed.
            self.leads_to[name] = number
            self.shown[number] = name
        # Or taken over: by one that is new, or that has a name already.
        self.shown.setdefault(number, name)
        by, patterns, proven = self.reporters[at // 2 % len(self.reporters)]
        claim = Claim(number, by, patterns, proven=proven)
        self.record(name, commit_hash, claim, number, at)

    @precondition(lambda self: self.leads_to)
    @rule(name=names, commit_hash=hashes, at=st.integers(0, 1))
    def report_it_without_a_number(self, name: str, commit_hash: str, at: int) -> None:
        if name in self.leads_to:
            self.record(name, commit_hash, None, self.leads_to[name], at)

    @rule(name=st.sampled_from(["evil/x", "evil/y"]), number=numbers, commit_hash=hashes)
    def report_it_as_a_stranger(self, name: str, number: int, commit_hash: str) -> None:
        one = report(commit_hash, repository=name)
        claim = Claim(number, "stranger", ("evil/*",))
        self.instances[0].commits.record(one, recorded_by="stranger", claim=claim)

    @rule(name=names, commit_hash=hashes)
    def void(self, name: str, commit_hash: str) -> None:
        number = self.leads_to.get(name, 0)
        if (number, commit_hash) in self.recorded:
            key = f"{name}@{commit_hash}"
            self.instances[0].voids.void(key, voided_by="ops", reason=None)
            self.recorded[number, commit_hash] = False

    @invariant()
    def each_is_one_asset_with_its_own(self) -> None:
        contributions = assert_balanced(self.client).values()
        assets = {
            asset["github_id"]: asset
            for key, asset in documents(self.client, "assets").items()
            if not key.startswith("evil")
        }
        assert assets.keys() == self.shown.keys()
        found = {
            (number, one["commit_hash"]): not one["voided"]
            for number, asset in assets.items()
            for one in contributions
            if one["asset_id"] == asset["id"]
        }
        assert found == self.recorded
        assert {number: asset["name"] for number, asset in assets.items()} == self.shown
        for name, number in self.leads_to.items():
            assert self.instances[0].find.asset(name).stored.id == assets[number]["id"]

    def teardown(self) -> None:
        reconciler = Reconciler(self.instances[0].connection)
        assert list(reconciler.findings(repair=False, progress=lambda *_: None)) == []


@pytest.mark.parametrize(("backend", "examples"), [("embedded", 25), ("emulator", 3)])
def test_any_history_of_names_leaves_each_repository_one_asset(
    request: pytest.FixtureRequest, backend: str, examples: int
) -> None:
    run_histories(Renaming, request, backend, examples=examples, steps=12)
