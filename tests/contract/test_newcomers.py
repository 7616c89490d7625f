"""What is done for people beside recording: names that were guesses, types, accounts' numbers."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.contribution import StoredContribution
from shared.domain.contributor import ContributorChange, ContributorType
from shared.domain.errors import AuthorConflict
from shared.domain.fields import parse
from shared.store.deadline import Timing
from shared.store.ledger import Ledger
from tests.conftest import OpenClient
from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced, documents
from tests.contract.by_hand import new_contributor
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Spy

KIM = "kim@example.com"
OLD, NEW = (f"123+{login}@users.noreply.github.com" for login in ("old", "new"))


def record(ledger: Ledger, commit_hash: str, **fields: Any) -> StoredContribution:
    return ledger.commits.record(report(commit_hash, **fields), recorded_by="ci").contribution


def name_of(client: Client, email: str = KIM) -> object:
    return documents(client, "contributors")[email]["name"]


def change(ledger: Ledger, email: str, **fields: Any) -> None:
    ledger.registrar.change_contributor(email, parse(ContributorChange, fields))


def people(client: Client) -> dict[str, list[str]]:
    """Further addresses by the first one, of whoever has some."""
    joined = ledger_of(client).aliases.joined()
    return {person.head.email: sorted(a.email for a in person.others) for person in joined}


class TestNames:
    def test_a_report_fills_in_one_that_was_only_a_guess(
        self, ledger: Ledger, client: Client
    ) -> None:
        first, second = (
            {"contributor_email": KIM, "repository": "octo/n"},
            {"contributor_email": KIM, "contributor_name": "Kim Lee", "repository": "octo/n"},
        )
        record(ledger, "aaaaaa1", **first)
        assert name_of(client) == "kim"
        record(ledger, "aaaaaa2", **second)
        assert name_of(client) == "Kim Lee"
        record(ledger, "aaaaaa3", **second | {"contributor_name": "K."})
        assert name_of(client) == "Kim Lee"
        assert_balanced(client)

    def test_so_does_another_instance_and_one_of_a_co_author(
        self, ledger: Ledger, open_client: OpenClient, client: Client
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=KIM)
        other = ledger_of(open_client())
        record(other, "bbbbbb", co_authors=[{"email": KIM, "name": "Kim Lee"}])
        assert name_of(client) == "Kim Lee"

    def test_so_does_a_later_commit_of_the_batch_that_makes_the_account(
        self, ledger: Ledger, client: Client
    ) -> None:
        named = report("bbbbbb", contributor_email=KIM, contributor_name="Kim Lee")
        ledger.commits.record_all(
            named.repository, [report("aaaaaa", contributor_email=KIM), named], recorded_by="ci"
        )
        assert name_of(client) == "Kim Lee"

    def test_no_report_goes_above_an_operator(self, ledger: Ledger, client: Client) -> None:
        record(ledger, "aaaaaa", contributor_email=KIM)
        # What looks like a guess is none where somebody has chosen it.
        change(ledger, KIM, name="kim")
        new_contributor(ledger, "lee@example.com", name="lee")
        for number, email in enumerate((KIM, "lee@example.com")):
            record(ledger, f"{number:06x}", contributor_email=email, contributor_name="Kim Lee")
        assert (name_of(client), name_of(client, "lee@example.com")) == ("kim", "lee")

    def test_an_operator_of_the_same_moment_is_not_overwritten(
        self, ledger: Ledger, open_client: OpenClient, client: Client, spy: Spy
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=KIM)
        operator = ledger_of(open_client())
        calls = 0

        def between(_: float) -> None:
            nonlocal calls
            calls += spy.methods[-1] == "commit"
            # Between the look at the name and the write of it.
            if calls == 2:
                calls += 1
                change(operator, KIM, name="Kim the First")

        spy.on_call = between
        record(ledger, "bbbbbb", contributor_email=KIM, contributor_name="Kim Lee")
        assert calls > 2
        assert name_of(client) == "Kim the First"

    def test_a_name_is_looked_at_once_and_costs_nothing_from_then_on(
        self, ledger: Ledger, spy: Spy
    ) -> None:
        fields = {"contributor_email": KIM, "contributor_name": "Kim Lee"}
        record(ledger, "aaaaaa", contributor_email=KIM)
        spy.forget()
        record(ledger, "bbbbbb", **fields)
        assert spy.methods == ["commit", "batch_get_documents", "commit"]
        spy.forget()
        record(ledger, "cccccc", **fields)
        # Nor does one that says no more than the address.
        record(ledger, "dddddd", contributor_email="lee@example.com", contributor_name="lee")
        record(ledger, "eeeeee", contributor_email="lee@example.com", contributor_name="lee")
        assert spy.methods == ["commit", "batch_get_documents", "commit", "commit"]

    def test_whoever_is_new_with_a_name_needs_no_look(self, ledger: Ledger, spy: Spy) -> None:
        fields = {"contributor_email": KIM, "contributor_name": "Kim Lee"}
        record(ledger, "aaaaaa", **fields)
        record(ledger, "bbbbbb", **fields)
        assert spy.methods == ["batch_get_documents", "commit", "commit"]

    def test_what_is_recorded_does_not_depend_on_it(
        self, ledger: Ledger, spy: Spy, client: Client
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=KIM)
        spy.fail("batch_get_documents", *[Before(ServiceUnavailable("away"))] * 1000)
        record(ledger, "bbbbbb", contributor_email=KIM, contributor_name="Kim Lee")
        spy._faults.clear()
        assert name_of(client) == "kim"
        record(ledger, "cccccc", contributor_email=KIM, contributor_name="Kim Lee")
        assert name_of(client) == "Kim Lee"


class TestTypes:
    def test_a_corrected_one_is_used_everywhere_within_a_minute(
        self, ledger: Ledger, open_client: OpenClient, client: Client
    ) -> None:
        now = [0.0]
        other = ledger_of(open_client(), timing=Timing(monotonic=lambda: now[0], budget=9))
        both = {"co_authors": [{"email": KIM}], "cost_amount": "10"}
        for number, instance in enumerate((ledger, other)):
            record(instance, f"{number:06x}", **both)
        change(ledger, KIM, type="AGENT")
        # However busy it is meanwhile.
        for number in range(6):
            now[0] += 10.1
            shares = [c.share_amount for c in record(other, f"aaaaa{number}", **both).credits]
        assert shares == [10_000_000, 0]
        assert ledger.people.find(KIM).contributor_type is ContributorType.AGENT
        assert_balanced(client)


class TestNumbers:
    def test_a_new_address_of_a_known_account_is_joined_to_the_older_one(
        self, ledger: Ledger, client: Client
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=OLD)
        record(ledger, "bbbbbb", co_authors=[{"email": NEW}])
        alias = documents(client, "aliases")[NEW]
        assert (alias["contributor_email"], alias["joined_by"]) == (OLD, "ci")
        assert alias["reason"] == "the same number of one GitHub host"
        assert ledger.people.find(NEW).contribution_count == 2
        newest = "123+newest@users.noreply.github.com"
        record(ledger, "cccccc", contributor_email=newest)
        assert people(client) == {OLD: sorted([NEW, newest])}

    def test_two_of_one_batch_are_joined(self, ledger: Ledger, client: Client) -> None:
        commits = [report(h, contributor_email=e) for h, e in (("aaaaaa", OLD), ("bbbbbb", NEW))]
        ledger.commits.record_all(commits[0].repository, commits, recorded_by="ci")
        assert len(people(client)) == 1

    def test_two_that_come_first_at_the_same_moment_are_joined(
        self, open_client: OpenClient
    ) -> None:
        emails = [f"123+{login}@users.noreply.github.com" for login in "abcd"]
        instances = [ledger_of(open_client()) for _ in emails]
        at_once(
            [
                lambda ledger=ledger, n=n, email=email: record(  # type: ignore[misc]
                    ledger, f"{n:06x}", contributor_email=email
                )
                for n, (ledger, email) in enumerate(zip(instances, emails, strict=True))
            ]
        )
        [(head, others)] = people(open_client()).items()
        assert sorted([head, *others]) == emails
        assert_balanced(open_client())

    @pytest.mark.parametrize(
        "email",
        [
            "124+new@users.noreply.github.com",
            "1234+new@users.noreply.github.com",
            "123+new@users.noreply.ghe.example.com",
            "123+old[bot]@users.noreply.github.com",
            "old@users.noreply.github.com",
            "123+old@example.com",
            "123+old@users.noreply.github.com.example.com",
        ],
    )
    def test_nothing_else_is_joined(self, ledger: Ledger, client: Client, email: str) -> None:
        for number, address in enumerate((OLD, email)):
            record(ledger, f"{number:06x}", contributor_email=address, contributor_name="Same")
        assert people(client) == {}

    def test_two_bots_with_one_number_are_joined(self, ledger: Ledger, client: Client) -> None:
        emails = [f"49699333+{n}[bot]@users.noreply.github.com" for n in ("dependabot", "renamed")]
        for number, email in enumerate(emails):
            record(ledger, f"{number:06x}", contributor_email=email)
        assert people(client) == {emails[0]: [emails[1]]}

    def test_those_that_were_split_stay_apart(self, ledger: Ledger, client: Client) -> None:
        for number, email in enumerate((OLD, NEW)):
            record(ledger, f"{number:06x}", contributor_email=email)
        ledger.people.split(OLD, NEW)
        for instance in (ledger, ledger_of(client)):
            record(instance, f"{id(instance):x}"[-12:], contributor_email=NEW)
        assert people(client) == {}

    def test_they_are_joined_although_the_answer_that_one_is_recorded_is_lost(
        self, ledger: Ledger, client: Client, spy: Spy
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=OLD)
        spy.fail("commit", None, After(ServiceUnavailable("lost")))
        record(ledger, "bbbbbb", contributor_email=NEW)
        assert people(client) == {OLD: [NEW]}

    def test_it_costs_nothing_once_they_are_known(self, ledger: Ledger, spy: Spy) -> None:
        record(ledger, "aaaaaa", contributor_email=OLD)
        record(ledger, "bbbbbb", contributor_email=NEW)
        spy.forget()
        record(ledger, "cccccc", contributor_email=NEW)
        assert spy.methods == ["commit"]

    def test_a_report_that_is_refused_joins_nobody(self, ledger: Ledger, client: Client) -> None:
        record(ledger, "aaaaaa", contributor_email=OLD)
        with pytest.raises(AuthorConflict):
            record(ledger, "aaaaaa", contributor_email="124+x@users.noreply.github.com")
        record(ledger, "bbbbbb", contributor_email=KIM)
        with pytest.raises(AuthorConflict):
            record(ledger, "bbbbbb", contributor_email=NEW)
        assert people(client) == {}


class TestReplays:
    def test_by_another_address_of_the_author_are_replays(
        self, ledger: Ledger, client: Client
    ) -> None:
        for number, email in enumerate((KIM, "lee@example.com", "home@example.com")):
            record(ledger, f"{number:06x}", contributor_email=email)
        for email in ("lee@example.com", "home@example.com"):
            with pytest.raises(AuthorConflict):
                record(ledger, "000000", contributor_email=email)
        for email in ("home@example.com", "new@example.com"):
            ledger.people.join(KIM, email, joined_by="ops", reason=None)
            again = ledger.commits.record(report("000000", contributor_email=email), recorded_by="")
            assert (again.replayed, again.differs) == (True, ("contributor_email",))
            assert again.contribution.contributor_email == KIM
        ledger.people.split(KIM, "home@example.com")
        with pytest.raises(AuthorConflict):
            record(ledger, "000000", contributor_email="home@example.com")
        assert_balanced(client)

    def test_ask_who_is_one_person_only_where_the_addresses_differ(
        self, ledger: Ledger, spy: Spy
    ) -> None:
        record(ledger, "aaaaaa", contributor_email=KIM)
        spy.forget()
        record(ledger, "aaaaaa", contributor_email=KIM)
        assert "run_query" not in spy.methods
        with pytest.raises(AuthorConflict):
            record(ledger, "aaaaaa", contributor_email="lee@example.com")
        assert spy.methods.count("run_query") == 1
