"""Documents as a person types them in the Firestore console: few fields, and doubles for numbers.

On mock-firestore, which takes any document; it has no filters by keyword, no conditional create
and no batches, so only reading can be tried on it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from mockfirestore import MockFirestore

from shared.domain.identifiers import contributor_document_id, repository_document_id
from shared.domain.repository import Repository
from shared.store.documents import asset_from, contribution_from, contributor_from

MONDAY = datetime(2024, 5, 6, tzinfo=UTC)


@pytest.fixture
def console() -> MockFirestore:
    """A database that a person has typed into."""
    database = MockFirestore()
    database.collection("contributors").document("test@example.com").set(
        {"id": "person-1", "email": "test@example.com", "name": "Typed"}
    )
    database.collection("contributors").document("a~2Fb@example.com").set(
        {
            "id": "person-2",
            "email": "a/b@example.com",
            "contribution_count": 3.0,
            "total_cost_micros": 100_000_000.0,
            "contributor_type": "AGENT",
            "note": "a field that the ledger does not know",
        }
    )
    database.collection("assets").document("octo:repo").set(
        {"id": "asset-1", "name": "Octo/Repo", "total_cost_micros": 1.0}
    )
    database.collection("contributions").document("octo:repo@abc123").set(
        {
            "id": "contribution-1",
            "contributor_id": "person-1",
            "contributor_email": "test@example.com",
            "asset_id": "asset-1",
            "cost_micros": 12_500_000.0,
            "cost_basis": "submitted",
            "coherence_score": 1,
            "timestamp": MONDAY,
            "credits": [
                {
                    "contributor_id": "person-1",
                    "email": "test@example.com",
                    "role": "author",
                    "share_micros": 12_500_000.0,
                }
            ],
        }
    )
    return database


def typed(console: MockFirestore, collection: str, document_id: str) -> dict[str, Any]:
    snapshot = console.collection(collection).document(document_id).get()
    assert snapshot.exists
    fields: dict[str, Any] = snapshot.to_dict()
    return fields


def test_a_contributor_is_found_by_address_and_read_with_defaults(console: MockFirestore) -> None:
    document_id = contributor_document_id("test@example.com")
    person = contributor_from(typed(console, "contributors", document_id))
    assert person.shown() == {
        "id": "person-1",
        "email": "test@example.com",
        "aliases": [],
        "name": "Typed",
        "contributor_type": "HUMAN",
        "type": "HUMAN",
        "wallet_address": None,
        "hourly_rate": None,
        "contribution_count": 0,
        "assisted_count": 0,
        "total_cost": "0.00",
        "created_at": None,
        "first_contribution_at": None,
        "last_contribution_at": None,
        "last_recorded_at": None,
        "legacy_ids": [],
    }


def test_an_escaped_address_and_whole_doubles_are_read(console: MockFirestore) -> None:
    document_id = contributor_document_id("a/b@example.com")
    person = contributor_from(typed(console, "contributors", document_id))
    assert person.contribution_count == 3
    assert person.shown()["total_cost"] == "100.00"
    assert person.contributor_type == "AGENT"


def test_an_asset_is_found_by_repository(console: MockFirestore) -> None:
    document_id = repository_document_id(Repository.parse("OCTO/repo"))
    asset = asset_from(typed(console, "assets", document_id))
    assert (asset.name, asset.asset_type, asset.total_cost) == ("Octo/Repo", "CODE", 1)


def test_a_contribution_is_read_with_its_credits(console: MockFirestore) -> None:
    shown = contribution_from(typed(console, "contributions", "octo:repo@abc123")).shown()
    assert shown["cost_amount"] == "12.50"
    assert shown["credits"][0]["share_amount"] == "12.50"
    assert shown["timestamp"] == "2024-05-06T00:00:00Z"
    assert shown["voided"] is False
    assert shown["metadata"] == {}
    assert shown["repository"] is None


def test_one_is_found_by_id_in_the_list(console: MockFirestore) -> None:
    found = console.collection("contributors").where("id", "==", "person-2").limit(1).stream()
    assert [contributor_from(document.to_dict()).email for document in found] == ["a/b@example.com"]


def test_all_are_listed_in_the_order_of_their_ids(console: MockFirestore) -> None:
    listed = console.collection("contributors").order_by("id", "DESCENDING").stream()
    people = [contributor_from(document.to_dict()) for document in listed]
    assert [person.id for person in people] == ["person-2", "person-1"]


def test_a_fraction_of_a_micro_unit_is_not_rounded_away() -> None:
    fields = {"id": "person-1", "email": "test@example.com", "total_cost_micros": 0.5}
    with pytest.raises(ValueError, match="total_cost"):
        contributor_from(fields)
