"""Repository names and commit hashes as GitHub and git spell them."""

from __future__ import annotations

import pytest

from shared.domain.repository import Repository, folded_beginning, normalise_commit_hash


class TestParse:
    @pytest.mark.parametrize(
        ("text", "owner", "name"),
        [
            ("seeker71/Coherence-Network", "seeker71", "Coherence-Network"),
            ("  octo/repo \n", "octo", "repo"),
            ("a/b", "a", "b"),
            ("o/.github", "o", ".github"),
            ("o/a.b_c-d", "o", "a.b_c-d"),
            ("o/...", "o", "..."),
            ("ends-in-hyphen-/repo", "ends-in-hyphen-", "repo"),
            ("-ACE-/demo", "-ACE-", "demo"),
            ("--/demo", "--", "demo"),
            ("-octo_corp/demo", "-octo_corp", "demo"),
            ("octo_corp/repo", "octo_corp", "repo"),
            ("a" * 39 + "/" + "b" * 100, "a" * 39, "b" * 100),
        ],
    )
    def test_reads_owner_and_name(self, text: str, owner: str, name: str) -> None:
        repository = Repository.parse(text)
        assert (repository.owner, repository.name) == (owner, name)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "/",
            "octo",
            "octo/",
            "/repo",
            "a/b/c",
            "a//b",
            "octo repo/x",
            "octo/re po",
            "_a/b",
            ".a/b",
            "a/.",
            "a/..",
            "octo/ré",
            "oсto/repo",
            "octo/repo\x00",
            "octo:repo",
            "octo/repo?x",
            "octo/repo%2F",
            "https://github.com/a/b",
            "a/b\nc",
            "octo/٣",
            "a" * 40 + "/b",
            "a/" + "b" * 101,
        ],
    )
    def test_refuses_what_github_would_not_accept(self, text: str) -> None:
        with pytest.raises(ValueError, match="must be owner/name"):
            Repository.parse(text)

    def test_keeps_the_spelling_for_display_and_folds_the_key(self) -> None:
        repository = Repository.parse("Seeker71/Coherence-Network")
        assert repository.full_name == "Seeker71/Coherence-Network"
        assert repository.key == "seeker71/coherence-network"

    def test_a_longer_name_is_another_repository(self) -> None:
        assert Repository.parse("org/repo").key != Repository.parse("org/repo-two").key


class TestNamedIn:
    @pytest.mark.parametrize(
        "description",
        [
            "GitHub repository: octo/repo",
            "github repository:octo/repo",
            "  GitHub Repository:   octo/repo  ",
        ],
    )
    def test_finds_the_repository_of_a_description(self, description: str) -> None:
        assert Repository.named_in(description) == Repository("octo", "repo")

    @pytest.mark.parametrize(
        "description",
        [
            "",
            "octo/repo",
            "GitHub repository: octo",
            "GitHub repository: octo/repo and more",
            "My GitHub repository: octo/repo",
        ],
    )
    def test_finds_none_in_other_text(self, description: str) -> None:
        assert Repository.named_in(description) is None


class TestParseKey:
    def test_reads_the_number_of_an_account_that_has_one(self) -> None:
        assert Repository.parse_key("octo/hello~42") == Repository("octo", "hello", 42)
        assert Repository.parse_key("octo/hello").number is None


class TestFoldedBeginning:
    @pytest.mark.parametrize(
        ("text", "folded"),
        [("Octo", "octo"), (" octo/He ", "octo/he"), ("octo/", "octo/"), ("a/b/c", None)],
    )
    def test_is_what_keys_may_begin_with(self, text: str, folded: str | None) -> None:
        assert folded_beginning(text) == folded

    @pytest.mark.parametrize("text", ["", "a b", "octo/hello!", "octo//"])
    def test_is_nothing_where_no_repository_is_called_so(self, text: str) -> None:
        assert folded_beginning(text) is None


class TestNormaliseCommitHash:
    @pytest.mark.parametrize(
        ("text", "commit_hash"),
        [
            ("abc123", "abc123"),
            ("ABC123", "abc123"),
            (" 0123456789abcdefABCDEF ", "0123456789abcdefabcdef"),
            ("a" * 40, "a" * 40),
            ("F" * 64, "f" * 64),
        ],
    )
    def test_folds_to_lower_case(self, text: str, commit_hash: str) -> None:
        assert normalise_commit_hash(text) == commit_hash

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "abc12",
            "a" * 65,
            "abcdeg",
            "abc 123",
            "0xabc123",
            "abc-123",
            "abc123\x00",
            "١٢٣٤٥٦",
            "ａｂｃ１２３",
            "abc12٣",
        ],
    )
    def test_refuses_all_but_6_to_64_ascii_hex_digits(self, text: str) -> None:
        with pytest.raises(ValueError, match="6 to 64 hex digits"):
            normalise_commit_hash(text)
