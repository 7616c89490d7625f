"""Whether totals and entries agree, by adding up what stands in Firestore."""

from __future__ import annotations

from collections import Counter
from typing import Any

from google.cloud.firestore import Client

Documents = dict[str, dict[str, Any]]


def documents(client: Client, collection: str) -> Documents:
    """Everything in a collection, by document id."""
    return {document.id: document.to_dict() for document in client.collection(collection).stream()}


def assert_balanced(client: Client) -> Documents:
    """Every total is the sum of the entries that are not voided; gives all entries."""
    entries = documents(client, "contributions")
    counts: Counter[str] = Counter()
    micros: Counter[str] = Counter()
    for entry in entries.values():
        if entry["voided"]:
            continue
        counts[entry["asset_id"]] += 1
        micros[entry["asset_id"]] += entry["cost_micros"]
        assert sum(credit["share_micros"] for credit in entry["credits"]) == entry["cost_micros"]
        for credit in entry["credits"]:
            counts[credit["contributor_id"]] += 1
            micros[credit["contributor_id"]] += credit["share_micros"]
    people = documents(client, "contributors")
    assets = documents(client, "assets")
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
    return entries
