"""Assets: a repository is one asset, however it is named."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from shared.domain.asset import NewAsset, asset_of_repository, new_asset
from shared.domain.errors import InvalidInput
from shared.domain.fields import parse
from shared.domain.repository import Repository
from tests.literals import ASSET_ID

UNIQUE = UUID("00000000-0000-4000-8000-000000000000")
NEW: dict[str, Any] = {"description": "A model", "type": "MODEL"}


def test_a_repository_has_its_document_under_owner_and_name() -> None:
    document_id, asset = asset_of_repository(Repository("Seeker71", "Coherence-Network"))
    assert document_id == "seeker71:coherence-network"
    assert asset.shown() == {
        "id": ASSET_ID,
        "name": "Seeker71/Coherence-Network",
        "asset_type": "CODE",
        "type": "CODE",
        "description": "GitHub repository: Seeker71/Coherence-Network",
        "former_names": [],
        "github_id": None,
        "contribution_count": 0,
        "assisted_count": 0,
        "total_cost": "0.00",
        "created_at": None,
        "first_contribution_at": None,
        "last_contribution_at": None,
        "last_recorded_at": None,
        "legacy_ids": [],
    }


class TestNewAsset:
    @pytest.mark.parametrize(
        "changes",
        [
            {"name": "seeker71/coherence-network"},
            {"name": "SEEKER71/Coherence-Network"},
            {"description": "GitHub repository: Seeker71/Coherence-Network"},
        ],
    )
    def test_that_names_a_repository_is_that_repository(self, changes: dict[str, Any]) -> None:
        document_id, asset = new_asset(parse(NewAsset, NEW | changes), unique=UNIQUE)
        assert document_id == "seeker71:coherence-network"
        assert asset.id == ASSET_ID
        assert asset.asset_type == "MODEL"

    def test_with_another_name_goes_by_that_name(self) -> None:
        document_id, asset = new_asset(parse(NewAsset, NEW | {"name": "My model"}), unique=UNIQUE)
        assert document_id == asset.id == "8aa2d5a8-c80a-5ce0-93d4-17377657f4c6"
        assert asset.name == "My model"

    def test_without_a_name_is_always_a_new_one(self) -> None:
        document_id, asset = new_asset(parse(NewAsset, NEW), unique=UNIQUE)
        assert document_id == asset.id == "00000000-0000-4000-8000-000000000000"
        assert asset.name is None

    @pytest.mark.parametrize("given", ["MODEL", "model", " Model "])
    def test_has_its_type_in_capitals_under_either_name(self, given: str) -> None:
        assert parse(NewAsset, {"description": "d", "type": given}).asset_type == "MODEL"
        assert parse(NewAsset, {"description": "d", "asset_type": given}).asset_type == "MODEL"

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"description": ""}, "/description"),
            ({"description": "d" * 1025}, "/description"),
            ({"type": ""}, "/type"),
            ({"type": "two words"}, "/type"),
            ({"type": 1}, "/type"),
            ({"name": " "}, "/name"),
            ({"id": "1"}, "/id"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_says_which_field_is_wrong(self, changes: dict[str, Any], pointer: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            parse(NewAsset, NEW | changes)
        assert [fault.pointer for fault in caught.value.faults] == [pointer]
