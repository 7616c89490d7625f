"""Reports of commits: what is taken, what is refused, and what makes a replay differ."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.domain.asset import NewAsset
from shared.domain.contribution import (
    Batch,
    Commit,
    CommitReport,
    NewContribution,
    StoredContribution,
    Void,
    contribution_of_commit,
)
from shared.domain.contributor import ContributorType, NewContributor
from shared.domain.errors import InvalidInput
from shared.domain.fields import parse
from shared.domain.place import Place
from shared.domain.scoring import EVIDENCE
from tests.literals import CONTRIBUTION, NOW, REPORT


def report(**changes: Any) -> CommitReport:
    return parse(CommitReport, REPORT | changes)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in REPORT.items() if key != name}


def contribution(**changes: Any) -> StoredContribution:
    """The contribution that `report(**changes)` becomes."""
    commit = report(**changes)
    return contribution_of_commit(
        commit,
        Place(commit.repository, commit.repository),
        type_of=lambda _: ContributorType.HUMAN,
        recorded_by="ci",
        now=NOW,
    )


class TestCommitReport:
    def test_reads_the_request_of_the_documentation(self) -> None:
        read = report()
        assert read.contributor_email == "test@example.com"
        assert read.repository.full_name == "seeker71/Coherence-Network"
        assert read.commit_hash == "abc123"
        assert read.cost_amount == 100_000_000
        assert read.metadata == {"files_changed": 3, "lines_added": 120}

    def test_normalises_every_field(self) -> None:
        read = report(
            contributor_email=" Test@Example.com ",
            author_email="OLD@Example.com",
            contributor_name="  Test Person ",
            repository=" Seeker71/Coherence-Network ",
            commit_hash="ABC123",
            timestamp="2024-05-01T12:00:00.123456789+02:00",
            co_authors=[{"email": "B@X.org", "name": " Bea "}, {"email": "c@x.org"}],
            url="https://github.com/seeker71/Coherence-Network/commit/abc123",
        )
        assert read.contributor_email == "test@example.com"
        assert read.author_email == "old@example.com"
        assert read.contributor_name == "Test Person"
        assert read.repository.full_name == "Seeker71/Coherence-Network"
        assert read.commit_hash == "abc123"
        assert read.timestamp == datetime(2024, 5, 1, 10, 0, 0, 123_456, UTC)
        assert read.distinct_co_authors() == {"b@x.org": "Bea", "c@x.org": None}
        assert read.url == "https://github.com/seeker71/Coherence-Network/commit/abc123"

    def test_needs_no_cost_metadata_or_time(self) -> None:
        read = parse(CommitReport, without("cost_amount") | {"metadata": {}})
        assert read.cost_amount is None
        assert parse(CommitReport, without("metadata")).metadata == {}
        assert read.timestamp is None

    @pytest.mark.parametrize("name", ["", "   ", "\u200b \u2060", None])
    def test_takes_a_blank_name_for_none(self, name: str | None) -> None:
        read = report(contributor_name=name, co_authors=[{"email": "b@x.org", "name": name}])
        assert read.contributor_name is None
        assert read.distinct_co_authors() == {"b@x.org": None}

    @pytest.mark.parametrize("name", ["contributor_email", "repository", "commit_hash"])
    def test_must_name_author_repository_and_commit(self, name: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            parse(CommitReport, without(name))
        assert [(fault.pointer, fault.message) for fault in caught.value.faults] == [
            (f"/{name}", "Field required")
        ]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"contributor_email": "nobody"}, "/contributor_email"),
            ({"contributor_email": 5}, "/contributor_email"),
            ({"contributor_email": None}, "/contributor_email"),
            ({"author_email": "nobody"}, "/author_email"),
            ({"contributor_name": 5}, "/contributor_name"),
            ({"contributor_name": "n" * 257}, "/contributor_name"),
            ({"contributor_name": "a\nb"}, "/contributor_name"),
            ({"contributor_name": "a\x1b[31m"}, "/contributor_name"),
            ({"repository": "octo"}, "/repository"),
            ({"repository": ["a/b"]}, "/repository"),
            ({"commit_hash": "zzz"}, "/commit_hash"),
            ({"commit_hash": 123456}, "/commit_hash"),
            ({"cost_amount": -1}, "/cost_amount"),
            ({"cost_amount": "much"}, "/cost_amount"),
            ({"cost_amount": True}, "/cost_amount"),
            ({"cost_amount": 0.1}, "/cost_amount"),
            ({"metadata": []}, "/metadata"),
            ({"metadata": None}, "/metadata"),
            ({"metadata": {"files_changed": "three"}}, "/metadata"),
            ({"timestamp": "yesterday"}, "/timestamp"),
            ({"timestamp": 1714564800}, "/timestamp"),
            ({"co_authors": "b@x.org"}, "/co_authors"),
            ({"co_authors": [{"email": "nobody"}]}, "/co_authors/0/email"),
            ({"co_authors": [{"email": "b@x.org"}, {}]}, "/co_authors/1/email"),
            ({"co_authors": ["b@x.org"]}, "/co_authors/0"),
            ({"co_authors": [{"email": "b@x.org", "share": 1}]}, "/co_authors/0/share"),
            ({"co_authors": [{"email": f"{n}@x.org"} for n in range(51)]}, "/co_authors"),
            ({"url": "ftp://x.org"}, "/url"),
            ({"url": "javascript:alert(1)"}, "/url"),
            ({"url": "https://"}, "/url"),
            ({"url": "https://[::1"}, "/url"),
            ({"url": "https://x.org:99999/"}, "/url"),
            ({"url": "https://x.org:abc/"}, "/url"),
            ({"url": "https://x.org/a b"}, "/url"),
            ({"url": "https://x.org/" + "a" * 2048}, "/url"),
            ({"contributor_id": "1"}, "/contributor_id"),
            ({"cost": 1}, "/cost"),
            ({"a/b~c": 1}, "/a~1b~0c"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_says_which_field_is_wrong(self, changes: dict[str, Any], pointer: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            report(**changes)
        assert [fault.pointer for fault in caught.value.faults] == [pointer]

    def test_says_everything_that_is_wrong_at_once(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            report(contributor_email="nobody", cost_amount=-1, commit_hash="x")
        pointers = {fault.pointer for fault in caught.value.faults}
        assert pointers == {"/contributor_email", "/cost_amount", "/commit_hash"}

    @pytest.mark.parametrize("value", [[], [REPORT], "text", 1, None, True])
    def test_must_be_an_object(self, value: object) -> None:
        with pytest.raises(InvalidInput, match="must be a JSON object"):
            parse(CommitReport, value)

    def test_allows_50_co_authors(self) -> None:
        people = [{"email": f"{n}@x.org"} for n in range(50)]
        assert len(report(co_authors=people).distinct_co_authors()) == 50


class TestDistinctCoAuthors:
    def test_leaves_out_repetitions_and_the_author_under_either_address(self) -> None:
        read = report(
            contributor_email="new@x.org",
            author_email="old@x.org",
            co_authors=[
                {"email": "B@x.org", "name": "First"},
                {"email": "b@x.org", "name": "Second"},
                {"email": "NEW@x.org"},
                {"email": "Old@x.org"},
                {"email": "c@x.org"},
            ],
        )
        assert read.distinct_co_authors() == {"b@x.org": "First", "c@x.org": None}


class TestSameAuthor:
    @pytest.mark.parametrize(
        ("stored", "reported", "same"),
        [
            (("a@x.org", None), ("a@x.org", None), True),
            (("a@x.org", None), ("A@X.org", None), True),
            (("a@x.org", None), ("b@x.org", None), False),
            # The mail map came later: the address in the commit is the stored one.
            (("old@x.org", None), ("new@x.org", "old@x.org"), True),
            # The mail map went: the address in the commit is all there is.
            (("new@x.org", "old@x.org"), ("old@x.org", None), True),
            (("new@x.org", "old@x.org"), ("new@x.org", None), True),
            (("new@x.org", "old@x.org"), ("other@x.org", "old@x.org"), True),
            (("new@x.org", "old@x.org"), ("other@x.org", "third@x.org"), False),
            (("a@x.org", None), ("b@x.org", "c@x.org"), False),
        ],
    )
    def test_compares_both_addresses_with_both(
        self, stored: tuple[str, str | None], reported: tuple[str, str | None], same: bool
    ) -> None:
        kept = contribution(contributor_email=stored[0], author_email=stored[1])
        commit = report(contributor_email=reported[0], author_email=reported[1])
        assert kept.same_author(commit) is same

    @pytest.mark.parametrize(
        ("stored", "reported", "same"),
        [
            (("bo\u200bb@x.org", None), ("bob@x.org", None), True),
            (("bo\u200bb@x.org", None), ("bo\u200bb@x.org", None), True),
            (("new@x.org", "o\u00adld@x.org"), ("old@x.org", None), True),
            (("bo\u200bb@x.org", None), ("rob@x.org", None), False),
        ],
    )
    def test_knows_who_was_kept_with_characters_that_nobody_sees(
        self, stored: tuple[str, str | None], reported: tuple[str, str | None], same: bool
    ) -> None:
        kept = contribution().model_copy(
            update={"contributor_email": stored[0], "author_email": stored[1]}
        )
        commit = report(contributor_email=reported[0], author_email=reported[1])
        assert kept.same_author(commit) is same


class TestDifferences:
    def test_of_people_kept_with_characters_that_nobody_sees_are_none(self) -> None:
        kept = contribution(co_authors=[{"email": "b@x.org"}, {"email": "c@x.org"}])
        author, first, second = kept.credits
        credits = (
            author,
            first.model_copy(update={"email": "\u200bb@x.org"}),
            second.model_copy(update={"email": "b@x.org"}),
        )
        odd = {"contributor_email": "test\u00ad@example.com", "credits": credits}
        kept = kept.model_copy(update=odd)
        twice = [{"email": "\u200bb@x.org"}, {"email": "b@x.org"}]
        assert kept.differences(report(co_authors=twice)) == ()

    def test_of_the_same_report_are_none(self) -> None:
        full = {
            "contributor_name": "Test",
            "timestamp": "2020-05-01T12:00:00Z",
            "url": "https://x.org/1",
            "co_authors": [{"email": "b@x.org", "name": "Bea"}],
        }
        assert contribution(**full).differences(report(**full)) == ()

    def test_of_a_report_that_says_less_are_none(self) -> None:
        kept = contribution(contributor_name="Test", co_authors=[{"email": "b@x.org"}])
        least = {key: REPORT[key] for key in ("contributor_email", "repository", "commit_hash")}
        assert kept.differences(parse(CommitReport, least)) == ()
        assert kept.differences(parse(CommitReport, least | {"cost_amount": None})) == ()

    @pytest.mark.parametrize(
        ("changes", "names"),
        [
            ({"cost_amount": Decimal("99.99")}, ("cost_amount",)),
            ({"cost_amount": "100"}, ()),
            ({"metadata": {}}, ("metadata",)),
            ({"metadata": {"lines_added": Decimal("120.0"), "files_changed": 3}}, ()),
            ({"contributor_name": "Other"}, ("contributor_name",)),
            ({"timestamp": "2020-05-01T12:00:01Z"}, ("timestamp",)),
            ({"timestamp": "2020-05-01T14:00:00+02:00"}, ()),
            ({"url": "https://x.org"}, ("url",)),
            ({"co_authors": [{"email": "b@x.org"}]}, ("co_authors",)),
            ({"co_authors": [{"email": "test@example.com"}]}, ()),
            ({"co_authors": []}, ()),
            (
                {"cost_amount": 1, "url": "https://x.org", "co_authors": [{"email": "b@x.org"}]},
                ("cost_amount", "url", "co_authors"),
            ),
        ],
    )
    def test_name_the_fields(self, changes: dict[str, Any], names: tuple[str, ...]) -> None:
        assert contribution().differences(report(**changes)) == names


class TestContribution:
    def test_takes_its_time_from_the_clock_only_where_the_report_has_none(self) -> None:
        assert contribution().timestamp == NOW
        assert contribution(timestamp="2020-01-01T00:00:00Z").timestamp == datetime(
            2020, 1, 1, tzinfo=UTC
        )

    def test_says_whether_the_cost_was_submitted_or_estimated(self) -> None:
        assert contribution().cost_basis == "submitted"
        assert contribution(cost_amount=0).cost_basis == "submitted"
        estimated = contribution(cost_amount=None)
        assert (estimated.cost_basis, estimated.cost_amount) == ("estimated", 790_000)

    @pytest.mark.parametrize("name", sorted(EVIDENCE))
    def test_with_evidence_of_a_cost_that_was_given_is_verified(self, name: str) -> None:
        assert contribution(metadata={name: "2026-7"}).cost_basis == "actual_verified"
        assert contribution(metadata={name: 7}).cost_basis == "actual_verified"
        assert contribution(metadata={name: "2026-7"}, cost_amount=None).cost_basis == "estimated"

    @pytest.mark.parametrize("value", ["", "  ", None, False, 0, [], {}])
    def test_takes_nothing_filled_in_for_no_evidence(self, value: object) -> None:
        assert contribution(metadata={"invoice_id": value}).cost_basis == "submitted"

    def test_is_shown_with_the_fields_of_the_contract_and_no_others(self) -> None:
        shown = contribution(author_email="old@x.org", contributor_name="Test").shown()
        assert shown == CONTRIBUTION


text = st.text(max_size=12) | st.sampled_from(["a@b.c", "x@y z", "o/r", "abc123", "1e3", "\ud800"])
scalar = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | text | st.just(2**70)
)
json_value = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
MODELS: tuple[type[BaseModel], ...] = (
    CommitReport,
    Commit,
    Batch,
    NewContribution,
    NewContributor,
    NewAsset,
    Void,
)
field = st.sampled_from(
    sorted({name for model in MODELS for name in model.model_fields} | {"type"})
)
anything = json_value | st.dictionaries(field | text, json_value, max_size=6)
nearly_right = st.dictionaries(field, json_value, min_size=1, max_size=2).map(
    lambda changes: REPORT | changes
)
# Some are good addresses and some are bad ones.
address = st.from_regex(r"\A[a-m]{3,8}@[xyz][xyz/~ @\n\x00]{0,6}\Z")


def refusal(model: type[BaseModel], value: Any) -> InvalidInput | None:
    try:
        parse(model, value)
    except InvalidInput as error:
        return error
    return None


class TestParse:
    @given(st.sampled_from(MODELS), anything | nearly_right)
    def test_raises_nothing_but_invalid_input(self, model: type[BaseModel], value: Any) -> None:
        error = refusal(model, value)
        if error:
            assert error.faults
            assert all(fault.message for fault in error.faults)

    @given(st.sampled_from(MODELS), address, st.data())
    def test_never_repeats_an_address_in_an_error(
        self, model: type[BaseModel], planted: str, data: st.DataObject
    ) -> None:
        shapes: list[Any] = [planted, [planted], {"email": planted}, {planted: planted}]
        values = st.sampled_from(shapes)
        value = data.draw(st.dictionaries(field | st.just(planted), values, min_size=1, max_size=6))
        error = refusal(model, value)
        if error:
            said = [error.detail, *(f.pointer + f.message for f in error.faults)]
            assert not any(planted in text for text in said)
