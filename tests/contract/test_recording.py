"""Recording commits, one or many: each once, for the right person, with exact totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import cycle
from typing import Any

import pytest
from google.api_core.exceptions import Aborted, ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.asset import NewAsset
from shared.domain.contribution import Commit, Outcome
from shared.domain.contributor import NewContributor
from shared.domain.errors import Conflict, LedgerError, Unavailable, WasVoided
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.recording import Recorded
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import new_contributor
from tests.contract.reports import NOW, ledger_of, outcome_of, report
from tests.contract.spy import After, Before, Spy

REPOSITORY = Repository.parse("octo/repo")
RECORDED, REPLAYED = Outcome.RECORDED, Outcome.REPLAYED
AUTHORS = [f"author-{number}@example.com" for number in range(4)]


def commits(
    numbers: Iterable[int], authors: Sequence[str] = AUTHORS, **fields: Any
) -> list[Commit]:
    """A commit for each number, the authors taking turns."""
    return [
        parse(
            Commit,
            {
                "contributor_email": authors[number % len(authors)],
                "commit_hash": f"{number:06x}",
                "cost_amount": "0.30",
            }
            | fields,
        )
        for number in numbers
    ]


def record_all(ledger: Ledger, batch: Sequence[Commit]) -> Sequence[Recorded | Conflict]:
    return ledger.commits.record_all(REPOSITORY, batch, recorded_by="ci")


def outcomes(done: Iterable[Recorded | Conflict]) -> list[Outcome]:
    return [outcome_of(result) for result in done]


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

    @pytest.mark.parametrize("sent", ["bob@example.com", "bo\u200bb@example.com"])
    def test_of_somebody_kept_with_characters_that_nobody_sees_are_replays(
        self, sent: str, ledger: Ledger, client: Client
    ) -> None:
        ledger.commits.record(report(contributor_email="bob@example.com"), recorded_by="ci")
        [document_id] = documents(client, "contributions")
        kept = client.collection("contributions").document(document_id)
        kept.update({"contributor_email": "bo\u200bb@example.com"})
        again = ledger.commits.record(report(contributor_email=sent), recorded_by="ci")
        assert (again.replayed, again.differs) == (True, ())

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
            assert account["created_at"] == contribution.recorded_at
            assert account["last_recorded_at"] == contribution.recorded_at

    def test_of_the_last_recording_goes_on_and_of_creation_stands(
        self, ledger: Ledger, client: Client
    ) -> None:
        first = record(ledger, "aaaaaa", timestamp="2030-01-01T00:00:00Z").contribution
        second = record(ledger, "bbbbbb", timestamp="2001-01-01T00:00:00Z").contribution
        [person] = documents(client, "contributors").values()
        assert person["created_at"] == first.recorded_at
        assert person["last_recorded_at"] == second.recorded_at
        assert first.recorded_at is not None
        assert second.recorded_at is not None
        assert second.recorded_at >= first.recorded_at


class TestOutcomesOfABatch:
    def test_come_in_order_one_for_each_commit(self, ledger: Ledger, client: Client) -> None:
        someone_elses, voided, known = commits([1, 2, 3])
        record_all(ledger, [someone_elses, voided, known])
        ledger.voids.void("octo/repo@000002", voided_by="ops", reason=None)
        theft = commits([1], ["thief@example.com"])
        done = record_all(
            ledger, [*commits([9]), *theft, *commits([2]), *commits([3]), *commits([4])]
        )
        assert outcomes(done) == [RECORDED, Outcome.CONFLICT, Outcome.VOIDED, REPLAYED, RECORDED]
        assert "thief@example.com" not in documents(client, "contributors")
        assert len(assert_balanced(client)) == 5

    def test_answer_what_is_kept(self, ledger: Ledger) -> None:
        [recorded] = record_all(ledger, commits([1], metadata={"has_tests": True}))
        kept = ledger.find.contribution("octo/repo@000001").stored
        assert recorded == Recorded(kept, replayed=False)
        [replayed] = record_all(ledger, commits([1], cost_amount="9"))
        assert replayed == Recorded(kept, replayed=True, differs=("cost_amount",))

    def test_of_a_voided_commit_name_the_contribution_to_correct(self, ledger: Ledger) -> None:
        record_all(ledger, commits([1]))
        contribution = ledger.voids.void(
            "octo/repo@000001", voided_by="ops", reason=None
        ).contribution
        [refused] = record_all(ledger, commits([1]))
        assert isinstance(refused, WasVoided)
        assert refused.contribution_id == contribution.id

    def test_of_an_empty_batch_are_none_and_cost_nothing(self, ledger: Ledger, spy: Spy) -> None:
        assert record_all(ledger, []) == []
        assert spy.calls == []


class TestACommitThatStandsInTheBatchTwice:
    def test_is_recorded_once_and_is_a_replay_of_itself(
        self, ledger: Ledger, client: Client
    ) -> None:
        twice = [*commits([0xABCDEF]), *commits([1]), *commits([0xABCDEF], commit_hash="ABCDEF")]
        assert outcomes(record_all(ledger, twice)) == [RECORDED, RECORDED, REPLAYED]
        assert len(assert_balanced(client)) == 2

    def test_is_a_conflict_where_it_names_another_author(
        self, ledger: Ledger, client: Client
    ) -> None:
        claims = [*commits([1], ["a@example.com"]), *commits([1], ["b@example.com"])]
        assert outcomes(record_all(ledger, claims)) == [RECORDED, Outcome.CONFLICT]
        assert list(documents(client, "contributors")) == ["a@example.com"]
        assert_balanced(client)

    def test_counts_as_it_stands_there_first(self, ledger: Ledger, client: Client) -> None:
        record_all(ledger, [*commits([1], cost_amount="1"), *commits([1], cost_amount="2")])
        [contribution] = assert_balanced(client).values()
        assert contribution["cost_micros"] == 1_000_000


class TestTheCostOfABatch:
    @pytest.mark.parametrize("people", [1, 20, 500])
    def test_of_500_commits_is_one_commit(
        self, ledger: Ledger, spy: Spy, client: Client, people: int
    ) -> None:
        authors = [f"author-{number}@example.com" for number in range(people)]
        record_all(ledger, commits(range(1000, 1000 + people), authors))
        spy.forget()
        done = record_all(ledger, commits(range(500), authors))
        assert outcomes(done) == [RECORDED] * 500
        assert spy.methods == ["commit"]
        assert spy.calls[0].writes == 500 + 2 * people + 1
        assert len(assert_balanced(client)) == 500 + people

    def test_of_known_co_authors_is_one_commit(self, ledger: Ledger, spy: Spy) -> None:
        people = [{"email": email} for email in AUTHORS]
        record_all(ledger, commits([1], ["ada@example.com"], co_authors=people))
        spy.forget()
        record_all(ledger, commits([2, 3], ["ada@example.com"], co_authors=people))
        assert spy.methods == ["commit"]

    def test_of_people_not_known_here_is_a_read_more(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        people = [{"email": email} for email in AUTHORS]
        record_all(ledger_of(client), commits([1], co_authors=people))
        spy.forget()
        record_all(ledger, commits([2, 3], co_authors=people))
        assert spy.methods == ["batch_get_documents", "commit"]

    def test_of_500_replays_is_one_read(self, ledger: Ledger, spy: Spy) -> None:
        record_all(ledger, commits(range(500)))
        spy.forget()
        assert outcomes(record_all(ledger, commits(range(500)))) == [REPLAYED] * 500
        assert spy.methods == ["commit", "batch_get_documents"]

    def test_of_new_people_and_a_new_repository_is_one_read(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        record_all(
            ledger, commits(range(300), [f"new-{number}@example.com" for number in range(300)])
        )
        assert spy.methods == ["batch_get_documents", "commit"]
        # The last one for that the name leads to no other repository.
        assert spy.calls[-1].writes == 300 + 2 * 300 + 1 + 1
        assert len(assert_balanced(client)) == 300

    @pytest.mark.parametrize(
        ("number", "metadata"),
        [(300, {"log": "\U0001f600" * 4000}), (70, {"n": [-1] * 5400})],
        ids=["emoji", "negative integers"],
    )
    def test_of_large_commits_is_as_many_requests_as_the_backend_takes(
        self, ledger: Ledger, spy: Spy, client: Client, number: int, metadata: dict[str, Any]
    ) -> None:
        large = commits(range(number), metadata=metadata)
        assert outcomes(record_all(ledger, large)) == [RECORDED] * number
        assert len(spy.methods) > 1 + 1
        assert spy.methods == ["batch_get_documents"] + ["commit"] * (len(spy.calls) - 1)
        assert documents(client, "assets")["octo:repo"]["contribution_count"] == number

    @pytest.mark.long
    def test_of_10_200_people_is_as_many_requests_as_the_backend_takes(
        self, ledger: Ledger, client: Client
    ) -> None:
        crowds = [
            parse(
                Commit,
                {
                    "contributor_email": f"a{crowd}@b",
                    "commit_hash": f"{crowd:06x}",
                    "co_authors": [{"email": f"c{crowd}-{number}@b"} for number in range(50)],
                },
            )
            for crowd in range(200)
        ]
        assert outcomes(record_all(ledger, crowds)) == [RECORDED] * 200
        assert documents(client, "assets")["octo:repo"]["contribution_count"] == 200


class TestCoAuthorsOfABatch:
    def test_share_each_commit_and_agents_get_nothing(self, ledger: Ledger, client: Client) -> None:
        people = [{"email": "bea@example.com"}, {"email": "coder@agents.example"}]
        record_all(ledger, commits(range(3), ["ada@example.com"], co_authors=people))
        kept = documents(client, "contributors")
        assert {
            email: (person["contribution_count"], person["total_cost_micros"])
            for email, person in kept.items()
        } == {
            "ada@example.com": (3, 450_000),
            "bea@example.com": (3, 450_000),
            "coder@agents.example": (3, 0),
        }
        assert kept["coder@agents.example"]["contributor_type"] == "AGENT"
        assert_balanced(client)

    def test_have_the_type_that_is_kept_of_them(self, ledger: Ledger, client: Client) -> None:
        new_contributor(ledger, "looks@human.example", type="AGENT")
        new_contributor(ledger, "person@agents.example", type="HUMAN")
        people = [{"email": "looks@human.example"}, {"email": "person@agents.example"}]
        record_all(ledger, commits([1], co_authors=people))
        [contribution] = assert_balanced(client).values()
        assert [credit["share_micros"] for credit in contribution["credits"]] == [
            150_000,
            0,
            150_000,
        ]

    def test_who_are_authors_elsewhere_in_the_batch_are_one_person(
        self, ledger: Ledger, client: Client
    ) -> None:
        record_all(ledger, commits(range(8), co_authors=[{"email": email} for email in AUTHORS]))
        people = documents(client, "contributors")
        assert [person["contribution_count"] for person in people.values()] == [8] * 4
        assert_balanced(client)


class TestBatchesAtOnce:
    def test_overlapping_batches_of_8_clients_give_exact_totals(
        self, open_client: OpenClient
    ) -> None:
        ledgers = [ledger_of(open_client()) for _ in range(8)]
        halves = cycle([range(60), range(30, 90)])
        batches = [commits(numbers) for _, numbers in zip(ledgers, halves, strict=False)]
        answers = at_once(
            [partial(record_all, *pair) for pair in zip(ledgers, batches, strict=True)]
        )
        done = [answer for answer in answers if not isinstance(answer, LedgerError)]
        assert len(done) == 8
        counted = Counter(outcome for answer in done for outcome in outcomes(answer))
        assert counted == {RECORDED: 90, REPLAYED: 8 * 60 - 90}
        client = open_client()
        assert len(assert_balanced(client)) == 90
        [asset] = documents(client, "assets").values()
        assert (asset["contribution_count"], asset["total_cost_micros"]) == (90, 27_000_000)

    def test_a_batch_and_single_reports_of_the_same_commits_count_each_once(
        self, open_client: OpenClient
    ) -> None:
        ledgers = [ledger_of(open_client()) for _ in range(4)]

        def single(ledger: Ledger) -> None:
            for number in range(20):
                changes = {"contributor_email": AUTHORS[number % 4], "repository": "octo/repo"}
                ledger.commits.record(report(f"{number:06x}", **changes), recorded_by="ci")

        def batch(ledger: Ledger) -> None:
            record_all(ledger, commits(range(20)))

        at_once([partial(task, one) for one, task in zip(ledgers, cycle([single, batch]))])
        assert len(assert_balanced(open_client())) == 20

    def test_commits_recorded_between_read_and_commit_are_replays(
        self, ledger: Ledger, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        other = ledger_of(open_client())
        interrupted = iter([True])

        def meanwhile(_: float) -> None:
            if spy.methods[-1] == "commit" and next(interrupted, False):
                record_all(other, commits([1, 2]))

        spy.on_call = meanwhile
        assert outcomes(record_all(ledger, commits(range(4)))) == [
            RECORDED,
            REPLAYED,
            REPLAYED,
            RECORDED,
        ]
        assert len(assert_balanced(client)) == 4


class TestFaultsOfABatch:
    @pytest.mark.parametrize("fault", [Before, After])
    def test_that_pass_leave_each_commit_recorded_once(
        self, ledger: Ledger, spy: Spy, client: Client, fault: type[Before | After]
    ) -> None:
        spy.fail("batch_get_documents", Before(ServiceUnavailable("away")))
        spy.fail("commit", fault(Aborted("contended")), None, fault(ServiceUnavailable("away")))
        assert len(record_all(ledger, commits(range(600)))) == 600
        assert len(assert_balanced(client)) == 600

    def test_that_last_keep_what_was_recorded_and_the_rest_comes_next_time(
        self, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        seconds = [0.0]

        def sleep(pause: float) -> None:
            seconds[0] += pause

        ledger = ledger_of(client, timing=Timing(monotonic=lambda: seconds[0], sleep=sleep))
        large = commits(range(600), metadata={"log": "x" * 2000})
        record_all(ledger, commits(range(1000, 1004)))
        spy.forget()
        spy.fail("commit", None, *[Before(ServiceUnavailable("away"))] * 1000)
        with pytest.raises(Unavailable):
            record_all(ledger, large)
        assert seconds[0] <= 9
        kept = len(assert_balanced(client)) - 4
        assert kept == spy.calls[0].writes - 2 * len(AUTHORS) - 1
        assert 0 < kept < 600
        done = outcomes(record_all(ledger_of(open_client()), large))
        assert done == [REPLAYED] * kept + [RECORDED] * (600 - kept)
        assert len(assert_balanced(client)) == 604
