"""Tools that helped are counted wherever a contribution is, and never paid."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore import Client

from shared.store.ledger import Ledger
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import new_asset, new_contribution, new_contributor
from tests.contract.reports import report

ADA, GRACE, HELPER = "ada@example.com", "grace@example.com", "helper@agents.example"


def assisted(client: Client) -> dict[str, tuple[Any, Any]]:
    """How often each account was assisted, in all and in the month, by the path of its document."""
    return {
        f"{collection}/{name}": (
            fields.get("assisted_count"),
            fields["months"]["2020-05"].get("assisted"),
        )
        for collection in ("assets", "contributors", "participations")
        for name, fields in documents(client, collection).items()
    }


def test_counts_for_a_contribution_by_ids(ledger: Ledger, client: Client) -> None:
    contributor, asset = new_contributor(ledger), new_asset(ledger)
    told = ["Codex:gpt-5.1"]
    recorded = new_contribution(ledger, contributor.id, asset.id, assistance=told).contribution
    assert [tool.agent for tool in recorded.assistance] == ["Codex"]
    assert_balanced(client)
    assert ledger.people.find(contributor.email).assisted_count == 1


def test_counts_for_the_asset_and_for_all_who_are_no_agents(ledger: Ledger, client: Client) -> None:
    helped = {"co_authors": [{"email": GRACE}, {"email": HELPER, "name": "Our helper"}]}
    for commit_hash, told in (
        ("aaaaaa", helped),
        ("bbbbbb", {"assistance": ["Codex"]}),
        ("cc0000", {}),
    ):
        one = report(commit_hash, repository="o/r", contributor_email=ADA, **told)
        ledger.commits.record(one, recorded_by="ci")
    assert_balanced(client)
    assert assisted(client) == {
        "assets/o:r": (2, 2),
        f"contributors/{ADA}": (2, 2),
        f"contributors/{GRACE}": (1, 1),
        f"contributors/{HELPER}": (0, None),
        f"participations/o:r@{ADA}": (2, 2),
        f"participations/o:r@{GRACE}": (1, 1),
        f"participations/o:r@{HELPER}": (0, None),
    }
    assert documents(client, "contributors")[HELPER]["total_cost_micros"] == 0
    assert ledger.people.find(ADA).assisted_count == 2

    ledger.voids.void("o/r@aaaaaa", voided_by="ops", reason=None)
    assert_balanced(client)
    counts = assisted(client)
    assert counts["assets/o:r"] == counts[f"contributors/{ADA}"] == (1, 1)
    assert counts[f"contributors/{GRACE}"][0] == 0
