"""Further names of a repository: one asset, each commit once, whoever reports under which name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from google.api_core.exceptions import Aborted, ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.errors import Conflict, LedgerError, NotFound, WasVoided
from shared.domain.repository import Repository
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.reconciling import Reconciler
from shared.store.recording import Recorded
from shared.store.repositories import Changed
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import new_asset
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Spy

OLD, NEW = "Octo/Old", "octo/new"


def track(ledger: Ledger, name: str, commit_hash: str) -> Recorded:
    return ledger.commits.record(report(commit_hash, repository=name), recorded_by="ci")


def join(ledger: Ledger, key: str, name: str) -> Changed:
    return ledger.repositories.join(key, Repository.parse(name), by="ops", reason="renamed")


def split(ledger: Ledger, key: str, name: str) -> Changed:
    return ledger.repositories.split(key, Repository.parse(name))


@pytest.fixture
def renamed(ledger: Ledger) -> Ledger:
    """One commit under the old name, to whose account the new one leads."""
    track(ledger, OLD, "aaaaaa")
    join(ledger, OLD, NEW)
    return ledger


class TestAFurtherName:
    def test_takes_reports_to_the_account(self, renamed: Ledger, client: Client) -> None:
        first, again = (track(renamed, NEW, "bbbbbb") for _ in range(2))
        assert (first.replayed, again.replayed) == (False, True)
        assert track(renamed, NEW, "aaaaaa").replayed
        assert track(renamed, OLD, "bbbbbb").replayed
        assert list(assert_balanced(client)) == ["octo:old@aaaaaa", "octo:old@bbbbbb"]
        assert documents(client, "assets").keys() == {"octo:old"}

    def test_takes_look_ups_there(self, renamed: Ledger) -> None:
        asset = renamed.find.asset("Octo/New").stored
        assert asset == renamed.find.asset(OLD).stored
        assert (asset.name, asset.former_names) == (OLD, (NEW,))
        assert renamed.find.contribution(f"{NEW}@aaaaaa").stored.asset_id == asset.id
        with pytest.raises(NotFound):
            renamed.find.contribution(f"{NEW}@bbbbbb")

    def test_is_joined_once(self, renamed: Ledger) -> None:
        assert join(renamed, OLD, NEW).replayed
        assert join(renamed, NEW, NEW).replayed

    def test_stands_for_itself_again(self, renamed: Ledger, client: Client) -> None:
        assert [split(renamed, OLD, NEW).replayed for _ in range(2)] == [False, True]
        track(renamed, NEW, "bbbbbb")
        assert renamed.find.asset(OLD).stored.former_names == ()
        assert list(assert_balanced(client)) == ["octo:new@bbbbbb", "octo:old@aaaaaa"]
        assert documents(client, "repositories") == {}

    @pytest.mark.parametrize("made", [join, split])
    def test_leads_to_one_account(
        self, renamed: Ledger, made: Callable[[Ledger, str, str], object]
    ) -> None:
        track(renamed, "octo/third", "cccccc")
        with pytest.raises(LedgerError, match=r"leads to Octo/Old|Alias not found"):
            made(renamed, "octo/third", NEW)

    def test_is_not_the_first_one(self, renamed: Ledger) -> None:
        with pytest.raises(Conflict, match="first name"):
            join(renamed, NEW, OLD)

    def test_is_of_no_other_asset(self, renamed: Ledger) -> None:
        with pytest.raises(Conflict) as refusal:
            new_asset(renamed, NEW)
        assert renamed.find.asset(OLD).stored.id in refusal.value.detail


class TestTwoAccountsOfOneRepository:
    def test_are_one_when_one_is_emptied(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa")
        other = track(ledger, NEW, "aaaaaa").contribution
        with pytest.raises(Conflict, match="live contributions"):
            join(ledger, OLD, NEW)
        ledger.voids.void(other.id, voided_by="ops", reason="renamed")
        assert not join(ledger, OLD, NEW).replayed
        assert track(ledger, NEW, "aaaaaa").replayed
        assert track(ledger, NEW, "bbbbbb").contribution.repository == OLD
        assert ledger.find.contribution(f"{NEW}@aaaaaa").stored.voided is False
        # The id of the one that is gone leads to the other.
        assert ledger.find.asset(other.asset_id).stored.name == OLD
        assert_balanced(client)
        findings = Reconciler(ledger.connection).findings(repair=False, progress=lambda *_: None)
        assert list(findings) == []

    def test_are_so_for_instances_that_do_not_know(self, open_client: OpenClient) -> None:
        one, other = (ledger_of(open_client()) for _ in range(2))
        track(one, OLD, "aaaaaa")
        other_one = track(other, NEW, "aaaaaa").contribution
        one.voids.void(other_one.id, voided_by="ops", reason="renamed")
        join(one, OLD, NEW)
        # Under its very document the commit is voided.
        assert track(other, NEW, "aaaaaa").replayed
        assert not track(other, NEW, "bbbbbb").replayed
        assert_balanced(open_client())

    def test_of_which_one_has_further_names_stay(self, renamed: Ledger) -> None:
        kept = track(renamed, "octo/third", "cccccc").contribution
        renamed.voids.void(f"{OLD}@aaaaaa", voided_by="ops", reason=None)
        with pytest.raises(Conflict, match="take them away"):
            join(renamed, kept.asset_id, OLD)


class TestAtTheSameMoment:
    def test_a_join_and_reports_under_the_new_name_leave_one_account_or_two(
        self, ledger: Ledger, open_client: OpenClient
    ) -> None:
        track(ledger, OLD, "aaaaaa")
        instances = [ledger_of(open_client()) for _ in range(4)]
        calls: list[Callable[[], Recorded | Changed]] = [partial(join, ledger, OLD, NEW)]
        calls += [partial(track, instances[n % 4], NEW, f"{n:06x}") for n in range(15)]
        joined, *results = at_once(calls)
        assert all(isinstance(result, Recorded) and not result.replayed for result in results)
        client = open_client()
        assert len(assert_balanced(client)) == 16
        accounts = documents(client, "assets").keys()
        # A report that came before it is in the way of the join, and is not lost.
        if isinstance(joined, Conflict):
            assert accounts == {"octo:old", "octo:new"}
        else:
            assert accounts == {"octo:old"}

    def test_a_push_under_both_names_by_16_clients_counts_once(
        self, renamed: Ledger, open_client: OpenClient
    ) -> None:
        instances = [ledger_of(open_client()) for _ in range(4)]
        results = at_once(
            [partial(track, instances[n % 4], (OLD, NEW)[n // 4 % 2], "dddddd") for n in range(16)]
        )
        assert [r.replayed for r in results if isinstance(r, Recorded)].count(False) == 1
        assert len(results) == 16
        assert list(assert_balanced(open_client())) == ["octo:old@aaaaaa", "octo:old@dddddd"]

    def test_joins_crosswise_leave_one_of_both(
        self, ledger: Ledger, open_client: OpenClient
    ) -> None:
        for name in (OLD, NEW):
            ledger.voids.void(
                track(ledger, name, "aaaaaa").contribution.id, voided_by="ops", reason=None
            )
        one, other = (ledger_of(open_client()) for _ in range(2))
        results = at_once([lambda: join(one, OLD, NEW), lambda: join(other, NEW, OLD)])
        assert sum(isinstance(result, Changed) for result in results) == 1
        client = open_client()
        assert len(documents(client, "assets")) == len(documents(client, "repositories")) == 1


@pytest.mark.parametrize(
    ("fault", "replayed"),
    [(After(ServiceUnavailable("lost")), False), (Before(Aborted("busy")), True)],
    ids=["own doing, answer lost", "somebody else's doing, aborted"],
)
@pytest.mark.parametrize("change", [join, split])
def test_a_change_tells_its_own_doing_from_that_of_somebody_else(
    open_client: OpenClient,
    change: Callable[[Ledger, str, str], Changed],
    fault: After | Before,
    replayed: bool,
) -> None:
    other = ledger_of(open_client())
    track(other, OLD, "aaaaaa")
    if change is split:
        join(other, OLD, NEW)

    def somebody_else_comes(_: float) -> None:
        if isinstance(fault, Before):
            change(other, OLD, NEW)

    spy = Spy(open_client())
    ledger = ledger_of(spy.client, timing=Timing(sleep=somebody_else_comes))
    spy.fail("commit", fault)
    assert change(ledger, OLD, NEW).replayed is replayed


def test_a_voided_commit_of_a_name_that_leads_nowhere_stays_refused(ledger: Ledger) -> None:
    ledger.voids.void(track(ledger, OLD, "aaaaaa").contribution.id, voided_by="ops", reason=None)
    with pytest.raises(WasVoided):
        track(ledger, OLD, "aaaaaa")
