"""Whether accounts and contributions agree, by adding up what stands in Firestore.

By hand, from what each contribution keeps: this shares no code with the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from google.cloud.firestore import Client

Documents = dict[str, dict[str, Any]]


def documents(client: Client, collection: str) -> Documents:
    """Everything in a collection, by document id."""
    return {document.id: document.to_dict() for document in client.collection(collection).stream()}


@dataclass
class Sum:
    """What the live contributions of an account come to."""

    counts: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    times: list[int] = field(default_factory=list)

    def add(self, contribution: dict[str, Any], **amounts: int) -> None:
        self.times.append(contribution["counted_at_micros"])
        for amounts_of in (self.counts, self.months[contribution["month"]]):
            amounts_of.update({"count": 1} | amounts)


def without_zeros(months: dict[str, Any]) -> dict[str, dict[str, int]]:
    kept = {month: {n: a for n, a in amounts.items() if a} for month, amounts in months.items()}
    return {month: amounts for month, amounts in kept.items() if amounts}


def assert_account(account: dict[str, Any], of: Sum) -> None:
    """Totals and months are the sums; times span them, and more after a void."""
    assert account["contribution_count"] == of.counts["count"]
    assert account["total_cost_micros"] == of.counts["micros"]
    assert account.get("assisted_count", 0) == of.counts["assisted"]
    assert account.get("weight_micros", of.counts["weight"]) == of.counts["weight"]
    assert without_zeros(account.get("months", {})) == without_zeros(of.months)
    if of.times:
        assert account["first_at_micros"] <= min(of.times)
        assert account["last_at_micros"] >= max(of.times)


def assert_balanced(client: Client) -> Documents:
    """Every account has what its contributions that are not voided come to; gives all of these."""
    contributions = documents(client, "contributions")
    assert_sums(
        contributions,
        documents(client, "contributors"),
        documents(client, "assets"),
        documents(client, "participations"),
    )
    return contributions


def assert_sums(
    contributions: Documents, people: Documents, assets: Documents, parts: Documents
) -> None:
    """Every account has what its contributions that are not voided come to."""
    sums: defaultdict[str, Sum] = defaultdict(Sum)
    for contribution in contributions.values():
        if contribution["voided"]:
            continue
        cost, credits = contribution["cost_micros"], contribution["credits"]
        assert sum(credit["share_micros"] for credit in credits) == cost
        helped, by = bool(contribution.get("assistance")), contribution["author_type"]
        sums[contribution["asset_id"]].add(
            contribution,
            micros=cost,
            assisted=int(helped),
            bots=int(by == "BOT"),
            agents=int(by == "AGENT"),
        )
        for credit in credits:
            share, person = credit["share_micros"], credit["contributor_id"]
            amounts = {"micros": share}
            amounts["assisted"] = int(helped and person not in contribution["agent_ids"])
            sums[person].add(contribution, **amounts)
            weighed = share * (5_000 + round(10_000 * contribution["coherence_score"])) // 10_000
            sums[f"{contribution['asset_id']}@{person}"].add(
                contribution, **amounts, weight=weighed
            )
    accounts = {account["id"]: account for account in (people | assets).values()}
    assert len(accounts) == len(people) + len(assets)
    for part in parts.values():
        accounts[f"{part['asset_id']}@{part['contributor_id']}"] = part
    assert sums.keys() <= accounts.keys()
    for account_id, account in accounts.items():
        assert_account(account, sums[account_id])
    paid = sum(person["total_cost_micros"] for person in people.values())
    assert paid == sum(asset["total_cost_micros"] for asset in assets.values())
