"""Recording one commit: once, for the right person, with exact totals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.asset import NewAsset
from shared.domain.contributor import NewContributor
from shared.domain.errors import Conflict
from shared.domain.fields import parse
from shared.store.ledger import Ledger
from tests.conftest import OpenClient
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import new_contributor
from tests.contract.reports import NOW, ledger_of, report
from tests.contract.spy import Before, Spy


def record(ledger: Ledger, commit_hash: str = "abc123", **changes: Any) -> Any:
    return ledger.commits.record(report(commit_hash, **changes), recorded_by="ci")


def totals(client: Client, collection: str) -> dict[str, tuple[int, int]]:
    """Count and total of each account, by document id."""
    return {
        document_id: (account["contribution_count"], account["total_cost_micros"])
        for document_id, account in documents(client, collection).items()
    }


class TestFirstReport:
    def test_creates_contributor_asset_and_contribution(
        self, ledger: Ledger, client: Client
    ) -> None:
        recorded = record(ledger)
        assert not recorded.replayed
        assert recorded.contribution.id == "abbc9bee-8e88-5880-a7cf-6b8cc3fc7188"
        assert totals(client, "contributors") == {"test@example.com": (1, 100_000_000)}
        assert totals(client, "assets") == {"seeker71:coherence-network": (1, 100_000_000)}
        assert list(assert_balanced(client)) == ["seeker71:coherence-network@abc123"]

    def test_answers_what_is_kept(self, ledger: Ledger) -> None:
        contribution = record(
            ledger, metadata={"nested": {"list": [1, 0.5, None, "é"]}}
        ).contribution
        assert ledger.find.contribution(contribution.id).stored == contribution

    def test_names_a_new_contributor_as_reported_or_by_the_address(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "aaaaaa", contributor_name="Test Person")
        record(ledger, "bbbbbb", contributor_email="1+octocat@users.noreply.github.com")
        names = [person["name"] for person in documents(client, "contributors").values()]
        assert sorted(names) == ["Test Person", "octocat"]

    def test_estimates_a_cost_that_is_not_given(self, ledger: Ledger) -> None:
        contribution = record(ledger, cost_amount=None).contribution
        assert (contribution.cost_amount, contribution.cost_basis) == (790_000, "estimated")


class TestFurtherReports:
    def test_of_the_same_commit_are_replays_that_change_nothing(
        self, ledger: Ledger, client: Client
    ) -> None:
        first = record(ledger)
        before = [documents(client, name) for name in ("contributors", "assets", "contributions")]
        second = record(ledger)
        after = [documents(client, name) for name in ("contributors", "assets", "contributions")]
        assert second.replayed
        assert second.contribution == first.contribution
        assert second.differs == ()
        assert after == before

    def test_that_say_something_else_are_replays_that_name_it(
        self, ledger: Ledger, client: Client
    ) -> None:
        first = record(ledger)
        second = record(
            ledger,
            cost_amount="1",
            metadata={},
            contributor_name="Other",
            timestamp="2001-01-01T00:00:00Z",
            url="https://x.org",
            co_authors=[{"email": "b@x.org"}],
        )
        assert second.replayed
        assert second.contribution == first.contribution
        assert set(second.differs) == {
            "cost_amount",
            "metadata",
            "contributor_name",
            "timestamp",
            "url",
            "co_authors",
        }
        assert list(documents(client, "contributors")) == ["test@example.com"]
        assert_balanced(client)

    def test_of_the_hash_in_capitals_are_of_the_same_commit(self, ledger: Ledger) -> None:
        record(ledger, "abc123")
        assert record(ledger, "ABC123").replayed

    def test_of_a_longer_hash_are_of_another_commit(self, ledger: Ledger, client: Client) -> None:
        record(ledger, "abc123")
        assert not record(ledger, "abc1234").replayed
        assert len(assert_balanced(client)) == 2

    def test_by_another_author_are_refused_and_change_nothing(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(ledger)
        with pytest.raises(Conflict) as caught:
            record(ledger, contributor_email="other@example.com")
        assert caught.value.code == "author_conflict"
        assert "@" not in caught.value.detail
        assert list(documents(client, "contributors")) == ["test@example.com"]
        assert len(assert_balanced(client)) == 1

    def test_of_a_voided_contribution_are_refused_with_the_way_on(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = record(ledger).contribution
        ledger.voids.void(contribution.id, voided_by="ops", reason=None)
        with pytest.raises(Conflict) as caught:
            record(ledger)
        assert caught.value.code == "voided"
        assert f'"corrects": "{contribution.id}"' in caught.value.detail
        assert totals(client, "contributors") == {"test@example.com": (0, 0)}
        assert_balanced(client)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (("new@x.org", "old@x.org"), ("old@x.org", None)),
            (("new@x.org", "old@x.org"), ("new@x.org", None)),
            (("old@x.org", None), ("new@x.org", "old@x.org")),
            (("new@x.org", "old@x.org"), ("newer@x.org", "old@x.org")),
        ],
    )
    def test_before_and_after_a_change_of_the_mail_map_are_of_one_author(
        self,
        ledger: Ledger,
        client: Client,
        first: tuple[str, str | None],
        second: tuple[str, str | None],
    ) -> None:
        record(ledger, contributor_email=first[0], author_email=first[1])
        again = record(ledger, contributor_email=second[0], author_email=second[1])
        assert again.replayed
        assert list(documents(client, "contributors")) == [first[0]]

    def test_of_neither_address_are_of_another_author(self, ledger: Ledger) -> None:
        record(ledger, contributor_email="new@x.org", author_email="old@x.org")
        with pytest.raises(Conflict):
            record(ledger, contributor_email="a@x.org", author_email="b@x.org")


class TestFindOrCreate:
    def test_keeps_what_was_said_of_a_contributor_by_hand(
        self, ledger: Ledger, client: Client
    ) -> None:
        by_hand = {"name": "By Hand", "email": "test@example.com", "type": "BOT", "hourly_rate": 9}
        ledger.registrar.create_contributor(parse(NewContributor, by_hand))
        record(ledger, contributor_name="Other")
        person = documents(client, "contributors")["test@example.com"]
        assert (person["name"], person["contributor_type"]) == ("By Hand", "BOT")
        assert (person["hourly_rate_micros"], person["contribution_count"]) == (9_000_000, 1)
        assert_balanced(client)

    def test_adds_to_an_asset_that_was_made_by_hand(self, ledger: Ledger, client: Client) -> None:
        by_hand = {"description": "GitHub repository: Seeker71/COHERENCE-Network", "type": "MODEL"}
        asset = ledger.registrar.create_asset(parse(NewAsset, by_hand))
        assert record(ledger).contribution.asset_id == asset.id
        kept = documents(client, "assets")["seeker71:coherence-network"]
        assert (kept["asset_type"], kept["name"]) == ("MODEL", "Seeker71/COHERENCE-Network")
        assert_balanced(client)

    def test_takes_one_repository_in_two_spellings_for_one(
        self, ledger: Ledger, client: Client
    ) -> None:
        first = record(ledger, "aaaaaa", repository="Octo/Repo").contribution
        second = record(ledger, "bbbbbb", repository="octo/REPO").contribution
        assert first.asset_id == second.asset_id
        assert record(ledger, "aaaaaa", repository="OCTO/repo").replayed
        assert totals(client, "assets") == {"octo:repo": (2, 200_000_000)}
        assert documents(client, "assets")["octo:repo"]["name"] == "Octo/Repo"

    def test_takes_one_address_in_two_spellings_for_one_person(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "aaaaaa", contributor_email="JU\u0308RGEN@X.org")
        record(ledger, "bbbbbb", contributor_email="jürgen@x.org")
        assert totals(client, "contributors") == {"jürgen@x.org": (2, 200_000_000)}

    def test_keeps_names_apart_that_begin_alike(self, ledger: Ledger, client: Client) -> None:
        record(ledger, "aaaaaa", repository="org/repo", contributor_email="alice@a")
        record(ledger, "aaaaaa", repository="org/repo-two", contributor_email="alice@b")
        assert totals(client, "assets") == {
            "org:repo": (1, 100_000_000),
            "org:repo-two": (1, 100_000_000),
        }
        assert sorted(totals(client, "contributors")) == ["alice@a", "alice@b"]

    @pytest.mark.parametrize(
        ("email", "document_id"),
        [
            ("a/b~c@example.com", "a~2Fb~7Ec@example.com"),
            (".dot@example.com", "~2Edot@example.com"),
            ("__init__@example.com", "~5F~5Finit__@example.com"),
            ("user@host.(none)", "user@host.(none)"),
            ("root@localhost", "root@localhost"),
            ("安全@例え.jp", "安全@例え.jp"),
            ("o'neil%`\\*[]@example.com", "o'neil%`\\*[]@example.com"),
        ],
    )
    def test_keeps_unusual_addresses_and_finds_them(
        self, ledger: Ledger, client: Client, email: str, document_id: str
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=email)
        record(ledger, "bbbbbb", contributor_email=email)
        assert totals(client, "contributors") == {document_id: (2, 200_000_000)}
        assert ledger.find.contributor(email).stored.email == email


class TestTotals:
    def test_are_exact_where_binary_floats_would_drift(
        self, ledger: Ledger, client: Client
    ) -> None:
        for number in range(10):
            record(ledger, f"{number:06x}", cost_amount="0.1")
        record(ledger, "aaaaaa", cost_amount="0.000001")
        record(ledger, "bbbbbb", cost_amount="10000000")
        assert totals(client, "assets") == {"seeker71:coherence-network": (12, 10_000_001_000_001)}
        assert_balanced(client)

    def test_of_two_commits_by_one_person_to_one_repository_count_both(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "aaaaaa", cost_amount="1")
        record(ledger, "bbbbbb", cost_amount="2")
        record(ledger, "bbbbbb", cost_amount="2")
        assert totals(client, "contributors") == {"test@example.com": (2, 3_000_000)}
        assert len(assert_balanced(client)) == 2


class TestCoAuthors:
    def test_share_the_cost_and_the_author_takes_the_rest(
        self, ledger: Ledger, client: Client
    ) -> None:
        people = [{"email": "B@x.org", "name": "Bea"}, {"email": "c@x.org"}]
        record(ledger, co_authors=people)
        assert totals(client, "contributors") == {
            "test@example.com": (1, 33_333_334),
            "b@x.org": (1, 33_333_333),
            "c@x.org": (1, 33_333_333),
        }
        assert totals(client, "assets") == {"seeker71:coherence-network": (1, 100_000_000)}
        names = {p["email"]: p["name"] for p in documents(client, "contributors").values()}
        assert names == {"test@example.com": "test", "b@x.org": "Bea", "c@x.org": "c"}
        assert_balanced(client)

    def test_count_once_and_never_beside_themselves_as_the_author(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(
            ledger,
            contributor_email="new@x.org",
            author_email="old@x.org",
            co_authors=[
                {"email": "b@x.org"},
                {"email": "B@X.ORG"},
                {"email": "new@x.org"},
                {"email": "OLD@x.org"},
            ],
        )
        assert totals(client, "contributors") == {
            "new@x.org": (1, 50_000_000),
            "b@x.org": (1, 50_000_000),
        }
        assert_balanced(client)

    def test_that_are_agents_by_their_address_are_named_and_get_nothing(
        self, ledger: Ledger, client: Client
    ) -> None:
        agent = [{"email": "coder@agents.example"}]
        for commit_hash in ("aaaaaa", "bbbbbb", "cccccc"):
            contribution = record(ledger, commit_hash, co_authors=agent).contribution
            assert [credit.share_amount for credit in contribution.credits] == [100_000_000, 0]
        assert totals(client, "contributors") == {
            "test@example.com": (3, 300_000_000),
            "coder@agents.example": (3, 0),
        }
        assert_balanced(client)

    def test_that_are_kept_as_agents_get_nothing_read_or_remembered(
        self, ledger: Ledger, client: Client
    ) -> None:
        agent = {"name": "Agent", "email": "looks@human.example", "type": "AGENT"}
        ledger.registrar.create_contributor(parse(NewContributor, agent))
        for commit_hash in ("aaaaaa", "bbbbbb"):
            contribution = record(
                ledger, commit_hash, co_authors=[{"email": agent["email"]}]
            ).contribution
            assert [credit.share_amount for credit in contribution.credits] == [100_000_000, 0]
        assert_balanced(client)

    def test_that_are_kept_as_people_are_paid_whatever_their_address(
        self, ledger: Ledger, client: Client
    ) -> None:
        person = {"name": "Person", "email": "person@agents.example", "type": "HUMAN"}
        ledger.registrar.create_contributor(parse(NewContributor, person))
        for commit_hash in ("aaaaaa", "bbbbbb"):
            contribution = record(
                ledger, commit_hash, co_authors=[{"email": person["email"]}]
            ).contribution
            assert [credit.share_amount for credit in contribution.credits] == [
                50_000_000,
                50_000_000,
            ]
        assert_balanced(client)

    def test_find_the_contribution_as_contributors_of_it(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = record(ledger, co_authors=[{"email": "b@x.org"}]).contribution
        [kept] = documents(client, "contributions").values()
        assert kept["contributor_ids"] == [credit.contributor_id for credit in contribution.credits]


class TestCoAuthorsWhoAppear:
    """Between reading that a co-author is not there, and recording, somebody else creates them."""

    def test_have_the_type_that_they_were_created_with(
        self, ledger: Ledger, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        other = ledger_of(open_client())
        other.commits.record(report("000000"), recorded_by="ci")
        spy.fail("commit", Before(ServiceUnavailable("away")))
        appears = iter([True])

        def meanwhile(_: float) -> None:
            if spy.methods[-1] == "commit" and next(appears, False):
                new_contributor(other, "bot@human.example", type="AGENT")

        spy.on_call = meanwhile
        people = [{"email": "bot@human.example"}]
        for commit_hash in ("aaaaaa", "bbbbbb"):
            done = ledger.commits.record(report(commit_hash, co_authors=people), recorded_by="ci")
            shares = [credit.share_amount for credit in done.contribution.credits]
            assert shares == [100_000_000, 0]
        assert_balanced(client)


class TestTime:
    @pytest.mark.parametrize(
        ("claimed", "kept"),
        [
            ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
            (
                "9999-12-31T23:59:59.999999Z",
                datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            ),
            ("2024-05-01T12:00:00.1234567+02:00", datetime(2024, 5, 1, 10, 0, 0, 123_456, UTC)),
        ],
    )
    def test_of_the_commit_is_what_the_client_claims(
        self, ledger: Ledger, claimed: str, kept: datetime
    ) -> None:
        contribution = record(ledger, timestamp=claimed).contribution
        assert contribution.timestamp == kept
        assert record(ledger, timestamp=claimed).differs == ()
        assert ledger.find.contribution(contribution.id).stored.timestamp == kept

    def test_of_the_commit_is_the_functions_clock_where_nothing_is_claimed(
        self, ledger: Ledger
    ) -> None:
        assert record(ledger).contribution.timestamp == NOW

    def test_of_recording_is_the_servers_in_contribution_and_accounts(
        self, ledger: Ledger, client: Client
    ) -> None:
        contribution = record(ledger, timestamp="2001-01-01T00:00:00Z").contribution
        [person] = documents(client, "contributors").values()
        [asset] = documents(client, "assets").values()
        assert contribution.recorded_at not in {None, NOW, contribution.timestamp}
        for account in (person, asset):
            assert (
                account["created_at"] == account["last_contribution_at"] == contribution.recorded_at
            )

    def test_of_the_last_contribution_goes_on_and_of_creation_stands(
        self, ledger: Ledger, client: Client
    ) -> None:
        first = record(ledger, "aaaaaa", timestamp="2030-01-01T00:00:00Z").contribution
        second = record(ledger, "bbbbbb", timestamp="2001-01-01T00:00:00Z").contribution
        [person] = documents(client, "contributors").values()
        assert person["created_at"] == first.recorded_at
        assert person["last_contribution_at"] == second.recorded_at
        assert first.recorded_at is not None
        assert second.recorded_at is not None
        assert second.recorded_at >= first.recorded_at
