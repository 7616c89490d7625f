"""Contributors made by hand, and how their names are masked."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.contributor import Contributor, ContributorType, NewContributor
from shared.domain.errors import InvalidInput
from shared.domain.fields import parse
from shared.domain.participation import AssetContributor

NEW: dict[str, Any] = {"name": "Test Person", "email": "test@example.com", "type": "HUMAN"}


class TestNewContributor:
    @pytest.mark.parametrize(
        ("given", "kind"),
        [("HUMAN", "HUMAN"), ("BOT", "BOT"), ("AGENT", "AGENT"), ("SYSTEM", "BOT")],
    )
    def test_has_a_type_under_either_name(self, given: str, kind: str) -> None:
        assert parse(NewContributor, NEW | {"type": given}).contributor_type == kind
        renamed = {key: value for key, value in NEW.items() if key != "type"}
        assert parse(NewContributor, renamed | {"contributor_type": given}).contributor_type == kind

    def test_may_have_a_wallet_and_a_rate(self) -> None:
        read = parse(NewContributor, NEW | {"wallet_address": " 0xabc ", "hourly_rate": "12.5"})
        assert (read.wallet_address, read.hourly_rate) == ("0xabc", 12_500_000)

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"name": ""}, "/name"),
            ({"name": "\x07"}, "/name"),
            ({"email": "nobody"}, "/email"),
            ({"type": "human"}, "/type"),
            ({"type": ""}, "/type"),
            ({"type": None}, "/type"),
            ({"wallet_address": " "}, "/wallet_address"),
            ({"hourly_rate": -1}, "/hourly_rate"),
            ({"total_cost": 5}, "/total_cost"),
        ],
    )
    def test_says_which_field_is_wrong(self, changes: dict[str, Any], pointer: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            parse(NewContributor, NEW | changes)
        assert [fault.pointer for fault in caught.value.faults] == [pointer]


class TestMaskedName:
    @pytest.mark.parametrize(
        ("email", "name", "masked"),
        [
            ("alice@example.com", "Alice Example", "Alice Example"),
            ("alice@example.com", None, None),
            # Taken from the address: it would give the hidden part away.
            ("alice@example.com", "alice", "a***"),
            ("alice@example.com", "ALICE", "A***"),
            ("a@example.com", "a", "***"),
            ("1+octocat@users.noreply.github.com", "octocat", "o***"),
            ("1+octocat@users.noreply.github.com", "1+octocat", "1***"),
            # A whole address as the name.
            ("alice@example.com", "alice@example.com", "a***@example.com"),
            ("alice@example.com", "Alice <alice@example.com>", "Alice <***@example.com>"),
        ],
    )
    def test_hides_a_name_that_repeats_the_address(
        self, email: str, name: str | None, masked: str | None
    ) -> None:
        assert Contributor(id="1", email=email, name=name).masked_name() == masked

    @pytest.mark.parametrize("kind", ["BOT", "AGENT"])
    def test_tells_what_a_machine_is_called(self, kind: str) -> None:
        fields = {"email": "9+renovate[bot]@users.noreply.github.com", "name": "renovate[bot]"}
        machine = Contributor(id="1", contributor_type=ContributorType(kind), **fields)
        assert machine.masked_name() == "renovate[bot]"
        part = AssetContributor(
            contributor_id="1", contributor_type=ContributorType(kind), **fields
        )
        assert part.masked_name() == "renovate[bot]"
        addressed = machine.model_copy(update={"name": "Bot <ops@example.com>"})
        assert addressed.masked_name() == "Bot <***@example.com>"
