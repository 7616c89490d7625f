"""People with several addresses: one wherever they are read, and apart again without a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.contribution import StoredContribution
from shared.domain.contributor import Contributor
from shared.domain.errors import Conflict, NotFound
from shared.domain.identifiers import contributor_id
from shared.domain.sort import Sort
from shared.domain.timestamps import time_of
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import documents
from tests.contract.by_hand import import_id, new_contribution, new_contributor
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Spy

ADA, HOME, WORK, BEA = (f"{name}@example.com" for name in ("ada", "home", "work", "bea"))
OLD_ID = "0c4e0e1a-1111-4222-8333-444455556666"


def record(ledger: Ledger, commit_hash: str, author: str, **changes: Any) -> StoredContribution:
    one = report(commit_hash, contributor_email=author, **changes)
    return ledger.commits.record(one, recorded_by="ci").contribution


def join(ledger: Ledger, to: str, email: str) -> Contributor:
    return ledger.people.join(to, email, joined_by="ops", reason="told so").contributor


def split(ledger: Ledger, of: str, email: str) -> Contributor:
    return ledger.people.split(of, email).contributor


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Conflict) as refusal:
        call()
    assert "@" not in refusal.value.detail
    return refusal.value.code


def everything(client: Client) -> dict[str, Any]:
    """All accounts and contributions, as they are kept."""
    return {name: documents(client, name) for name in ("contributors", "assets", "contributions")}


@pytest.fixture
def three(ledger: Ledger) -> Ledger:
    """Ada with three addresses, not joined yet, and Bea."""
    record(ledger, "aaaaaa", ADA, cost_amount="1", contributor_name="Ada")
    record(ledger, "bbbbbb", HOME, cost_amount="2", contributor_name="A. Home")
    record(ledger, "cccccc", BEA, cost_amount="3", co_authors=[{"email": WORK}, {"email": HOME}])
    return ledger


class TestAJoin:
    def test_makes_one_person_with_the_name_of_the_first_and_the_sums_of_all(
        self, three: Ledger, client: Client
    ) -> None:
        before = documents(client, "contributors")
        joined = join(three, ADA, HOME)
        assert (joined.name, joined.email, joined.aliases) == ("Ada", ADA, (HOME,))
        assert (joined.contribution_count, joined.total_cost) == (3, 1_000_000 + 2_000_000 + 10**6)
        assert joined.last_contribution_at == time_of(before[HOME]["last_at_micros"])
        assert joined.created_at == before[ADA]["created_at"]
        assert join(three, ADA, WORK).aliases == (HOME, WORK)

    def test_is_one_document_that_says_whose_since_when_by_whom_and_why(
        self, three: Ledger, client: Client
    ) -> None:
        before = everything(client)
        join(three, ADA, HOME)
        alias = documents(client, "aliases")[HOME]
        assert isinstance(alias.pop("joined_at"), datetime)
        assert alias == {
            "id": contributor_id(HOME),
            "email": HOME,
            "contributor_id": contributor_id(ADA),
            "contributor_email": ADA,
            "joined_by": "ops",
            "reason": "told so",
        }
        assert everything(client) == before

    def test_is_counted_at_the_first_address(self, three: Ledger, client: Client) -> None:
        for number, email in enumerate((HOME, WORK), start=1):
            join(three, ADA, email)
            assert documents(client, "aliases")[ADA] == {"further": number}
        split(three, ADA, WORK)
        assert documents(client, "aliases")[ADA] == {"further": 1}

    def test_counts_those_of_a_ledger_that_has_not_counted_yet(
        self, three: Ledger, client: Client
    ) -> None:
        join(three, ADA, HOME)
        client.document(f"aliases/{ADA}").delete()
        assert refused(lambda: join(three, BEA, ADA)) == "has_aliases"
        join(three, ADA, WORK)
        assert documents(client, "aliases")[ADA] == {"further": 2}
        client.document(f"aliases/{ADA}").delete()
        for email in (HOME, WORK):
            split(three, ADA, email)
        assert documents(client, "aliases") == {}

    def test_a_second_time_changes_nothing(self, three: Ledger, client: Client) -> None:
        join(three, ADA, HOME)
        before = documents(client, "aliases")
        again = three.people.join(ADA, HOME, joined_by="x", reason=None)
        assert (again.replayed, again.contributor.aliases) == (True, (HOME,))
        assert documents(client, "aliases") == before

    def test_may_be_of_an_address_that_nobody_has_used_yet(self, three: Ledger) -> None:
        assert join(three, ADA, "new@example.com").contribution_count == 1
        record(three, "dddddd", "new@example.com", cost_amount="1")
        found = three.people.find("new@example.com")
        assert (found.email, found.contribution_count) == (ADA, 2)

    def test_to_an_address_that_leads_to_somebody_is_one_to_them(self, three: Ledger) -> None:
        join(three, ADA, HOME)
        assert join(three, HOME, WORK).aliases == (HOME, WORK)

    def test_to_nobody_is_refused(self, three: Ledger) -> None:
        for key in ("nobody@example.com", OLD_ID, "nobody"):
            with pytest.raises(NotFound):
                join(three, key, HOME)

    def test_is_refused_where_it_would_go_in_a_circle(self, three: Ledger) -> None:
        assert refused(lambda: join(three, ADA, ADA)) == "own_address"
        join(three, ADA, HOME)
        assert refused(lambda: join(three, HOME, ADA)) == "own_address"

    def test_is_refused_where_the_address_is_of_somebody_else_or_has_further_ones(
        self, three: Ledger
    ) -> None:
        join(three, ADA, HOME)
        assert refused(lambda: join(three, BEA, HOME)) == "joined_elsewhere"
        assert refused(lambda: join(three, BEA, ADA)) == "has_aliases"
        join(three, BEA, WORK)
        assert refused(lambda: join(three, ADA, BEA)) == "has_aliases"

    def test_is_refused_from_the_31st_address_on(self, three: Ledger) -> None:
        for number in range(29):
            join(three, ADA, f"{number}@example.com")
        assert refused(lambda: join(three, ADA, HOME)) == "too_many_aliases"
        [found] = three.lists.contributions(
            ContributionFilter(contributor_ids=three.people.ids(ADA)), limit=9
        ).items
        assert found.contributor_email == ADA

    def test_whose_answer_is_lost_is_made_once_and_is_new(self, three: Ledger, spy: Spy) -> None:
        spy.fail("commit", After(ServiceUnavailable("lost")))
        assert not three.people.join(ADA, HOME, joined_by="ops", reason=None).replayed
        spy.fail("commit", After(ServiceUnavailable("lost")))
        assert not three.people.split(ADA, HOME).replayed
        assert three.people.find(HOME).email == HOME


class TestASplit:
    def test_leaves_all_as_it_was_before_the_join(self, three: Ledger, client: Client) -> None:
        before = everything(client)
        shown = [three.lists.contributors(sort, limit=9) for sort in Sort]
        join(three, ADA, HOME)
        join(three, ADA, WORK)
        assert split(three, ADA, HOME).aliases == (WORK,)
        assert split(three, WORK, WORK).aliases == ()
        assert everything(client) == before
        assert documents(client, "aliases") == {}
        assert [three.lists.contributors(sort, limit=9) for sort in Sort] == shown

    def test_a_second_time_changes_nothing(self, three: Ledger) -> None:
        join(three, ADA, HOME)
        assert [three.people.split(ADA, HOME).replayed for _ in range(2)] == [False, True]

    def test_of_what_is_none_of_theirs_is_refused(self, three: Ledger) -> None:
        join(three, BEA, HOME)
        for email in (HOME, "nobody@example.com"):
            with pytest.raises(NotFound):
                split(three, ADA, email)


class TestEveryName:
    def test_leads_to_the_person(self, three: Ledger) -> None:
        import_id(three, f"contributors/{HOME}", OLD_ID)
        person = join(three, ADA, HOME)
        assert person.legacy_ids == (OLD_ID,)
        for key in (ADA, HOME, contributor_id(ADA), contributor_id(HOME), OLD_ID):
            assert three.people.find(key) == person
            assert three.people.ids(key) == (contributor_id(ADA), contributor_id(HOME))

    def test_finds_all_their_contributions_each_once(self, three: Ledger) -> None:
        join(three, WORK, HOME)
        chosen = ContributionFilter(contributor_ids=three.people.ids(HOME))
        page = three.lists.contributions(chosen, limit=1)
        seen = list(page.items)
        while page.next:
            page = three.lists.contributions(chosen, limit=1, after=page.next)
            seen += page.items
        # One is credited to two addresses of the same person.
        assert sorted(c.commit_hash or "" for c in seen) == ["bbbbbb", "cccccc"]

    def test_records_for_its_own_address(self, three: Ledger, client: Client) -> None:
        join(three, ADA, HOME)
        asset_id = three.find.asset("seeker71/Coherence-Network").stored.id
        made = new_contribution(three, contributor_id(HOME), asset_id).contribution
        assert made.contributor_email == HOME
        assert documents(client, "contributors")[HOME]["contribution_count"] == 3


class TestLists:
    @pytest.mark.parametrize("sort", list(Sort))
    @pytest.mark.parametrize("limit", [1, 2, 3, 4])
    def test_have_everybody_once_in_order(self, ledger: Ledger, sort: Sort, limit: int) -> None:
        for number in range(9):
            record(ledger, f"{number:06x}", f"{number}@example.com", cost_amount=f"{number % 4}")
        new_contributor(ledger, "none@example.com", name="None yet")
        for to, email in ((0, 5), (0, 7), (8, 1), (3, 2)):
            join(ledger, f"{to}@example.com", f"{email}@example.com")
        page = ledger.lists.contributors(sort, limit=limit)
        seen = [*page.items]
        while page.next:
            assert len(page.items) == limit
            page = ledger.lists.contributors(sort, limit=limit, after=page.next)
            seen += page.items
        names = ["none", *map(str, range(9))]
        found = (ledger.people.find(f"{name}@example.com") for name in names)
        expected = {person.id: person for person in found}
        assert len(expected) == 6
        assert seen == sorted(expected.values(), key=order(sort), reverse=sort is not Sort.NAME)

    @pytest.mark.parametrize("sort", [Sort.CREATED, Sort.NAME])
    def test_neither_skip_nor_repeat_who_stays_as_they_were_while_others_are_joined_and_split(
        self, ledger: Ledger, sort: Sort
    ) -> None:
        emails = [f"{number}@example.com" for number in range(12)]
        for number, email in enumerate(emails):
            record(ledger, f"{number:06x}", email)
        # Each is joined or split between two pages: some that were shown, some that are to come.
        steps = [(join, "0", "11"), (join, "6", "5"), (split, "0", "11"), (join, "10", "1")]
        moved = {"11@example.com", "5@example.com", "1@example.com"}
        page = ledger.lists.contributors(sort, limit=2)
        seen = [person.email for person in page.items]
        while page.next:
            if steps:
                act, to, email = steps.pop(0)
                act(ledger, f"{to}@example.com", f"{email}@example.com")
            page = ledger.lists.contributors(sort, limit=2, after=page.next)
            seen += [person.email for person in page.items]
        assert len(seen) == len(set(seen))
        assert {*emails} - moved <= {*seen}


def order(sort: Sort) -> Callable[[Contributor], tuple[bool, Any, str]]:
    field = {
        Sort.CREATED: "created_at",
        Sort.RECENT: "last_contribution_at",
        Sort.TOTAL_COST: "total_cost",
        Sort.CONTRIBUTIONS: "contribution_count",
        Sort.NAME: "name",
    }[sort]

    def key(person: Contributor) -> tuple[bool, Any, str]:
        value = getattr(person, field)
        return value is not None, value, person.id

    return key


class TestInstances:
    """What one changes, the others notice within a minute; itself it knows it at once."""

    def test_notice_within_a_minute(self, three: Ledger, open_client: OpenClient) -> None:
        now = [0.0]
        other = ledger_of(open_client(), timing=Timing(monotonic=lambda: now[0]))
        assert other.people.find(HOME).email == HOME
        join(three, ADA, HOME)
        assert three.people.find(HOME).email == ADA
        now[0] = 60.5
        assert other.people.find(HOME).email == ADA

    def test_use_the_sums_in_lists_for_15_seconds(
        self, three: Ledger, open_client: OpenClient
    ) -> None:
        now = [0.0]
        other = ledger_of(open_client(), timing=Timing(monotonic=lambda: now[0]))
        join(three, ADA, HOME)

        def listed() -> int:
            page = other.lists.contributors(Sort.TOTAL_COST, limit=9)
            return next(p.contribution_count for p in page.items if p.email == ADA)

        assert listed() == 3
        record(three, "dddddd", HOME)
        now[0] = 14
        assert listed() == 3
        now[0] = 16
        assert listed() == 4

    def test_read_the_aliases_once_for_all_threads_that_wait(
        self, three: Ledger, client: Client
    ) -> None:
        spy = Spy(client)
        other = ledger_of(client)
        at_once([other.aliases.joined for _ in range(16)])
        assert spy.methods == ["run_query"]


class TestAtOnce:
    def test_a_join_counts_one_that_comes_while_it_is_under_way(
        self, three: Ledger, spy: Spy, open_client: OpenClient
    ) -> None:
        join(three, ADA, HOME)
        others = [ledger_of(open_client())]

        def meanwhile(_: float) -> None:
            if spy.methods[-1] == "commit" and others:
                join(others.pop(), ADA, WORK)

        spy.on_call = meanwhile
        assert join(three, ADA, BEA).aliases == (HOME, WORK, BEA)
        assert documents(open_client(), "aliases")[ADA] == {"further": 3}

    def test_of_two_joins_crosswise_one_succeeds(self, open_client: OpenClient) -> None:
        instances = [ledger_of(open_client()) for _ in range(8)]
        for number, email in enumerate((ADA, HOME)):
            record(instances[0], f"{number:06x}", email)
        done = at_once(
            [
                lambda ledger=ledger, pair=pair: join(ledger, *pair)  # type: ignore[misc]
                for ledger, pair in zip(instances, [(ADA, HOME), (HOME, ADA)] * 4, strict=True)
            ]
        )
        refusals = [result for result in done if isinstance(result, Conflict)]
        assert [refusal.code for refusal in refusals] == ["own_address"] * 4
        assert sorted(map(len, documents(open_client(), "aliases").values())) == [1, 7]
        person = ledger_of(open_client()).people.find(ADA)
        assert {person.email, *person.aliases} == {ADA, HOME}

    def test_chains_and_circles_of_joins_leave_everybody_with_one_first_address(
        self, open_client: OpenClient
    ) -> None:
        emails = [f"{number}@example.com" for number in range(6)]
        instances = [ledger_of(open_client()) for _ in emails]
        for number, email in enumerate(emails):
            record(instances[0], f"{number:06x}", email)
        for ledger in instances:
            ledger.aliases.joined()
        pairs = zip(emails, emails[1:] + emails[:1], strict=True)
        at_once(
            [
                lambda ledger=ledger, pair=pair: join(ledger, *pair)  # type: ignore[misc]
                for ledger, pair in zip(instances, pairs, strict=True)
            ]
        )
        kept = documents(open_client(), "aliases")
        leads_to = Counter(alias.get("contributor_email") for alias in kept.values())
        # Nobody is both: so many lead to each first address as it counts.
        firsts = {name: first["further"] for name, first in kept.items() if "further" in first}
        assert leads_to == Counter(firsts) + Counter({None: len(firsts)})
        fresh = ledger_of(open_client())
        people = fresh.lists.contributors(Sort.NAME, limit=99).items
        assert sum(person.contribution_count for person in people) == len(emails)
        told = [email for person in people for email in (person.email, *person.aliases)]
        assert sorted(told) == emails
        for person in people:
            chosen = ContributionFilter(contributor_ids=fresh.people.ids(person.email))
            found = fresh.lists.contributions(chosen, limit=99).items
            assert len(found) == person.contribution_count

    def test_of_40_joins_to_one_person_29_succeed(self, open_client: OpenClient) -> None:
        patient = Timing(budget=120, rpc_timeout=60)
        instances = [ledger_of(open_client(), timing=patient) for _ in range(8)]
        emails = [f"{number:02}@example.com" for number in range(40)]
        for number, email in enumerate((ADA, *emails)):
            record(instances[0], f"{number:06x}", email)
        done = at_once(
            [
                lambda ledger=ledger, email=email: join(ledger, ADA, email)  # type: ignore[misc]
                for ledger, email in zip(instances * 5, emails, strict=True)
            ]
        )
        refusals = [result for result in done if isinstance(result, Exception)]
        assert [getattr(refusal, "code", refusal) for refusal in refusals] == [
            "too_many_aliases"
        ] * 11
        fresh = ledger_of(open_client())
        for sort in Sort:
            people = {p.email: p for p in fresh.lists.contributors(sort, limit=99).items}
            assert len(people) == 12
            assert people[ADA].contribution_count == 30
        assert {ADA, *people[ADA].aliases} == {ADA, *emails} - people.keys() | {ADA}
        chosen = ContributionFilter(contributor_ids=fresh.people.ids(ADA))
        assert len(fresh.lists.contributions(chosen, limit=99).items) == 30

    def test_more_addresses_than_a_query_takes_are_all_asked_for(
        self, ledger: Ledger, client: Client
    ) -> None:
        emails = [f"{number:02}@example.com" for number in range(40)]
        for number, email in enumerate(emails):
            record(
                ledger,
                f"{number:06x}",
                email,
                timestamp=datetime(2024, 1, 1, tzinfo=UTC).isoformat(),
            )
        for email in emails[1:20]:
            join(ledger, emails[0], email)
        for email in emails[21:]:
            join(ledger, emails[20], email)
        # As a hand in the console can leave it.
        link = documents(client, "aliases")[emails[1]]
        link |= {"id": contributor_id(emails[20]), "email": emails[20]}
        client.document(f"aliases/{emails[20]}").set(link)
        fresh = ledger_of(client)
        assert len(fresh.people.find(emails[39]).aliases) == 39
        chosen = ContributionFilter(contributor_ids=fresh.people.ids(emails[39]))
        page = fresh.lists.contributions(chosen, limit=7)
        seen = [*page.items]
        while page.next:
            page = fresh.lists.contributions(chosen, limit=7, after=page.next)
            seen += page.items
        in_order = fresh.lists.contributions(ContributionFilter(), limit=99).items
        assert seen == list(in_order)
        assert split(fresh, emails[0], emails[20]).contribution_count == 20
