"""Whatever is recorded, joined and split: people are the sums of their addresses."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from google.cloud.firestore import Client
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)

from shared.domain.contributor import ContributorChange
from shared.domain.errors import Conflict
from shared.domain.fields import parse
from shared.domain.identifiers import contributor_id
from shared.domain.sort import Sort
from shared.store.deadline import Timing
from shared.store.ledger import ledger_on
from shared.store.listing import ContributionFilter
from tests.contract.books import assert_balanced, documents
from tests.contract.histories import run_histories
from tests.contract.reports import NOW, classify, report

NUMBERED = [f"123+{login}@users.noreply.github.com" for login in ("old", "new")]
EMAILS = ["ada@example.com", "bea@example.com", "coder@agents.example", *NUMBERED]
# More than the figures of joined people are kept for lists, and less than types are known.
A_WHILE = 16.0

emails = st.sampled_from(EMAILS)
hashes = st.sampled_from([f"{number:06x}" for number in range(5)])


class People(RuleBasedStateMachine):
    """Does what clients and operators do; who is who is worked out anew from the documents."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.time = 0.0
        self.ledger = ledger_on(
            client,
            classify=classify,
            clock=lambda: NOW,
            timing=Timing(budget=60, rpc_timeout=30, monotonic=lambda: self.time),
        )

    def kept(self) -> dict[str, Any]:
        """Everything but who is who."""
        return {
            collection.id: documents(self.client, collection.id)
            for collection in self.client.collections()
            if collection.id != "aliases"
        }

    def leads_to(self) -> dict[str, str]:
        """Where each address leads."""
        aliases = documents(self.client, "aliases")
        return {email: aliases.get(email, {}).get("contributor_email", email) for email in EMAILS}

    def one_person(self, email: str) -> set[str]:
        heads = self.leads_to()
        return {other for other in EMAILS if heads[other] == heads[email]}

    @rule(commit_hash=hashes, author=emails, others=st.lists(emails, max_size=2))
    def record(self, commit_hash: str, author: str, others: list[str]) -> None:
        self.time += A_WHILE
        kept = documents(self.client, "contributions").get(f"octo:one@{commit_hash}")
        one = report(
            commit_hash,
            repository="octo/one",
            contributor_email=author,
            contributor_name="Named" if commit_hash.endswith("1") else None,
            co_authors=[{"email": email} for email in others],
        )
        if kept and (kept["contributor_email"] not in self.one_person(author) or kept["voided"]):
            with pytest.raises(Conflict):
                self.ledger.commits.record(one, recorded_by="ci")
            return
        assert self.ledger.commits.record(one, recorded_by="ci").replayed == (kept is not None)

    @rule(commit_hash=hashes)
    def void(self, commit_hash: str) -> None:
        self.time += A_WHILE
        if f"octo:one@{commit_hash}" in documents(self.client, "contributions"):
            self.ledger.voids.void(f"octo/one@{commit_hash}", voided_by="ops", reason=None)

    @rule(email=emails, chosen=st.sampled_from([{"name": "Chosen"}, {"type": "BOT"}]))
    def change(self, email: str, chosen: dict[str, str]) -> None:
        self.time += A_WHILE
        if self.one_person(email) & documents(self.client, "contributors").keys():
            change = parse(ContributorChange, chosen)
            shown = self.ledger.registrar.change_contributor(email, change).shown()
            assert shown.items() >= chosen.items()

    @rule(to=emails, email=emails)
    def join(self, to: str, email: str) -> None:
        before, heads = self.kept(), self.leads_to()
        if not self.one_person(to) & before.get("contributors", {}).keys():
            return
        if heads[to] == heads[email] and email != heads[email]:
            assert self.ledger.people.join(to, email, joined_by="ops", reason=None).replayed
        elif self.one_person(email) != {email} or heads[to] == email:
            with pytest.raises(Conflict):
                self.ledger.people.join(to, email, joined_by="ops", reason=None)
        else:
            self.ledger.people.join(to, email, joined_by="ops", reason=None)
            assert self.leads_to()[email] == heads[to]
        assert self.kept() == before

    @rule(email=emails)
    def split(self, email: str) -> None:
        before = self.kept()
        if self.leads_to()[email] != email:
            known = self.one_person(email) & before.get("contributors", {}).keys()
            if known:
                self.ledger.people.split(email, email)
                assert self.leads_to()[email] == email
        assert self.kept() == before

    @invariant()
    def totals_are_the_sums_of_live_contributions(self) -> None:
        assert_balanced(self.client)

    @invariant()
    def each_first_address_counts_those_that_lead_to_it(self) -> None:
        leads_to = Counter(head for email, head in self.leads_to().items() if head != email)
        kept = documents(self.client, "aliases").items()
        assert leads_to == {name: of["further"] for name, of in kept if "further" in of}

    @invariant()
    def lists_and_look_ups_are_those_of_people(self) -> None:
        accounts, heads = documents(self.client, "contributors"), self.leads_to()
        expected: dict[str, dict[str, Any]] = {}
        for email in sorted(accounts, key=lambda email: email != heads[email]):
            face = accounts.get(heads[email], accounts[email])
            sums = expected.setdefault(
                face["id"], {"email": face["email"], "name": face["name"], "count": 0, "micros": 0}
            )
            sums["count"] += accounts[email]["contribution_count"]
            sums["micros"] += accounts[email]["total_cost_micros"]
        for sort in Sort:
            page = self.ledger.lists.contributors(sort, limit=2)
            seen = [*page.items]
            while page.next:
                page = self.ledger.lists.contributors(sort, limit=2, after=page.next)
                seen += page.items
            assert len(seen) == len(expected)
            for person in seen:
                figures = {"count": person.contribution_count, "micros": person.total_cost}
                assert expected[person.id] == {
                    "email": person.email,
                    "name": person.name,
                    **figures,
                }
                assert self.ledger.people.find(person.aliases[-1] if person.aliases else person.id)
            keys = [key(sort, person) for person in seen]
            assert keys == sorted(keys, reverse=sort is not Sort.NAME)

    @invariant()
    def each_contribution_stands_once_in_the_list_of_each_person(self) -> None:
        live = [c for c in documents(self.client, "contributions").values() if not c["voided"]]
        for email in EMAILS:
            ids = {contributor_id(other) for other in self.one_person(email)}
            assert set(self.ledger.people.ids(email)) == ids
            chosen = ContributionFilter(contributor_ids=self.ledger.people.ids(email))
            found = self.ledger.lists.contributions(chosen, limit=100).items
            expected = [c["id"] for c in live if ids & set(c["contributor_ids"])]
            assert sorted(contribution.id for contribution in found) == sorted(expected)


def key(sort: Sort, person: Any) -> tuple[bool, Any, str]:
    value = {
        Sort.CREATED: person.created_at,
        Sort.RECENT: person.last_contribution_at,
        Sort.TOTAL_COST: person.total_cost,
        Sort.CONTRIBUTIONS: person.contribution_count,
        Sort.NAME: person.name,
    }[sort]
    return value is not None, value, person.id


@pytest.mark.parametrize(("backend", "examples"), [("embedded", 20), ("emulator", 3)])
def test_any_history_leaves_people_the_sums_of_their_addresses(
    request: pytest.FixtureRequest, backend: str, examples: int
) -> None:
    run_histories(People, request, backend, examples=examples, steps=12)
