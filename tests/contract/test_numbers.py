"""Repositories by GitHub's number: renamed, transferred, taken over, claimed by strangers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.asset import AssetChange
from shared.domain.fields import parse
from shared.domain.number import Claim
from shared.domain.place import Place
from shared.store.ledger import Ledger
from shared.store.places import Places
from shared.store.reconciling import Reconciler
from shared.store.recording import Recorded
from shared.store.registration import Registration
from tests.benchmarks.billing import Bill, Cost
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Spy
from tests.contract.test_repositories import join, split

OLD, NEW, OTHER = "Octo/Old", "octo/new", "acme/site"


def of_key(number: int = 7, *repositories: str) -> Claim:
    """What the holder of a key says; without patterns it is for every repository."""
    return Claim(number, "ci", repositories)


def of_token(number: int = 7) -> Claim:
    """What GitHub says."""
    return Claim(number, "oidc:octo/new", proven=True)


KEY, TOKEN = of_key(), of_token()
OF_OCTO, OF_EVIL = of_key(7, "octo/*"), of_key(7, "evil/*")


def track(
    ledger: Ledger, name: str, commit_hash: str, claim: Claim | None = KEY, **changes: Any
) -> Recorded:
    one = report(commit_hash, repository=name, **changes)
    return ledger.commits.record(one, recorded_by="ci", claim=claim)


def assets(client: Client) -> dict[str, tuple[str, list[str], int | None]]:
    """Shown name, other names and number of each asset, by document id."""
    return {
        document_id: (asset["name"], asset.get("former_names", []), asset["github_id"])
        for document_id, asset in documents(client, "assets").items()
    }


def assert_reconciled(ledger: Ledger) -> None:
    findings = Reconciler(ledger.connection).findings(repair=False, progress=lambda *_: None)
    assert list(findings) == []


def fresh(ledger: Ledger) -> Ledger:
    """Another instance, which knows nothing yet."""
    return ledger_of(ledger.connection.client)


class TestARename:
    @pytest.mark.parametrize("claims", [(KEY, KEY), (OF_OCTO, OF_OCTO), (KEY, TOKEN), (TOKEN, KEY)])
    def test_is_followed(self, ledger: Ledger, client: Client, claims: tuple[Claim, Claim]) -> None:
        track(ledger, OLD, "aaaaaa", claims[0])
        renamed = track(ledger, NEW, "bbbbbb", claims[1]).contribution
        assert renamed.repository == NEW
        assert assets(client) == {"octo:old": (NEW, [OLD], 7)}
        assert list(assert_balanced(client)) == ["octo:old@aaaaaa", "octo:old@bbbbbb"]
        assert_reconciled(ledger)
        # Under whichever name, with the number or without it, and by whichever instance.
        for instance in (ledger, fresh(ledger)):
            for name in (OLD, NEW):
                for claim in (None, *claims):
                    assert track(instance, name, "aaaaaa", claim).replayed
                    assert track(instance, name, "bbbbbb", claim).replayed
        assert ledger.find.asset(NEW).stored == ledger.find.asset(OLD).stored

    def test_is_a_transfer_too(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", TOKEN)
        assert track(ledger, OTHER, "aaaaaa", TOKEN).replayed
        assert assets(client) == {"octo:old": (OTHER, [OLD], 7)}

    def test_is_known_by_a_replay_alone(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa")
        assert track(ledger, NEW, "aaaaaa").replayed
        assert assets(client) == {"octo:old": (NEW, [OLD], 7)}

    def test_of_a_name_that_was_renamed_before(self, ledger: Ledger, client: Client) -> None:
        for name, commit_hash in ((OLD, "aaaaaa"), (NEW, "bbbbbb"), ("octo/newest", "cccccc")):
            track(ledger, name, commit_hash)
        assert assets(client) == {"octo:old": ("octo/newest", [OLD, NEW], 7)}
        assert_balanced(client)

    def test_is_not_taken_back_by_a_late_delivery(self, ledger: Ledger, client: Client) -> None:
        for name, commit_hash in ((OLD, "aaaaaa"), (NEW, "bbbbbb"), (OLD, "cccccc")):
            track(fresh(ledger), name, commit_hash)
        assert assets(client) == {"octo:old": (NEW, [OLD], 7)}
        assert len(assert_balanced(client)) == 3

    def test_is_taken_back_by_an_operator(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa")
        track(ledger, NEW, "bbbbbb")
        ledger.registrar.change_asset(NEW, parse(AssetChange, {"name": OLD}))
        track(fresh(ledger), NEW, "cccccc")
        assert assets(client) == {"octo:old": (OLD, [NEW], 7)}

    def test_of_what_was_recorded_without_a_number(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", None)
        track(ledger, OLD, "bbbbbb")
        track(ledger, NEW, "cccccc")
        assert assets(client) == {"octo:old": (NEW, [OLD], 7)}
        assert len(assert_balanced(client)) == 3

    def test_is_counted_by_ids_and_voided_there(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa")
        kept = track(ledger, NEW, "bbbbbb").contribution
        ledger.voids.void(f"{NEW}@bbbbbb", voided_by="ops", reason=None)
        ledger.voids.void(f"{NEW}@aaaaaa", voided_by="ops", reason=None)
        assert ledger.find.asset(kept.asset_id).stored.contribution_count == 0
        assert_balanced(client)

    def test_in_a_large_batch(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa")
        commits = [report(f"{n:06x}", repository=NEW) for n in range(100)]
        done = ledger.commits.record_all(
            commits[0].repository, commits, recorded_by="ci", claim=KEY
        )
        assert all(isinstance(one, Recorded) and not one.replayed for one in done)
        assert assets(client) == {"octo:old": (NEW, [OLD], 7)}
        assert len(assert_balanced(client)) == 101


class TestANameThatAnotherRepositoryTookOver:
    @pytest.mark.parametrize("who", [of_key, of_token])
    def test_is_another_asset(
        self, ledger: Ledger, client: Client, who: Callable[[int], Claim]
    ) -> None:
        track(ledger, OLD, "aaaaaa", who(7))
        track(ledger, NEW, "bbbbbb", who(7))
        other = track(ledger, OLD, "aaaaaa", who(8))
        assert not other.replayed
        for instance in (ledger, fresh(ledger)):
            assert track(instance, OLD, "aaaaaa", who(8)).replayed
            assert track(instance, OLD, "aaaaaa", who(7)).replayed
            assert track(instance, OLD, "bbbbbb", who(7)).replayed
        assert assets(client) == {
            "octo:old": (NEW, [OLD], 7),
            "octo:old~8": (OLD, [], 8),
        }
        assert list(assert_balanced(client)) == [
            "octo:old@aaaaaa",
            "octo:old@bbbbbb",
            "octo:old~8@aaaaaa",
        ]
        assert_reconciled(ledger)

    def test_is_so_before_the_rename_was_seen(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", of_key(7))
        track(ledger, OLD, "aaaaaa", of_key(8))
        track(ledger, NEW, "bbbbbb", of_key(7))
        assert assets(client) == {"octo:old": (NEW, [OLD], 7), "octo:old~8": (OLD, [], 8)}
        assert len(assert_balanced(client)) == 3

    def test_leaves_that_one_to_be_renamed_on(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", of_key(7))
        track(ledger, OLD, "aaaaaa", of_key(8))
        track(ledger, OTHER, "bbbbbb", of_key(8))
        track(ledger, OTHER, "cccccc", None)
        assert assets(client) == {"octo:old": (OLD, [], 7), "octo:old~8": (OTHER, [OLD], 8)}
        assert ledger.find.asset(OTHER).stored == ledger.find.asset(f"{OLD}~8").stored
        assert ledger.find.contribution(f"{OTHER}@aaaaaa").stored.asset_id == (
            ledger.find.asset(OTHER).stored.id
        )
        assert len(assert_balanced(client)) == 4

    def test_by_one_that_had_another_name(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OTHER, "aaaaaa", of_key(8))
        track(ledger, OLD, "bbbbbb", of_key(7))
        track(ledger, OLD, "cccccc", of_key(8))
        assert assets(client) == {"acme:site": (OTHER, [], 8), "octo:old": (OLD, [], 7)}
        assert list(assert_balanced(client)) == [
            "acme:site@aaaaaa",
            "acme:site@cccccc",
            "octo:old@bbbbbb",
        ]

    def test_is_found_once_by_its_beginning(self, ledger: Ledger) -> None:
        for name, number in ((OLD, 7), (OLD, 8), (NEW, 7), (OTHER, 8), (OTHER, 9)):
            track(ledger, name, "aaaaaa", of_key(number))
        for beginning, names in (("octo/", [NEW, OTHER]), ("acme", [OTHER, OTHER])):
            found = ledger.search.repositories(beginning, limit=9).items
            assert [one.name for one in found] == names
        assert [one.github_id for one in found] == [8, 9]

    def test_is_voided_and_opened_anew_by_its_number(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", of_key(7))
        track(ledger, OLD, "bbbbbb", of_key(8))
        client.document("assets/octo:old~8").delete()
        ledger.voids.void(f"{OLD}~8@bbbbbb", voided_by="ops", reason=None)
        assert assets(client)["octo:old~8"] == (OLD, [], 8)
        assert_balanced(client)


class TestAStranger:
    """Somebody with a key for evil/* says the number of another repository."""

    @pytest.mark.parametrize("claim", [KEY, OF_OCTO, TOKEN], ids=["any", "octo", "token"])
    @pytest.mark.parametrize("order", list(permutations(range(3))))
    def test_changes_nothing_first_or_last(
        self, ledger: Ledger, client: Client, claim: Claim, order: tuple[int, ...]
    ) -> None:
        calls = [
            lambda: track(ledger, "evil/x", "aaaaaa", OF_EVIL),
            lambda: track(ledger, OLD, "aaaaaa", claim),
            lambda: track(ledger, "evil/y", "aaaaaa", OF_EVIL),
        ]
        assert not calls[order[0]]().replayed
        for number in order[1:]:
            calls[number]()
        track(ledger, NEW, "bbbbbb", claim)
        octo = {name: kept for name, kept in assets(client).items() if "evil" not in name}
        assert octo == {"octo:old": (NEW, [OLD], 7)}
        recorded = assert_balanced(client)
        assert sorted(name for name in recorded if "octo" in name) == [
            "octo:old@aaaaaa",
            "octo:old@bbbbbb",
        ]
        assert_reconciled(ledger)

    @pytest.mark.parametrize("claim", [KEY, OF_OCTO, TOKEN], ids=["any", "octo", "token"])
    def test_changes_nothing_at_the_same_moment(
        self, open_client: OpenClient, claim: Claim
    ) -> None:
        instances = [ledger_of(open_client()) for _ in range(4)]
        calls = [
            partial(
                track,
                instances[n % 4],
                *((OLD, "aaaaaa", claim), ("evil/x", f"{n:06x}", OF_EVIL))[n % 2],
            )
            for n in range(12)
        ]
        results = at_once(calls)
        assert all(isinstance(result, Recorded) for result in results)
        client = open_client()
        track(ledger_of(client), NEW, "bbbbbb", claim)
        octo = {name: kept for name, kept in assets(client).items() if "evil" not in name}
        assert octo == {"octo:old": (NEW, [OLD], 7)}
        recorded = assert_balanced(client)
        assert sorted(name for name in recorded if "octo" in name) == [
            "octo:old@aaaaaa",
            "octo:old@bbbbbb",
        ]

    def test_loses_the_number_when_a_token_says_otherwise(
        self, ledger: Ledger, client: Client
    ) -> None:
        track(ledger, "evil/x", "aaaaaa", OF_EVIL)
        track(ledger, OLD, "aaaaaa", TOKEN)
        assert assets(client) == {"evil:x": ("evil/x", [], None), "octo:old": (OLD, [], 7)}
        track(fresh(ledger), "evil/x", "bbbbbb", OF_EVIL)
        assert assets(client)["evil:x"] == ("evil/x", [], None)
        assert len(assert_balanced(client)) == 3

    def test_does_not_get_a_repository_that_has_left_the_key_behind(
        self, ledger: Ledger, client: Client
    ) -> None:
        track(ledger, OLD, "aaaaaa", OF_OCTO)
        track(ledger, OLD, "aaaaaa", TOKEN)
        track(ledger, OTHER, "bbbbbb", TOKEN)
        track(ledger, "octo/third", "cccccc", OF_OCTO)
        assert assets(client) == {
            "octo:old": (OTHER, [OLD], 7),
            "octo:third": ("octo/third", [], None),
        }

    def test_with_two_owners_in_the_key_speaks_for_both(
        self, ledger: Ledger, client: Client
    ) -> None:
        track(ledger, OLD, "aaaaaa", of_key(7, "octo/*", "acme/*"))
        track(ledger, OTHER, "bbbbbb", of_key(7, "octo/*", "acme/*"))
        assert assets(client) == {"octo:old": (OTHER, [OLD], 7)}


class TestAToken:
    def test_sets_a_number_right_that_a_key_said(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", of_key(5))
        track(ledger, OLD, "bbbbbb", TOKEN)
        assert assets(client) == {"octo:old": (OLD, [], 7)}
        # Which is then another repository's.
        track(ledger, NEW, "cccccc", of_key(5))
        assert assets(client) == {"octo:old": (OLD, [], 7), "octo:new": (NEW, [], 5)}
        assert len(assert_balanced(client)) == 3

    def test_is_not_overruled_by_a_key(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", TOKEN)
        track(ledger, OLD, "bbbbbb", of_key(5))
        assert assets(client)["octo:old"] == (OLD, [], 7)
        assert track(ledger, OLD, "bbbbbb", of_key(5)).replayed


class TestTwoAccountsOfOneNumber:
    def test_stay_apart_and_tracking_names_them(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", None)
        track(ledger, NEW, "aaaaaa", KEY)
        assert not track(ledger, OLD, "bbbbbb", KEY).replayed
        assert assets(client) == {"octo:old": (OLD, [], None), "octo:new": (NEW, [], 7)}
        rejection = documents(client, "tracking")["latest_rejection"]
        assert rejection["code"] == "two_accounts"
        assert rejection["reason"] == (
            "Octo/Old and octo/new are one repository, number 7: empty one of them"
        )
        assert len(assert_balanced(client)) == 3

    def test_are_one_when_one_is_emptied(self, ledger: Ledger, client: Client) -> None:
        track(ledger, OLD, "aaaaaa", None)
        emptied = track(ledger, NEW, "aaaaaa", KEY).contribution
        ledger.voids.void(emptied.id, voided_by="ops", reason=None)
        join(ledger, OLD, NEW)
        assert track(fresh(ledger), NEW, "bbbbbb", KEY).contribution.repository == OLD
        assert assets(client) == {"octo:old": (OLD, [NEW], 7)}
        assert_balanced(client)

    def test_are_so_where_the_emptied_one_has_a_number_in_its_key(
        self, ledger: Ledger, client: Client
    ) -> None:
        track(ledger, OLD, "aaaaaa", of_key(7))
        track(ledger, OLD, "bbbbbb", of_key(8))
        join(ledger, f"{OLD}~8", OTHER)
        track(ledger, OTHER, "cccccc", None)
        split(ledger, f"{OLD}~8", OTHER)
        assert assets(client)["octo:old~8"] == (OLD, [], 8)
        assert len(assert_balanced(client)) == 3


class TestAtTheSameMoment:
    @pytest.mark.parametrize("claim", [KEY, TOKEN], ids=["key", "token"])
    def test_first_reports_under_two_names_are_one_asset(
        self, open_client: OpenClient, claim: Claim
    ) -> None:
        instances = [ledger_of(open_client()) for _ in range(4)]
        results = at_once(
            [
                partial(track, instances[n % 4], (OLD, NEW)[n // 4 % 2], f"{n:06x}", claim)
                for n in range(8)
            ]
        )
        assert all(isinstance(result, Recorded) and not result.replayed for result in results)
        client = open_client()
        assert len(assert_balanced(client)) == 8
        [(document_id, (shown, former, number))] = assets(client).items()
        # Whichever came first is its key, and the other one is shown.
        assert (document_id, shown, former, number) in [
            ("octo:old", NEW, [OLD], 7),
            ("octo:new", OLD, [NEW], 7),
        ]

    def test_a_push_under_both_names_by_16_clients_counts_once(
        self, ledger: Ledger, open_client: OpenClient
    ) -> None:
        track(ledger, OLD, "aaaaaa")
        instances = [ledger_of(open_client()) for _ in range(4)]
        results = at_once(
            [partial(track, instances[n % 4], (OLD, NEW)[n // 4 % 2], "dddddd") for n in range(16)]
        )
        assert [r.replayed for r in results if isinstance(r, Recorded)].count(False) == 1
        assert len(results) == 16
        client = open_client()
        assert assets(client) == {"octo:old": (NEW, [OLD], 7)}
        assert list(assert_balanced(client)) == ["octo:old@aaaaaa", "octo:old@dddddd"]

    def test_two_renames_are_both_known(self, ledger: Ledger, open_client: OpenClient) -> None:
        track(ledger, OLD, "aaaaaa")
        names = ("octo/b", "octo/c", "octo/d")
        at_once(
            [
                partial(track, ledger_of(open_client()), name, f"{n:06x}")
                for n, name in enumerate(names)
            ]
        )
        client = open_client()
        [(shown, former, _)] = assets(client).values()
        assert sorted([shown, *former]) == [OLD, *names]
        assert len(assert_balanced(client)) == 4

    def test_two_repositories_take_over_one_name(self, open_client: OpenClient) -> None:
        results = at_once(
            [
                partial(track, ledger_of(open_client()), OLD, f"{n:06x}", of_key(7 + n % 2))
                for n in range(6)
            ]
        )
        assert all(isinstance(result, Recorded) for result in results)
        client = open_client()
        numbers = {number for *_, number in assets(client).values()}
        assert (numbers, len(assets(client))) == ({7, 8}, 2)
        assert len(assert_balanced(client)) == 6

    def test_a_rename_and_a_report_without_a_number_leave_one_account_or_two(
        self, ledger: Ledger, open_client: OpenClient
    ) -> None:
        track(ledger, OLD, "aaaaaa")
        calls = [
            partial(track, ledger_of(open_client()), NEW, f"{n:06x}", (KEY, None)[n % 2])
            for n in range(8)
        ]
        assert all(isinstance(result, Recorded) for result in at_once(calls))
        client = open_client()
        assert len(assert_balanced(client)) == 9
        # A report that came before the rename has made an account of that name.
        assert assets(client).keys() in ({"octo:old"}, {"octo:old", "octo:new"})


class Overtaken(Places):
    """Somebody else reports between a look and what is written of it."""

    def __init__(self, ledger: Ledger, meanwhile: Callable[[], object]) -> None:
        super().__init__(ledger.connection, lambda _: None)
        self.meanwhile = iter([meanwhile])

    def find(self, *looked_for: Any) -> tuple[Place, Registration | None]:
        found = super().find(*looked_for)
        for report_it in self.meanwhile:
            report_it()
        return found


# What is reported, in order: the last one just before the first of them is written.
OVERTAKEN: list[tuple[list[tuple[str, Claim | None]], tuple[str, Claim | None], dict[str, Any]]] = [
    # Somebody makes an account of the name that was to lead elsewhere.
    (
        [(OLD, KEY), (NEW, KEY)],
        (NEW, None),
        {"octo:old": (OLD, [], 7), "octo:new": (NEW, [], None)},
    ),
    # It is renamed otherwise.
    ([(OLD, KEY), (NEW, KEY)], ("octo/b", KEY), {"octo:old": (NEW, [OLD, "octo/b"], 7)}),
    # It is filled in, for another one.
    (
        [(OLD, None), (OLD, KEY)],
        (NEW, KEY),
        {"octo:old": (OLD, [], None), "octo:new": (NEW, [], 7)},
    ),
    # Another number is filled in.
    (
        [(OLD, None), (OLD, KEY)],
        (OLD, of_key(8)),
        {"octo:old": (OLD, [], 8), "octo:old~7": (OLD, [], 7)},
    ),
    # The account is made, without a number and with another one.
    ([(OLD, KEY)], (OLD, None), {"octo:old": (OLD, [], 7)}),
    ([(OLD, KEY)], (OLD, of_key(8)), {"octo:old": (OLD, [], 8), "octo:old~7": (OLD, [], 7)}),
    # A stranger says the number.
    (
        [(OLD, OF_OCTO), (OLD, KEY)],
        ("evil/x", OF_EVIL),
        {"octo:old": (OLD, [], 7), "evil:x": ("evil/x", [], 7)},
    ),
]


@pytest.mark.parametrize(("told", "meanwhile", "there"), OVERTAKEN)
def test_what_was_looked_up_must_still_stand(
    ledger: Ledger,
    client: Client,
    told: list[tuple[str, Claim | None]],
    meanwhile: tuple[str, Claim | None],
    there: dict[str, Any],
) -> None:
    *before, (name, claim) = told
    for number, (earlier, its_claim) in enumerate(before):
        track(ledger, earlier, f"{number:06x}", its_claim)
    other = fresh(ledger)
    places = Overtaken(ledger, lambda: track(other, meanwhile[0], "aaaaaa", meanwhile[1]))
    commits = replace(fresh(ledger).commits, places=lambda: places)
    one = report("bbbbbb", repository=name)
    assert not commits.record(one, recorded_by="ci", claim=claim).replayed
    assert assets(client) == there
    assert len(assert_balanced(client)) == len(before) + 2
    claims = [
        (document["number"], claim["leads_to"])
        for name, document in documents(client, "repositories").items()
        if name.startswith("number@")
        for claim in document["claims"]
    ]
    keys = {name.replace(":", "/"): number for name, (_, _, number) in there.items() if number}
    assert sorted(claims) == sorted((number, key) for key, number in keys.items())


def test_an_answer_that_is_lost_is_told_from_a_replay(open_client: OpenClient) -> None:
    spy = Spy(open_client())
    ledger = ledger_of(spy.client)
    for name, commit_hash in ((OLD, "aaaaaa"), (NEW, "bbbbbb")):
        spy.fail("commit", After(ServiceUnavailable("lost")))
        assert not track(ledger, name, commit_hash).replayed
    assert assets(open_client()) == {"octo:old": (NEW, [OLD], 7)}
    assert_balanced(open_client())


class TestWhatItCosts:
    def test_is_one_look_a_minute_and_then_nothing(self, ledger: Ledger, spy: Spy) -> None:
        track(ledger, OLD, "aaaaaa")
        # The look, and the name, the account and the number that it reads.
        first = Bill(spy).of(lambda: track(ledger, OLD, "bbbbbb"))
        assert first == Cost(reads=3, writes=4, rpcs=2)
        then = Bill(spy).of(lambda: track(ledger, OLD, "cccccc"))
        assert then == Cost(reads=0, writes=4, rpcs=1)

    def test_is_a_second_look_with_the_account_where_the_name_is_a_further_one(
        self, ledger: Ledger, spy: Spy
    ) -> None:
        track(ledger, OLD, "aaaaaa")
        track(ledger, NEW, "bbbbbb")
        first = Bill(spy).of(lambda: track(ledger, NEW, "cccccc"))
        assert first == Cost(reads=3 + 4, writes=4, rpcs=3)
        then = Bill(spy).of(lambda: track(ledger, NEW, "dddddd"))
        assert then == Cost(reads=0, writes=4, rpcs=1)
