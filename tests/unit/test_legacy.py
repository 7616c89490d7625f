"""The replaced service's store: what each record of its file becomes, and which become nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.domain.contribution import Coherence
from shared.domain.contributor import ContributorType
from shared.domain.errors import InvalidInput
from shared.domain.identity import Classifier
from shared.domain.legacy.file import LegacyFile, NotTaken, number
from shared.domain.legacy.plan import MAX_LEGACY_IDS, ImportPlan, plan_import
from shared.domain.scoring import CostBasis
from tests.old_store import NOW, OldStore

# Of the ledger, as `uuidgen` and the like have them: version 5, over the natural keys.
ANN_ID = "6ecc2167-9bca-5c52-81ea-1959b95243c5"
REPO_ID = "8620d72f-0f1c-59f0-b6c2-3c58988ea332"
CONTRIBUTION_ID = "8b963c34-2b79-511e-9799-2ad441377394"


@pytest.fixture
def old() -> OldStore:
    return OldStore()


def reasons(plan: ImportPlan) -> dict[str, str]:
    return {one.place: one.reason for one in plan.not_taken}


def plan_with(old: OldStore, placeholder: str, text: str) -> ImportPlan:
    """The plan of a file that holds text which Python would not write as JSON."""
    data = old.data().replace(json.dumps(placeholder).encode(), text.encode())
    return plan_import(LegacyFile.parse(data), classify=Classifier(), now=NOW)


class TestLegacyFile:
    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "is not JSON"),
            (b"{", "is not JSON: line 1"),
            (b"\xff{}", "is not UTF-8"),
            (b"[" * 100_000, "is nested too deeply"),
            (b"[]", "must be a JSON object with a list contributions"),
            (b"{}", "must be a JSON object with a list contributions"),
            (b'{"contributions": {}}', "must have a list as"),
            (b'{"contributions": [], "assets": null}', "must have a list as"),
        ],
    )
    def test_refuses_what_is_no_such_file(self, data: bytes, reason: str) -> None:
        with pytest.raises(InvalidInput, match=reason):
            LegacyFile.parse(data)

    def test_takes_a_file_with_contributions_only(self) -> None:
        assert LegacyFile.parse(b'\xef\xbb\xbf{"contributions": []}').content == {
            "contributions": []
        }

    @pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e99999999999999999999", "9" * 5000])
    def test_a_number_that_is_none_spoils_its_record_alone(self, old: OldStore, text: str) -> None:
        ann, repo = old.contributor(), old.asset()
        old.commit(ann, repo, "aaaaaa", cost_amount="?")
        old.commit(ann, repo, "bbbbbb")
        plan = plan_with(old, "?", text)
        assert list(plan.contributions) == ["octo:repo@bbbbbb"]
        assert reasons(plan) == {"contributions[0]": "cost_amount: must be a finite number"}

    @pytest.mark.parametrize(
        ("text", "value"), [("1E+2", "100"), ("0.10", "0.1"), ("-0", "0"), ("1e-3", "0.001")]
    )
    def test_reads_every_spelling_of_a_decimal(self, text: str, value: str) -> None:
        assert number(text) == Decimal(value)

    @pytest.mark.parametrize("text", ["", "ten", "1" * 65, "1e9999999999999999999"])
    def test_gives_no_number_for_other_text(self, text: str) -> None:
        assert number(text).is_nan()


class TestContributors:
    def test_keep_what_the_file_says_of_them(self, old: OldStore) -> None:
        old_id = old.contributor(
            "Ann@Example.com", name="Ann B.", wallet_address="0x1", hourly_rate="50.00"
        )
        contributor = old.plan().contributors["ann@example.com"]
        assert contributor.shown() == {
            "id": ANN_ID,
            "email": "ann@example.com",
            "aliases": [],
            "name": "Ann B.",
            "contributor_type": "HUMAN",
            "type": "HUMAN",
            "wallet_address": "0x1",
            "hourly_rate": "50.00",
            "contribution_count": 0,
            "assisted_count": 0,
            "total_cost": "0.00",
            "created_at": "2026-02-13T10:00:00.123456Z",
            "first_contribution_at": None,
            "last_contribution_at": None,
            "last_recorded_at": None,
            "legacy_ids": [old_id],
        }

    def test_with_one_address_become_one(self, old: OldStore) -> None:
        ids = [old.contributor("ann@example.com", name="First"), old.contributor("ANN@example.com")]
        plan = old.plan()
        [contributor] = plan.contributors.values()
        assert contributor.name == "First"
        assert contributor.legacy_ids == tuple(ids)
        assert plan.not_taken == ()

    def test_with_one_local_part_and_two_domains_stay_two(self, old: OldStore) -> None:
        old.contributor("alice@a.example")
        old.contributor("alice@b.example")
        assert list(old.plan().contributors) == ["alice@a.example", "alice@b.example"]

    @pytest.mark.parametrize(
        ("email", "stated", "expected"),
        [
            ("ann@example.com", "HUMAN", ContributorType.HUMAN),
            ("ann@example.com", "SYSTEM", ContributorType.BOT),
            ("ann@example.com", "AGENT", ContributorType.AGENT),
            # The old service took every author for a human.
            ("1+dependabot[bot]@users.noreply.github.com", "HUMAN", ContributorType.BOT),
            ("1+dependabot[bot]@users.noreply.github.com", "AGENT", ContributorType.AGENT),
        ],
    )
    def test_are_humans_unless_the_file_or_the_address_says_otherwise(
        self, old: OldStore, email: str, stated: str, expected: ContributorType
    ) -> None:
        old.contributor(email, type=stated)
        assert old.plan().contributors[email].contributor_type is expected

    def test_are_classified_by_an_operators_rules(self, old: OldStore) -> None:
        old.contributor("ci@corp.example")
        plan = old.plan({"ci@corp.example": ContributorType.BOT})
        assert plan.contributors["ci@corp.example"].contributor_type is ContributorType.BOT

    def test_without_a_name_or_a_date_are_taken(self, old: OldStore) -> None:
        old.contributor("1+octocat@users.noreply.github.com", name="", created_at=None)
        [contributor] = old.plan().contributors.values()
        assert contributor.name == "octocat"
        assert contributor.created_at is None

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"id": "5"}, "id: must be a UUID"),
            ({"id": None}, "id: must be a UUID"),
            ({"email": "nobody"}, "email: must hold one @ with text on both sides"),
            ({"email": None}, "email: Input should be a valid string"),
            ({"type": "ROBOT"}, "type: Input should be 'HUMAN', 'BOT' or 'AGENT'"),
            ({"hourly_rate": "-1"}, "hourly_rate: must be from 0 to 10,000,000"),
            ({"hourly_rate": "ten"}, "hourly_rate: must be a finite number"),
            (
                {"created_at": "yesterday"},
                "created_at: must be an RFC 3339 time with an offset, such as 2024-05-01T12:00:00Z",
            ),
            (
                {"created_at": "2026-02-30T10:00:00"},
                "created_at: must be a time that exists, in UTC from year 1 to 9999",
            ),
            ({"name": ["Ann"]}, "name: must be a string"),
            ({"wallet_address": "x" * 1025}, "wallet_address: must have at most 1024 characters"),
        ],
    )
    def test_that_break_a_rule_are_not_taken(
        self, old: OldStore, changes: dict[str, Any], reason: str
    ) -> None:
        old.contributor(**changes)
        plan = old.plan()
        assert plan.contributors == {}
        assert plan.not_taken == (NotTaken("contributors[0]", reason),)

    @pytest.mark.parametrize("item", [None, "ann@example.com", 5, []])
    def test_that_are_no_objects_are_not_taken(self, old: OldStore, item: object) -> None:
        old.content["contributors"].append(item)
        assert reasons(old.plan()) == {"contributors[0]": "must be a JSON object"}

    def test_with_an_id_that_another_one_has_are_not_taken(self, old: OldStore) -> None:
        first = old.contributor("ann@example.com")
        old.contributor("bob@example.com", id=first.upper())
        plan = old.plan()
        assert list(plan.contributors) == ["ann@example.com"]
        assert reasons(plan) == {
            "contributors[1]": "id: an earlier record of the list has the same"
        }


class TestAssets:
    def test_of_a_repository_become_one_however_many_there_are(self, old: OldStore) -> None:
        ids = [old.asset("Octo/Repo"), old.asset("octo/repo"), old.asset(name="OCTO/repo")]
        [(document_id, asset)] = old.plan().assets.items()
        assert document_id == "octo:repo"
        assert asset.id == REPO_ID
        assert asset.name == "Octo/Repo"
        assert asset.asset_type == "CODE"
        assert asset.created_at == datetime(2026, 2, 13, 10, 0, 0, 123456, tzinfo=UTC)
        assert asset.legacy_ids == tuple(ids)

    def test_of_similar_repositories_stay_apart(self, old: OldStore) -> None:
        old.asset("org/repo")
        old.asset("org/repo-two")
        assert list(old.plan().assets) == ["org:repo", "org:repo-two"]

    def test_without_a_name_keep_their_id(self, old: OldStore) -> None:
        old_id = old.asset(description="A model\nof the world", type="model")
        asset = old.plan().assets[old_id]
        assert (asset.id, asset.legacy_ids) == (old_id, (old_id,))
        assert (asset.name, asset.asset_type) == (None, "MODEL")
        assert asset.description == "A model of the world"

    def test_with_a_name_are_known_by_it(self, old: OldStore) -> None:
        ids = (old.asset(name="The Manual", description=None), old.asset(name="the  manual"))
        # The second one is a repository by its description.
        [first, _] = old.plan().assets.values()
        assert first.legacy_ids == ids[:1]
        old.content["assets"][1]["description"] = "Another text"
        [only] = old.plan().assets.values()
        assert only.legacy_ids == ids

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"type": "my type"}, "type: String should match pattern '^[A-Z][A-Z0-9_]{0,31}$'"),
            ({"type": None}, "type: Input should be a valid string"),
            ({"description": "x" * 1025}, "description: must have at most 1024 characters"),
            ({"id": "asset:1"}, "id: must be a UUID"),
        ],
    )
    def test_that_break_a_rule_are_not_taken(
        self, old: OldStore, changes: dict[str, Any], reason: str
    ) -> None:
        old.asset(**changes)
        plan = old.plan()
        assert plan.assets == {}
        assert plan.not_taken == (NotTaken("assets[0]", reason),)


class TestOldIds:
    """A document holds 10,000 of them."""

    def test_beyond_what_a_document_holds_are_not_taken(self, old: OldStore) -> None:
        for _ in range(MAX_LEGACY_IDS + 1):
            person, repo = old.contributor(), old.asset()
            old.commit(person, repo)
        plan = old.plan()
        reason = "id: its document has 10000 old ids already"
        for documents in (plan.contributors, plan.assets):
            [document] = documents.values()
            assert len(document.legacy_ids) == MAX_LEGACY_IDS
        [planned] = plan.contributions.values()
        assert len(planned.contribution.legacy_ids) == MAX_LEGACY_IDS
        full = {one.place for one in plan.not_taken if one.reason == reason}
        last = MAX_LEGACY_IDS
        assert full == {f"{name}[{last}]" for name in ("contributors", "assets", "contributions")}


class TestContributions:
    def test_with_a_commit_become_that_commits_contribution(self, old: OldStore) -> None:
        old_id = old.commit(
            old.contributor(), old.asset("Octo/Repo"), "ABC123", repository="octo/repo"
        )
        [(document_id, planned)] = old.plan().contributions.items()
        contribution = planned.contribution
        assert document_id == "octo:repo@abc123"
        assert planned.place == "contributions[0]"
        assert planned.asset_document_id == "octo:repo"
        assert contribution.id == CONTRIBUTION_ID
        assert (contribution.contributor_id, contribution.contributor_email) == (
            ANN_ID,
            "ann@example.com",
        )
        assert (contribution.asset_id, contribution.repository) == (REPO_ID, "Octo/Repo")
        assert contribution.commit_hash == "abc123"
        assert contribution.cost_amount == 12_500_000
        assert contribution.cost_basis is CostBasis.SUBMITTED
        assert contribution.coherence_score == 0.7
        assert contribution.coherence == Coherence(version="legacy", components={})
        assert contribution.metadata == {
            "files_changed": 3,
            "commit_hash": "ABC123",
            "repository": "octo/repo",
            "contributor_email": "ann@example.com",
        }
        assert contribution.timestamp == datetime(2026, 2, 14, 8, 30, 0, 500000, tzinfo=UTC)
        assert contribution.recorded_at is None
        assert contribution.recorded_by == "import"
        assert contribution.legacy_ids == (old_id,)
        assert [(c.email, c.share_amount) for c in contribution.credits] == [
            ("ann@example.com", 12_500_000)
        ]

    def test_without_a_commit_are_known_by_their_old_id(self, old: OldStore) -> None:
        asset_id = old.asset(description="A model")
        old_id = old.contribution(old.contributor(), asset_id, metadata={"invoice_id": "7"})
        [(document_id, planned)] = old.plan().contributions.items()
        assert document_id == f"by-id@{old_id}"
        assert planned.asset_document_id == asset_id
        assert planned.contribution.asset_id == asset_id
        assert planned.contribution.repository is None
        assert planned.contribution.commit_hash is None
        assert planned.contribution.cost_basis is CostBasis.ACTUAL_VERIFIED
        assert planned.contribution.legacy_ids == (old_id,)

    def test_to_a_repository_without_a_commit_name_it(self, old: OldStore) -> None:
        old.contribution(old.contributor(), old.asset())
        [planned] = old.plan().contributions.values()
        assert planned.contribution.repository == "octo/repo"
        assert planned.contribution.cost_basis is CostBasis.DECLARED_UNVERIFIED

    @pytest.mark.parametrize(
        "metadata",
        [
            {"commit_hash": "test"},
            {"commit_hash": "abc12"},
            {"commit_hash": 123456},
            {"commit_hash": None},
            {"repository": "nobody"},
            {"repository": None},
            {"repository": 5},
        ],
    )
    def test_with_a_commit_that_cannot_be_are_taken_by_id(
        self, old: OldStore, metadata: dict[str, Any]
    ) -> None:
        old_id = old.commit(old.contributor(), old.asset(), metadata=metadata)
        plan = old.plan()
        assert list(plan.contributions) == [f"by-id@{old_id}"]
        assert plan.not_taken == ()

    def test_with_evidence_of_their_cost_are_verified(self, old: OldStore) -> None:
        old.commit(old.contributor(), old.asset(), metadata={"receipt_id": "7"})
        [planned] = old.plan().contributions.values()
        assert planned.contribution.cost_basis is CostBasis.ACTUAL_VERIFIED

    def test_with_a_cost_of_the_old_estimator_are_estimated(self, old: OldStore) -> None:
        old.commit(old.contributor(), old.asset(), metadata={"estimation_used": True})
        [planned] = old.plan().contributions.values()
        assert planned.contribution.cost_basis is CostBasis.ESTIMATED

    def test_short_and_full_hashes_are_contributions_of_their_own(self, old: OldStore) -> None:
        ann, repo = old.contributor(), old.asset()
        old.commit(ann, repo, "abc1234")
        old.commit(ann, repo, "abc1234" + "0" * 33)
        assert len(old.plan().contributions) == 2

    def test_go_to_the_author_and_the_repository_that_their_commit_names(
        self, old: OldStore
    ) -> None:
        alice, repo = old.contributor("alice@a.example"), old.asset("org/repo-two")
        old.contributor("alice@b.example")
        old.asset("org/repo", total_cost="12.50")
        old.commit(alice, repo, email="Alice@B.example", repository="org/repo")
        plan = old.plan()
        [planned] = plan.contributions.values()
        assert planned.contribution.contributor_email == "alice@b.example"
        assert planned.asset_document_id == "org:repo"
        assert plan.notes == (
            "contributions[0]: contributor_id leads elsewhere than the commit, which counts",
            "contributions[0]: asset_id leads elsewhere than the commit, which counts",
        )

    @pytest.mark.parametrize("email", [None, "", "nobody", "a b@example.com"])
    def test_without_a_usable_address_in_the_commit_go_to_their_contributor(
        self, old: OldStore, email: str | None
    ) -> None:
        old.commit(old.contributor("bob@example.com"), old.asset(), email=email)
        [planned] = old.plan().contributions.values()
        assert planned.contribution.contributor_email == "bob@example.com"

    def test_of_a_commit_need_no_accounts_in_the_file(self, old: OldStore) -> None:
        nobody = "ffffffff-0000-4000-8000-000000000000"
        old.commit(nobody, nobody)
        plan = old.plan()
        [planned] = plan.contributions.values()
        assert planned.asset.name == "octo/repo"
        assert (plan.contributors, plan.assets) == ({}, {})

    def test_of_one_commit_are_one_contribution_and_the_first_is_kept(self, old: OldStore) -> None:
        ann, repo = old.contributor(), old.asset()
        ids = (
            old.commit(ann, repo, cost_amount="100.00"),
            old.commit(ann, repo, "ABC123", repository="OCTO/repo", cost_amount="7.00"),
        )
        plan = old.plan()
        [planned] = plan.contributions.values()
        assert planned.contribution.cost_amount == 100_000_000
        assert planned.contribution.legacy_ids == ids
        assert reasons(plan) == {
            "contributions[1]": "an earlier record has this commit; this id now leads to it"
        }

    def test_of_one_commit_by_two_authors_leave_the_second_out(self, old: OldStore) -> None:
        repo = old.asset()
        first = old.commit(old.contributor(), repo)
        old.commit(old.contributor("bob@example.com"), repo, email="bob@example.com")
        plan = old.plan()
        [planned] = plan.contributions.values()
        assert planned.contribution.legacy_ids == (first,)
        assert reasons(plan) == {
            "contributions[1]": "an earlier record has this commit, for another author"
        }

    def test_after_one_that_is_not_taken_are_the_first(self, old: OldStore) -> None:
        ann, repo = old.contributor(), old.asset()
        old.commit(ann, repo, cost_amount="-1")
        second = old.commit(ann, repo)
        [planned] = old.plan().contributions.values()
        assert planned.contribution.legacy_ids == (second,)

    @pytest.mark.parametrize(
        ("cost", "micros"),
        [
            ("100.00", 100_000_000),
            (100, 100_000_000),
            (0.1, 100_000),
            ("1E+2", 100_000_000),
            ("10.0000000", 10_000_000),
            ("0E-8", 0),
            ("0.000001", 1),
        ],
    )
    def test_keep_their_cost_to_the_last_digit(
        self, old: OldStore, cost: object, micros: int
    ) -> None:
        old.contribution(old.contributor(), old.asset(), cost_amount=cost)
        [planned] = old.plan().contributions.values()
        assert planned.contribution.cost_amount == micros

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"cost_amount": "-0.01"}, "cost_amount: must be from 0 to 10,000,000"),
            ({"cost_amount": "NaN"}, "cost_amount: must be a finite number"),
            ({"cost_amount": "1e400"}, "cost_amount: must be from 0 to 10,000,000"),
            ({"cost_amount": "0.0000001"}, "cost_amount: must have at most 6 decimals"),
            (
                {"cost_amount": True},
                "cost_amount: must be a number, or decimal text such as 12.50",
            ),
            ({"coherence_score": 1.1}, "coherence_score: must be from 0 to 1"),
            ({"coherence_score": float("nan")}, "coherence_score: must be a finite number"),
            ({"coherence_score": "0.5"}, "coherence_score: must be a number"),
            ({"coherence_score": True}, "coherence_score: must be a number"),
            ({"metadata": None}, "metadata: must be an object"),
            ({"metadata": {"x": "y" * 20_000}}, "metadata: must have at most 16384 bytes as JSON"),
            ({"metadata": {"x": float("inf")}}, "metadata: must hold finite numbers only"),
            (
                {"metadata": {"files_changed": -1}},
                "metadata: must have a whole number of at least 0 as files_changed",
            ),
            (
                {"timestamp": None},
                "timestamp: must be an RFC 3339 time with an offset, such as 2024-05-01T12:00:00Z",
            ),
            (
                {"contributor_id": "ffffffff-0000-4000-8000-000000000000"},
                "contributor_id: there is no such contributor, or it is not taken",
            ),
            (
                {"asset_id": "ffffffff-0000-4000-8000-000000000000"},
                "asset_id: there is no such asset, or it is not taken",
            ),
            ({"asset_id": None}, "asset_id: must be a UUID"),
        ],
    )
    def test_that_break_a_rule_are_not_taken(
        self, old: OldStore, changes: dict[str, Any], reason: str
    ) -> None:
        old.contribution(old.contributor(), old.asset(), **changes)
        plan = old.plan()
        assert plan.contributions == {}
        assert reasons(plan) == {"contributions[0]": reason}

    def test_that_lack_fields_are_not_taken(self, old: OldStore) -> None:
        old.content["contributions"].append({"id": "ffffffff-0000-4000-8000-000000000000"})
        [one] = old.plan().not_taken
        assert one.reason == (
            "contributor_id: Field required; asset_id: Field required; "
            "cost_amount: Field required; coherence_score: Field required; "
            "timestamp: Field required"
        )

    def test_of_a_contributor_that_is_not_taken_are_not_taken_either(self, old: OldStore) -> None:
        old.contribution(old.contributor("nobody"), old.asset())
        assert list(reasons(old.plan())) == ["contributors[0]", "contributions[0]"]

    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-02-14T08:30:00", datetime(2026, 2, 14, 8, 30, tzinfo=UTC)),
            ("2026-02-14 08:30:00.25", datetime(2026, 2, 14, 8, 30, 0, 250000, tzinfo=UTC)),
            ("2026-02-14T08:30:00Z", datetime(2026, 2, 14, 8, 30, tzinfo=UTC)),
            ("2026-02-14T10:30:00+02:00", datetime(2026, 2, 14, 8, 30, tzinfo=UTC)),
        ],
    )
    def test_have_times_in_utc_also_where_the_file_does_not_say_so(
        self, old: OldStore, text: str, moment: datetime
    ) -> None:
        old.contribution(old.contributor(), old.asset(), timestamp=text)
        [planned] = old.plan().contributions.values()
        assert planned.contribution.timestamp == moment


class TestNotes:
    def test_say_where_a_total_was_not_the_sum(self, old: OldStore) -> None:
        ann = old.contributor(total_cost="100.00")
        repo = old.asset(total_cost="200.00")
        old.asset(total_cost=100)
        old.asset("octo/empty", total_cost="7.5")
        old.commit(ann, repo, cost_amount="100.00")
        old.commit(ann, repo, cost_amount="100.00")
        assert old.plan().notes == (
            "assets[0], assets[1]: total_cost is 300.00 in the file, and the contributions taken "
            "sum to 100.00, which counts",
            "assets[2]: total_cost is 7.50 in the file, and the contributions taken sum to 0.00, "
            "which counts",
        )

    @pytest.mark.parametrize("total", [None, True, "much", "NaN", "1e30", [], {}])
    def test_pass_over_a_total_that_is_none(self, old: OldStore, total: object) -> None:
        old.asset(total_cost=total)
        assert old.plan().notes == ()

    def test_name_the_first_few_places_of_many(self, old: OldStore) -> None:
        for _ in range(5):
            old.asset(total_cost="1.00")
        [note] = old.plan().notes
        assert note.startswith("assets[0], assets[1], assets[2] and 2 more: ")

    def test_name_what_has_no_place_here_without_an_address(self, old: OldStore) -> None:
        old.contributor(locale="de", canonical_url=None)
        old.content["contributors"][0]["ann@example.com"] = 1
        old.contributor("bob@example.com", locale="fr")
        old.content["projects"] = [{"name": "x"}]
        old.content["ann@example.com"] = [1]
        assert old.plan().notes == (
            "projects: left out, since it holds no contributions",
            "2 of contributors: locale has no place in the ledger",
            "1 of contributors: a***@example.com has no place in the ledger",
            "a***@example.com: left out, since it holds no contributions",
        )

    def test_are_none_for_a_file_that_adds_up(self, old: OldStore) -> None:
        old.commit(old.contributor(), old.asset(total_cost="12.50"))
        plan = old.plan()
        assert (plan.notes, plan.not_taken) == ((), ())


def test_no_address_is_in_what_the_plan_says() -> None:
    old = OldStore()
    ann, repo = old.contributor("ann@example.com", total_cost="5"), old.asset()
    old.contributor("ann@@example.com")
    old.commit(ann, repo)
    old.commit(ann, repo)
    old.commit(ann, repo, email="bob@example.com")
    old.contribution(
        ann, repo, contributor_id="ann@example.com", metadata={"files_changed": "a@b.c"}
    )
    plan = old.plan()
    assert len(plan.not_taken) == 4
    assert "@" not in " ".join([*plan.notes, *(one.reason for one in plan.not_taken)]).replace(
        "one @ with", ""
    )
