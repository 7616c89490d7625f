"""Whether totals and contributions agree, by adding up what stands in Firestore."""

from __future__ import annotations

from collections import Counter
from typing import Any

from google.cloud.firestore import Client

Documents = dict[str, dict[str, Any]]


def documents(client: Client, collection: str) -> Documents:
    """Everything in a collection, by document id."""
    return {document.id: document.to_dict() for document in client.collection(collection).stream()}


def assert_balanced(client: Client) -> Documents:
    """Every total is the sum of the contributions that are not voided; gives all contributions."""
    contributions = documents(client, "contributions")
    assert_sums(contributions, documents(client, "contributors"), documents(client, "assets"))
    return contributions


def assert_sums(contributions: Documents, people: Documents, assets: Documents) -> None:
    """Every total is the sum of the contributions that are not voided."""
    counts: Counter[str] = Counter()
    micros: Counter[str] = Counter()
    for contribution in contributions.values():
        if contribution["voided"]:
            continue
        counts[contribution["asset_id"]] += 1
        micros[contribution["asset_id"]] += contribution["cost_micros"]
        assert (
            sum(credit["share_micros"] for credit in contribution["credits"])
            == contribution["cost_micros"]
        )
        for credit in contribution["credits"]:
            counts[credit["contributor_id"]] += 1
            micros[credit["contributor_id"]] += credit["share_micros"]
    accounts = {account["id"]: account for account in (people | assets).values()}
    assert len(accounts) == len(people) + len(assets)
    kept = {
        account_id: (account["contribution_count"], account["total_cost_micros"])
        for account_id, account in accounts.items()
    }
    assert kept == {account_id: (counts[account_id], micros[account_id]) for account_id in accounts}
    assert counts.keys() <= accounts.keys()
    paid = sum(person["total_cost_micros"] for person in people.values())
    assert paid == sum(asset["total_cost_micros"] for asset in assets.values())
