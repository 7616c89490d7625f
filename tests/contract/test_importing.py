"""The replaced service's store comes in once: before, after and amid live recording, and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core import exceptions as google_errors
from google.cloud.firestore import Client

from shared.domain.contributor import ContributorType
from shared.domain.errors import NotFound, Unavailable
from shared.domain.legacy.file import NotTaken
from shared.domain.legacy.plan import ImportPlan
from shared.domain.number import Claim
from shared.store.connection import Connection
from shared.store.deadline import Timing
from shared.store.importing import Imported, Importer, Tally
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter
from shared.store.reading import Document
from shared.store.reconciling import Reconciler
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import Documents, assert_balanced, documents
from tests.contract.by_hand import new_contribution
from tests.contract.reports import NOW, PATIENT, classify, ledger_of, report
from tests.contract.spy import After, Before, Crash, Spy
from tests.old_store import OldStore

REPOSITORY = "seeker71/Coherence-Network"
DOCUMENT = "seeker71:coherence-network"
TEST = "test@example.com"


@pytest.fixture
def old() -> OldStore:
    return OldStore()


def run(ledger: Ledger, plan: ImportPlan, *, dry_run: bool = False) -> Imported:
    return Importer(ledger.connection, classify, dry_run=dry_run).run(plan)


def record(
    ledger: Ledger, commit_hash: str = "abc123", *, claim: Claim | None = None, **changes: Any
) -> None:
    ledger.commits.record(report(commit_hash, **changes), recorded_by="ci", claim=claim)


def commits(old: OldStore, count: int, **changes: Any) -> list[str]:
    """So many commits by one person to one repository, at 1.00 each; gives their ids."""
    test, repo = old.contributor(TEST), old.asset(REPOSITORY)
    return [
        old.commit(test, repo, f"{n:06x}", email=TEST, repository=REPOSITORY, cost_amount="1.00")
        for n in range(count)
    ]


def state(client: Client) -> dict[str, Documents]:
    """All documents, without the times at which the server wrote them."""
    served = {"recorded_at", "last_recorded_at"}
    return {
        name: {
            document_id: {key: value for key, value in fields.items() if key not in served}
            for document_id, fields in documents(client, name).items()
        }
        for name in ("contributors", "assets", "contributions")
    }


def is_of_the_server(moment: datetime | None, document: Document) -> bool:
    """Whether a time comes from the server that wrote the document, and from no other clock.

    Fields have the time of the request in milliseconds; the write comes a little later.
    """
    assert document.update_time is not None
    return moment is not None and NOW < moment <= document.update_time.ToDatetime(tzinfo=UTC)


class TestIntoAnEmptyLedger:
    def test_keeps_times_and_scores_and_sums_up_what_it_takes(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        ann = old.contributor("ann@example.com", hourly_rate="50.00")
        repo = old.asset("octo/repo", total_cost="300.00")
        the_id = old.commit(ann, repo, "abc123", cost_amount="100.00")
        old.commit(ann, repo, "abc123", cost_amount="100.00")
        old.contribution(ann, repo, cost_amount="0.000001")
        done = run(ledger, old.plan())
        assert done == Imported(Tally(created=1), Tally(created=1), Tally(created=2))

        assert len(assert_balanced(client)) == 2
        asset = ledger.find.asset("octo/repo").stored
        assert (asset.contribution_count, asset.total_cost) == (2, 100_000_001)
        assert asset.created_at == datetime(2026, 2, 13, 10, 0, 0, 123456, tzinfo=UTC)
        contributor = ledger.find.contributor("ann@example.com").stored
        assert contributor.hourly_rate == 50_000_000
        assert contributor.created_at == asset.created_at
        contribution = ledger.find.contribution("octo/repo@abc123")
        assert contribution.stored.timestamp == datetime(2026, 2, 14, 8, 30, 0, 500000, tzinfo=UTC)
        assert contribution.stored.coherence_score == 0.7
        assert contribution.stored.coherence.version == "legacy"
        # The time at which it came into this ledger.
        assert is_of_the_server(contribution.stored.recorded_at, contribution.document)
        assert contribution.stored.recorded_by == "import"
        assert contribution.stored.legacy_ids[0] == the_id

    def test_takes_accounts_without_contributions(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        ids = old.contributor("ann@example.com"), old.asset(description="A model")
        run(ledger, old.plan())
        assert_balanced(client)
        assert ledger.find.contributor(ids[0]).stored.contribution_count == 0
        assert ledger.find.asset(ids[1]).stored.description == "A model"

    def test_makes_accounts_that_only_commits_name(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        nobody = "ffffffff-0000-4000-8000-000000000000"
        old.commit(nobody, nobody, email="bot@agents.example")
        done = run(ledger, old.plan())
        assert_balanced(client)
        assert done.contributions == Tally(created=1)
        made = ledger.find.contributor("bot@agents.example").stored
        assert made.contributor_type is ContributorType.AGENT
        assert made.created_at is not None
        assert ledger.find.asset("octo/repo").stored.contribution_count == 1

    def test_an_account_without_a_date_begins_now(self, old: OldStore, ledger: Ledger) -> None:
        old.contributor(created_at=None)
        run(ledger, old.plan())
        found = ledger.find.contributor("ann@example.com")
        assert is_of_the_server(found.stored.created_at, found.document)

    def test_an_empty_file_writes_nothing(self, old: OldStore, ledger: Ledger, spy: Spy) -> None:
        assert run(ledger, old.plan()) == Imported()
        assert spy.calls == []

    def test_a_dry_run_says_the_same_and_writes_nothing(
        self, old: OldStore, ledger: Ledger, client: Client, spy: Spy
    ) -> None:
        record(ledger, "000000")
        spy.forget()
        commits(old, 3)
        before = state(client)
        planned = run(ledger, old.plan(), dry_run=True)
        assert "commit" not in spy.methods
        assert state(client) == before
        assert run(ledger, old.plan()) == planned

    def test_stays_within_the_writes_of_one_commit(
        self, old: OldStore, ledger: Ledger, client: Client, spy: Spy
    ) -> None:
        for number in range(501):
            email, repository = f"p{number}@example.com", f"octo/repo{number}"
            person, repo = old.contributor(email), old.asset(repository)
            old.commit(person, repo, email=email, repository=repository)
        run(ledger, old.plan())
        assert len(assert_balanced(client)) == 501
        written = [call.writes for call in spy.calls if call.method == "commit"]
        assert max(written) <= 500
        # 501 people in two Commits, 501 assets in three, 501 contributions in six.
        assert len(written) == 11

    def test_stays_within_the_bytes_of_one_commit(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        # What takes most in a request for its length as JSON: 5 MB together, in 1 MB of a file.
        metadata = {"x": [-1] * 5_400}
        person, model = old.contributor(), old.asset(description="A model")
        for _ in range(70):
            old.contribution(person, model, metadata=metadata)
        assert run(ledger, old.plan()).contributions == Tally(created=70)
        assert documents(client, "assets")[model]["contribution_count"] == 70


class TestAgain:
    def test_changes_nothing(self, old: OldStore, ledger: Ledger, client: Client, spy: Spy) -> None:
        commits(old, 3)
        old.contribution(old.contributor("ann@example.com"), old.asset(description="A model"))
        run(ledger, old.plan())
        before = state(client)
        spy.forget()
        done = run(ledger, old.plan())
        assert done == Imported(Tally(unchanged=2), Tally(unchanged=2), Tally(unchanged=4))
        assert "commit" not in spy.methods
        assert state(client) == before

    def test_takes_what_a_later_file_has_more(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        commits(old, 2)
        run(ledger, old.plan())
        repo = old.asset(REPOSITORY)
        old.commit(old.contributor(TEST), repo, "ffffff", email=TEST, repository=REPOSITORY)
        done = run(ledger, old.plan())
        assert done == Imported(
            Tally(given_ids=1), Tally(given_ids=1), Tally(created=1, unchanged=2)
        )
        assert len(assert_balanced(client)) == 3
        assert ledger.find.asset(repo).stored.name == REPOSITORY

    def test_leaves_a_voided_contribution_voided(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        [old_id] = commits(old, 1)
        run(ledger, old.plan())
        ledger.voids.void(old_id, voided_by="ops", reason="wrong")
        run(ledger, old.plan())
        assert_balanced(client)
        assert ledger.find.contribution(old_id).stored.voided
        assert ledger.find.asset(REPOSITORY).stored.contribution_count == 0


class TestBeforeLiveRecording:
    def test_a_report_of_an_imported_commit_is_a_replay(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        commits(old, 2)
        run(ledger, old.plan())
        recorded = ledger.commits.record(report("000001"), recorded_by="ci")
        assert recorded.replayed
        assert "cost_amount" in recorded.differs
        record(ledger, "000002")
        assert len(assert_balanced(client)) == 3
        assert ledger.find.asset(REPOSITORY).stored.total_cost == 102_000_000


class TestAfterLiveRecordingBegan:
    def test_a_recorded_commit_stays_and_gets_its_old_id_once(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "000001")
        contribution = ledger.find.contribution(f"{REPOSITORY}@000001").stored
        asset = ledger.find.asset(REPOSITORY).stored
        ids = commits(old, 2)
        done = run(ledger, old.plan())
        assert done == Imported(
            Tally(given_ids=1),
            Tally(given_ids=1),
            Tally(created=1, given_ids=1),
            differing=["contributions[1]"],
        )
        run(ledger, old.plan())
        assert len(assert_balanced(client)) == 2
        # Cost, score, times and all stay; and so does what the accounts were.
        assert ledger.find.contribution(ids[1]).stored == contribution.model_copy(
            update={"legacy_ids": (ids[1],)}
        )
        found = ledger.find.asset(REPOSITORY).stored
        assert (found.total_cost, found.contribution_count) == (101_000_000, 2)
        assert found.created_at == asset.created_at

    def test_the_address_in_the_commit_tells_the_author_too(
        self, old: OldStore, ledger: Ledger
    ) -> None:
        record(ledger, contributor_email="ann@example.com", author_email="ann@old.example")
        person, repo = old.contributor("ann@old.example"), old.asset(REPOSITORY)
        old_id = old.commit(person, repo, email="ann@old.example", repository=REPOSITORY)
        done = run(ledger, old.plan())
        assert done.not_taken == []
        assert ledger.find.contribution(old_id).stored.contributor_email == "ann@example.com"

    def test_a_commit_that_is_recorded_for_somebody_else_is_not_taken(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "000000", contributor_email="bob@example.com")
        before = state(client)["contributions"]
        [old_id] = commits(old, 1)
        done = run(ledger, old.plan())
        reason = "the ledger has this commit for another author"
        assert done.not_taken == [NotTaken("contributions[0]", reason)]
        assert done.contributions == Tally()
        assert_balanced(client)
        assert state(client)["contributions"] == before
        with pytest.raises(NotFound):
            ledger.find.contribution(old_id)

    def test_a_voided_commit_stays_out_of_the_totals_and_is_found(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "000000")
        ledger.voids.void(f"{REPOSITORY}@000000", voided_by="ops", reason=None)
        [old_id] = commits(old, 1)
        run(ledger, old.plan())
        assert_balanced(client)
        assert ledger.find.contribution(old_id).stored.voided

    def test_documents_without_any_old_ids_get_theirs(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        # As somebody may type one at the console.
        client.document("contributors/test@example.com").set(
            {"id": "5", "email": TEST, "contribution_count": 0, "total_cost_micros": 0}
        )
        old_id = old.contributor(TEST)
        assert run(ledger, old.plan()).contributors == Tally(given_ids=1)
        assert documents(client, "contributors")[TEST]["legacy_ids"] == [old_id]


class TestAmidLiveRecording:
    def on_commit(self, spy: Spy, number: int, act: Callable[[], None]) -> None:
        """Let something happen after the import has read and before it writes."""

        def interfere(_timeout: float) -> None:
            if spy.methods.count("commit") == number and spy.methods[-1] == "commit":
                spy.on_call = lambda _: None
                act()

        spy.on_call = interfere

    @pytest.mark.parametrize(
        ("number", "what"),
        [(1, "contributors"), (2, "assets"), (3, "contributions")],
    )
    def test_a_commit_recorded_in_between_counts_once(
        self,
        number: int,
        what: str,
        old: OldStore,
        ledger: Ledger,
        spy: Spy,
        client: Client,
        open_client: OpenClient,
    ) -> None:
        ids = commits(old, 3)
        live = ledger_of(open_client())
        self.on_commit(spy, number, lambda: record(live, "000001"))
        done = run(ledger, old.plan())
        assert done.contributions == Tally(created=2, given_ids=1)
        assert done.tallies()[what].given_ids == 1
        assert len(assert_balanced(client)) == 3
        contribution = ledger.find.contribution(ids[1]).stored
        assert (contribution.recorded_by, contribution.cost_amount) == ("ci", 100_000_000)

    def test_an_account_deleted_in_between_is_made_again(
        self, old: OldStore, ledger: Ledger, spy: Spy, client: Client, open_client: OpenClient
    ) -> None:
        commits(old, 3)
        other = open_client()
        self.on_commit(spy, 3, lambda: other.document(f"assets/{DOCUMENT}").delete())
        assert run(ledger, old.plan()).contributions == Tally(created=3)
        assert len(assert_balanced(client)) == 3

    def test_imports_and_reports_at_once_give_each_commit_once(
        self, old: OldStore, client: Client, open_client: OpenClient
    ) -> None:
        commits(old, 170)
        plan = old.plan()

        def report_all() -> None:
            live = ledger_of(open_client())
            for number in range(0, 200, 5):
                record(live, f"{number:06x}", cost_amount="1.00")

        importing = [lambda: run(ledger_of(open_client()), plan) and None for _ in range(2)]
        assert at_once([*importing, report_all, report_all]) == [None] * 4
        # 170 of the file, and 6 that were only reported.
        assert len(assert_balanced(client)) == 176
        asset = documents(client, "assets")[DOCUMENT]
        assert (asset["contribution_count"], asset["total_cost_micros"]) == (176, 176_000_000)
        contributions = documents(client, "contributions")
        assert all(
            len(contribution["legacy_ids"]) == 1
            for contribution in list(contributions.values())[:170]
        )
        findings = Reconciler(Connection(client, PATIENT)).findings(
            repair=False, progress=lambda _what, _done: None
        )
        assert list(findings) == []


class TestFaults:
    @pytest.mark.parametrize("fault", [Before, After], ids=["before", "after"])
    @pytest.mark.parametrize("commit", range(4))
    def test_an_import_that_crashed_is_finished_by_the_next_one(
        self,
        commit: int,
        fault: type[Before | After],
        old: OldStore,
        ledger: Ledger,
        spy: Spy,
        client: Client,
        open_client: OpenClient,
    ) -> None:
        # Contributors, assets, and two Commits of contributions.
        commits(old, 89)
        old.asset(description="A model")
        spy.fail("commit", *[None] * commit, fault(Crash()))
        with pytest.raises(Crash):
            run(ledger, old.plan())
        assert_balanced(client)
        spy.forget()
        done = run(ledger_of(open_client()), old.plan())
        assert len(assert_balanced(client)) == 89
        written = 88 * (commit > 2 or (commit == 2 and fault is After))
        written += commit == 3 and fault is After
        assert done.contributions == Tally(created=89 - written, unchanged=written)

    @pytest.mark.parametrize(
        "error", [google_errors.Aborted, google_errors.ServiceUnavailable, google_errors.Unknown]
    )
    @pytest.mark.parametrize("fault", [Before, After], ids=["before", "after"])
    def test_a_passing_fault_is_passed(
        self,
        error: type[google_errors.GoogleAPICallError],
        fault: type[Before | After],
        old: OldStore,
        ledger: Ledger,
        spy: Spy,
        client: Client,
    ) -> None:
        commits(old, 2)
        spy.fail("commit", *[fault(error("passing"))] * 3, None, fault(error("passing")))
        spy.fail("batch_get_documents", Before(error("passing")))
        run(ledger, old.plan())
        assert len(assert_balanced(client)) == 2

    def test_ends_where_firestore_does_not_answer(
        self, old: OldStore, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        now = [0.0]
        timing = Timing(
            budget=60,
            rpc_timeout=30,
            monotonic=lambda: now[0],
            sleep=lambda seconds: now.__setitem__(0, now[0] + seconds),
            uniform=lambda _least, most: most,
        )
        commits(old, 2)
        slow = Importer(Connection(spy.client, timing), classify)
        spy.fail("commit", None, None, *[Before(google_errors.DeadlineExceeded("slow"))] * 100)
        with pytest.raises(Unavailable):
            slow.run(old.plan())
        assert now[0] <= 60
        assert assert_balanced(client) == {}


class TestOldIds:
    def test_lead_to_everything(self, old: OldStore, ledger: Ledger) -> None:
        people = [old.contributor("ann@example.com"), old.contributor("Ann@Example.com")]
        assets = [old.asset("octo/repo"), old.asset("Octo/Repo"), old.asset(description="A model")]
        contributions = [
            old.commit(people[0], assets[0]),
            old.commit(people[1], assets[1]),
            old.contribution(people[1], assets[2]),
        ]
        run(ledger, old.plan())
        assert {ledger.find.contributor(i).stored.email for i in people} == {"ann@example.com"}
        assert [ledger.find.asset(i).stored.name for i in assets] == ["octo/repo"] * 2 + [None]
        assert [ledger.find.contribution(i.upper()).stored.commit_hash for i in contributions] == [
            "abc123",
            "abc123",
            None,
        ]
        ann = ledger.find.contributor(people[1]).stored
        page = ledger.lists.contributions(ContributionFilter(contributor_ids=(ann.id,)), limit=10)
        assert len(page.items) == 2

    def test_are_good_for_new_contributions_voids_and_corrections(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        ann, model = old.contributor("ann@example.com"), old.asset(description="A model")
        old_id = old.contribution(ann, model, cost_amount="5.00")
        run(ledger, old.plan())
        new_contribution(ledger, ann, model, cost_amount="1.00")
        ledger.voids.void(old_id, voided_by="ops", reason=None)
        new_contribution(ledger, ann, model, cost_amount="4.00", corrects=old_id)
        assert_balanced(client)
        assert ledger.find.asset(model).stored.total_cost == 5_000_000
        assert ledger.find.contribution(old_id).stored.corrected_by is not None
        # And a later import leaves it so.
        run(ledger, old.plan())
        assert ledger.find.asset(model).stored.total_cost == 5_000_000

    def test_of_thousands_of_assets_lead_to_one(
        self, old: OldStore, ledger: Ledger, client: Client
    ) -> None:
        ids = [old.asset() for _ in range(3000)]
        run(ledger, old.plan())
        assert len(documents(client, "assets")["octo:repo"]["legacy_ids"]) == 3000
        assert ledger.find.asset(ids[-1]).stored.name == "octo/repo"


class TestUnderAFurtherName:
    @pytest.fixture
    def moved(self, ledger: Ledger) -> Ledger:
        """A repository that is shown under its second name by now."""
        for name in ("octo/old", "octo/new"):
            commit_hash = name[-3:].encode().hex()
            record(ledger, commit_hash, repository=name, claim=Claim(7, "ci"))
        return ledger

    def test_goes_to_the_account_that_the_name_leads_to(
        self, old: OldStore, moved: Ledger, client: Client
    ) -> None:
        test, repo = old.contributor(TEST), old.asset("octo/new")
        commit = old.commit(test, repo, "aaaaaa", email=TEST, repository="octo/new")
        by_ids = old.contribution(test, repo)
        done = run(moved, old.plan())
        assert (done.assets, done.contributions) == (Tally(given_ids=1), Tally(created=2))
        assert "octo:old@aaaaaa" in assert_balanced(client)
        for an_id in (commit, by_ids):
            kept = moved.find.contribution(an_id).stored
            assert kept.asset_id == moved.find.asset(repo).stored.id
            assert kept.repository == "octo/new"
        assert documents(client, "assets").keys() == {"octo:old"}
        findings = Reconciler(moved.connection).findings(repair=False, progress=lambda *_: None)
        assert list(findings) == []
        again = run(moved, old.plan())
        assert (again.assets, again.contributions) == (Tally(unchanged=1), Tally(unchanged=2))

    def test_is_one_commit_with_that_of_the_first_name(
        self, old: OldStore, moved: Ledger, client: Client
    ) -> None:
        test, ada = old.contributor(TEST), old.contributor("ada@example.com")
        first, second = old.asset("octo/old"), old.asset("octo/new")
        ids = [
            old.commit(test, asset, "aaaaaa", email=TEST, repository=name)
            for asset, name in ((first, "octo/old"), (second, "octo/new"))
        ]
        old.commit(test, first, "bbbbbb", email=TEST, repository="octo/old")
        old.commit(ada, second, "bbbbbb", email="ada@example.com", repository="octo/new")
        done = run(moved, old.plan())
        assert done.contributions == Tally(created=2)
        assert [one.reason for one in done.not_taken] == [
            "an earlier record has this commit; this id now leads to it",
            "an earlier record has this commit, for another author",
        ]
        assert len({moved.find.contribution(an_id).stored.id for an_id in ids}) == 1
        assert len(assert_balanced(client)) == 4
