"""The documents as a person sees them in the Firestore console."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import Client

from shared.store.ledger import Ledger
from tests.contract.books import documents
from tests.contract.reports import report
from tests.literals import ASSET_ID, AUTHOR_ID, CONTRIBUTION

CO_AUTHOR_ID = "2d38011d-e406-554b-a297-81fb5032c8b2"

AT = "2019-05-01T12:00:00Z"


def recorded(ledger: Ledger, **changes: Any) -> datetime:
    """Record a commit; gives the server's time."""
    contribution = ledger.commits.record(report(**changes), recorded_by="ci").contribution
    assert contribution.recorded_at is not None
    return contribution.recorded_at


def test_a_contribution_is_kept_under_repository_and_commit(ledger: Ledger, client: Client) -> None:
    at = recorded(
        ledger,
        contributor_email="Test@example.com",
        contributor_name="Test Person",
        author_email="old@example.com",
        timestamp="2024-05-01T12:00:00Z",
        co_authors=[{"email": "b@x.org", "name": "Bea"}],
        url="https://github.com/seeker71/Coherence-Network/commit/abc123",
    )
    kept = documents(client, "contributions")
    [nonce] = [contribution["request_nonce"] for contribution in kept.values()]
    assert re.fullmatch("[0-9a-f]{32}", nonce)
    as_answered = {name: told for name, told in CONTRIBUTION.items() if name != "cost_amount"}
    assert kept == {
        "seeker71:coherence-network@abc123": {
            **as_answered,
            "contributor_name": "Test Person",
            "author_email": "old@example.com",
            "contributor_ids": [AUTHOR_ID, CO_AUTHOR_ID],
            "cost_micros": 100_000_000,
            "credits": [
                {
                    "contributor_id": AUTHOR_ID,
                    "email": "test@example.com",
                    "role": "author",
                    "share_micros": 50_000_000,
                },
                {
                    "contributor_id": CO_AUTHOR_ID,
                    "email": "b@x.org",
                    "role": "co_author",
                    "share_micros": 50_000_000,
                },
            ],
            "url": "https://github.com/seeker71/Coherence-Network/commit/abc123",
            "timestamp": datetime(2024, 5, 1, 12, tzinfo=UTC),
            "recorded_at": at,
            "asset_key": "seeker71:coherence-network",
            "author_type": "HUMAN",
            "agent_ids": [],
            # It is dated after it was recorded.
            "month": "2020-05",
            "counted_at_micros": 1_588_334_400_000_000,
            "request_digest": None,
            "request_nonce": nonce,
        }
    }


def test_a_contributor_is_kept_under_the_address(ledger: Ledger, client: Client) -> None:
    at = recorded(ledger, contributor_name="Test Person", timestamp=AT)
    assert documents(client, "contributors") == {
        "test@example.com": {
            "id": AUTHOR_ID,
            "email": "test@example.com",
            "name": "Test Person",
            "contributor_type": "HUMAN",
            "wallet_address": None,
            "hourly_rate_micros": None,
            "contribution_count": 1,
            "assisted_count": 0,
            "total_cost_micros": 100_000_000,
            "created_at": at,
            "first_at_micros": 1_556_712_000_000_000,
            "last_at_micros": 1_556_712_000_000_000,
            "last_recorded_at": at,
            "months": {"2019-05": {"count": 1, "micros": 100_000_000}},
            "parts": 1,
            "legacy_ids": [],
        }
    }


def test_an_asset_is_kept_under_owner_and_name(ledger: Ledger, client: Client) -> None:
    at = recorded(ledger, timestamp=AT)
    assert documents(client, "assets") == {
        "seeker71:coherence-network": {
            "id": ASSET_ID,
            "name": "seeker71/Coherence-Network",
            "asset_type": "CODE",
            "description": "GitHub repository: seeker71/Coherence-Network",
            "github_id": None,
            "contribution_count": 1,
            "assisted_count": 0,
            "total_cost_micros": 100_000_000,
            "created_at": at,
            "first_at_micros": 1_556_712_000_000_000,
            "last_at_micros": 1_556_712_000_000_000,
            "last_recorded_at": at,
            "months": {"2019-05": {"count": 1, "micros": 100_000_000}},
            "parts": 1,
            "legacy_ids": [],
        }
    }


def test_a_participation_is_kept_under_asset_and_contributor(
    ledger: Ledger, client: Client
) -> None:
    recorded(ledger, timestamp=AT)
    assert documents(client, "participations") == {
        "seeker71:coherence-network@test@example.com": {
            "asset_id": ASSET_ID,
            "contributor_id": AUTHOR_ID,
            "contribution_count": 1,
            "assisted_count": 0,
            "total_cost_micros": 100_000_000,
            "weight_micros": 120_000_000,
            "first_at_micros": 1_556_712_000_000_000,
            "last_at_micros": 1_556_712_000_000_000,
            "months": {"2019-05": {"count": 1, "micros": 100_000_000, "weight": 120_000_000}},
        }
    }


def test_money_and_counts_are_integers(ledger: Ledger, client: Client) -> None:
    recorded(ledger, cost_amount="0.5")
    recorded(ledger, commit_hash="bbbbbb", cost_amount="0.5")
    [person] = documents(client, "contributors").values()
    [asset] = documents(client, "assets").values()
    contributions = documents(client, "contributions").values()
    numbers = [person["total_cost_micros"], person["contribution_count"]]
    numbers += [asset["total_cost_micros"], asset["contribution_count"]]
    numbers += [contribution["cost_micros"] for contribution in contributions]
    numbers += [
        credit["share_micros"]
        for contribution in contributions
        for credit in contribution["credits"]
    ]
    assert {type(number) for number in numbers} == {int}


def test_nothing_else_is_kept(ledger: Ledger, client: Client) -> None:
    recorded(ledger)
    names = sorted(collection.id for collection in client.collections())
    assert names == ["assets", "contributions", "contributors", "participations"]
