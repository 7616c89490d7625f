"""Document ids and UUIDs. They are in other people's hands: these vectors may never change."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.email import normalise_email
from shared.domain.identifiers import (
    as_uuid,
    commit_document_id,
    contribution_id,
    contributor_document_id,
    contributor_id,
    keyed_document_id,
    named_asset_id,
    repository_asset_id,
    repository_document_id,
    unkeyed_document_id,
)
from shared.domain.repository import Repository

REPOSITORY = Repository("Seeker71", "Coherence-Network")


class TestUuids:
    def test_of_a_contributor(self) -> None:
        assert contributor_id("test@example.com") == "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"

    def test_of_a_repository_in_any_case(self) -> None:
        expected = "be2e4112-a5b0-5072-9971-c59703a2b0e1"
        assert repository_asset_id(REPOSITORY) == expected
        assert repository_asset_id(Repository("seeker71", "coherence-network")) == expected

    def test_of_a_named_asset_in_any_case_and_spacing(self) -> None:
        expected = "8aa2d5a8-c80a-5ce0-93d4-17377657f4c6"
        assert named_asset_id("My model") == expected
        assert named_asset_id("  MY \t model ") == expected
        assert named_asset_id("mymodel") != expected

    def test_of_a_contribution(self) -> None:
        assert (
            contribution_id("seeker71:coherence-network@abc123")
            == "abbc9bee-8e88-5880-a7cf-6b8cc3fc7188"
        )
        assert (
            contribution_id("by-id@00000000-0000-4000-8000-000000000000")
            == "d3b4a2f0-fbc7-599e-9f0e-e321c17e56f6"
        )


class TestDocumentIds:
    @pytest.mark.parametrize(
        ("email", "document_id"),
        [
            ("test@example.com", "test@example.com"),
            ("a/b@example.com", "a~2Fb@example.com"),
            ("a~b@example.com", "a~7Eb@example.com"),
            ("a~2fb@example.com", "a~7E2fb@example.com"),
            (".a@example.com", "~2Ea@example.com"),
            ("a.b@example.com", "a.b@example.com"),
            ("__a@example.com", "~5F~5Fa@example.com"),
            ("_a@example.com", "_a@example.com"),
            ("a__b@example.com", "a__b@example.com"),
            ("..@x", "~2E.@x"),
            ("jürgen@müller.example", "jürgen@müller.example"),
            (
                "49699333+dependabot[bot]@users.noreply.github.com",
                "49699333+dependabot[bot]@users.noreply.github.com",
            ),
            ("user@host.(none)", "user@host.(none)"),
        ],
    )
    def test_of_a_contributor_is_the_address_with_escapes(
        self, email: str, document_id: str
    ) -> None:
        assert contributor_document_id(email) == document_id

    def test_of_a_repository(self) -> None:
        assert repository_document_id(REPOSITORY) == "seeker71:coherence-network"

    def test_of_a_commit(self) -> None:
        assert commit_document_id(REPOSITORY, "abc123") == "seeker71:coherence-network@abc123"

    def test_of_a_contribution_by_ids(self) -> None:
        unique = UUID("00000000-0000-4000-8000-000000000000")
        assert unkeyed_document_id(unique) == "by-id@00000000-0000-4000-8000-000000000000"

    def test_of_a_contribution_with_an_idempotency_key(self) -> None:
        digest = "c344fd8706db0eb2faa1cc1d96f2277438772d81a641ae52e8e7629e9a25b14e"
        assert keyed_document_id(key_name="ci", idempotency_key="order-1") == f"key@{digest}"

    def test_the_name_of_the_key_scopes_the_idempotency_key(self) -> None:
        one = keyed_document_id(key_name="ci", idempotency_key="x")
        assert one != keyed_document_id(key_name="ops", idempotency_key="x")

    @given(st.text(alphabet="a~/._\x1f\x7f2Fé", min_size=1, max_size=12))
    def test_of_any_contributor_is_one_that_firestore_takes_and_reads_back(
        self, local: str
    ) -> None:
        email = f"{local}@x.org"
        document_id = contributor_document_id(email)
        assert "/" not in document_id
        assert document_id not in {".", ".."}
        assert not re.fullmatch(r"__.*__", document_id)
        assert len(document_id.encode()) <= 1500
        unescaped = re.sub("~([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), document_id)
        assert unescaped == email

    def test_of_the_longest_address_is_short_enough_for_firestore(self) -> None:
        longest = normalise_email("\U00010280" * 248 + "@b.com")
        assert len(contributor_document_id(longest).encode()) <= 1500
        assert len(contributor_document_id("/" * 248 + "@b.com").encode()) <= 1500


class TestAsUuid:
    @pytest.mark.parametrize(
        "text",
        ["4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba", "4F758C4B-F15E-5AD8-9DDF-034D0B5E98BA"],
    )
    def test_reads_either_case(self, text: str) -> None:
        assert as_uuid(text) == "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "4f758c4bf15e5ad89ddf034d0b5e98ba",
            "{4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba}",
            "4f758c4b-f15e-5ad8-9ddf-034d0b5e98b",
            "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba\n",
            "٤f758c4b-f15e-5ad8-9ddf-034d0b5e98ba",
            "urn:uuid:4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba",
        ],
    )
    def test_is_none_for_other_text(self, text: str) -> None:
        assert as_uuid(text) is None
