"""Searches: what begins with some letters, each once, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pytest
from google.cloud.firestore import Client

from shared.domain import smoke_check
from shared.domain.fields import Stored
from shared.domain.repository import Repository
from shared.store.ledger import Ledger
from shared.store.listing import Cursor, Page
from tests.contract.by_hand import new_asset
from tests.contract.reports import report
from tests.contract.spy import Spy

_S = TypeVar("_S", bound=Stored)

MOST_PAGES = 20


def track(ledger: Ledger, *names: str) -> None:
    for name in names:
        ledger.commits.record(report(repository=name), recorded_by="ci")


def join(ledger: Ledger, name: str, further: str) -> None:
    ledger.repositories.join(name, Repository.parse(further), by="ops", reason=None)


def all_of(read: Callable[..., Page[_S]], beginning: str, limit: int) -> list[_S]:
    """What is on all pages."""
    items: list[_S] = []
    after: Cursor | None = None
    for _ in range(MOST_PAGES):
        page = read(beginning, limit=limit, after=after)
        assert len(page.items) <= limit
        items += page.items
        after = page.next
        if after is None:
            return items
    raise AssertionError("the pages go round in circles")


def found(ledger: Ledger, beginning: str, limit: int = 10) -> list[str | None]:
    return [asset.name for asset in all_of(ledger.search.repositories, beginning, limit)]


def by_name(ledger: Ledger, beginning: str, limit: int = 10) -> list[str | None]:
    return [person.name for person in all_of(ledger.search.people_by_name, beginning, limit)]


def by_email(ledger: Ledger, beginning: str, limit: int = 10) -> list[str]:
    return [person.email for person in all_of(ledger.search.people_by_email, beginning, limit)]


class TestRepositories:
    @pytest.mark.parametrize(
        ("beginning", "expected"),
        [
            ("oct", ["Octo/Hello", "octo/hello.world", "octo/Zebra", "octopus/ink"]),
            ("octo/", ["Octo/Hello", "octo/hello.world", "octo/Zebra"]),
            ("octo/h", ["Octo/Hello", "octo/hello.world"]),
            ("octo/hello", ["Octo/Hello", "octo/hello.world"]),
            ("octo/hello.", ["octo/hello.world"]),
            ("hello", []),
            ("z", ["zoo/a"]),
        ],
    )
    def test_are_found_by_the_beginning_of_their_names_in_any_spelling(
        self, ledger: Ledger, beginning: str, expected: Sequence[str]
    ) -> None:
        track(ledger, "octo/Zebra", "Octo/Hello", "octo/hello.world", "octopus/ink", "zoo/a")
        assert found(ledger, beginning) == expected
        assert found(ledger, beginning, limit=1) == expected

    @pytest.mark.parametrize("limit", [1, 2, 3, 10])
    def test_stand_once_under_the_first_of_their_names_that_begins_so(
        self, ledger: Ledger, limit: int
    ) -> None:
        track(ledger, "octo/b", "octo/d")
        for name, further in (
            ("octo/b", "octo/a"),
            ("octo/b", "octo/e"),
            ("octo/d", "elsewhere/x"),
        ):
            join(ledger, name, further)
        assert found(ledger, "octo/", limit) == ["octo/b", "octo/d"]
        assert found(ledger, "else", limit) == ["octo/d"]
        assert found(ledger, "octo/e", limit) == ["octo/b"]

    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_are_all_that_is_found(self, ledger: Ledger, client: Client, limit: int) -> None:
        for number in range(4):
            new_asset(ledger, name=f"Data {number}")
        names = [document.id for document in client.collection("assets").stream()]
        track(ledger, *(f"{name[0]}/x" for name in names), smoke_check.REPOSITORY)
        for name in names:
            assert found(ledger, name[0], limit) == [f"{name[0]}/x"]
        assert found(ledger, "ledger", limit) == []

    def test_cost_what_is_shown_and_one_more(self, ledger: Ledger, spy: Spy) -> None:
        track(ledger, *(f"octo/{number}" for number in range(5)), "other/a", "other/b")
        spy.forget()
        assert len(ledger.search.repositories("octo", limit=3).items) == 3
        assert [call.documents for call in spy.calls] == [4, 0]


@pytest.fixture
def people(ledger: Ledger) -> Ledger:
    """Six people and the smoke check's."""
    names = {
        "ada@example.com": "Ada Lovelace",
        "b@example.com": "ada the Second",
        "adam@example.com": "ADAM",
        "d@example.com": "Ada Lovelace",
        "e@example.com": "McDonald",
        "f@example.com": "Émile",
        smoke_check.EMAIL: "Adaptation",
    }
    for number, (email, name) in enumerate(names.items()):
        ledger.commits.record(
            report(f"{number:06x}", contributor_email=email, contributor_name=name),
            recorded_by="ci",
        )
    return ledger


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
class TestPeopleByName:
    @pytest.mark.parametrize(
        ("beginning", "expected"),
        [
            ("ada", ["ADAM", "Ada Lovelace", "Ada Lovelace", "ada the Second"]),
            ("A", ["ADAM", "Ada Lovelace", "Ada Lovelace", "ada the Second"]),
            ("aDA L", ["Ada Lovelace", "Ada Lovelace"]),
            ("mcdo", ["McDonald"]),
            ("éM", ["Émile"]),
            ("lovelace", []),
        ],
    )
    def test_are_found_in_any_spelling(
        self, people: Ledger, beginning: str, expected: Sequence[str], limit: int
    ) -> None:
        assert by_name(people, beginning, limit) == expected

    def test_are_one_by_the_name_that_is_shown_where_they_are_joined(
        self, people: Ledger, limit: int
    ) -> None:
        people.people.join("d@example.com", "adam@example.com", joined_by="ops", reason=None)
        people.people.join("e@example.com", "b@example.com", joined_by="ops", reason=None)
        assert by_name(people, "ada", limit) == ["Ada Lovelace"] * 2
        assert by_name(people, "mc", limit) == ["McDonald"]


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
class TestPeopleByAddress:
    @pytest.mark.parametrize(
        ("beginning", "expected"),
        [
            ("ada", ["ada@example.com", "adam@example.com"]),
            ("ada@", ["ada@example.com"]),
            ("adam@example.com", ["adam@example.com"]),
            ("example", []),
            ("smoke", []),
        ],
    )
    def test_are_found_by_its_beginning(
        self, people: Ledger, beginning: str, expected: Sequence[str], limit: int
    ) -> None:
        assert by_email(people, beginning, limit) == expected

    def test_are_found_by_each_of_their_addresses_and_stand_once(
        self, people: Ledger, limit: int
    ) -> None:
        for further in ("adam@example.com", "adb@example.com", "z@example.com"):
            people.people.join("d@example.com", further, joined_by="ops", reason=None)
        track(people, "octo/x")
        assert by_email(people, "ad", limit) == ["ada@example.com", "d@example.com"]
        assert by_email(people, "z", limit) == ["d@example.com"]
        assert by_email(people, "d", limit) == ["d@example.com"]


def test_a_search_for_people_reads_what_it_shows_and_one_more(people: Ledger, spy: Spy) -> None:
    people.people.together()
    spy.forget()
    assert len(people.search.people_by_name("ada", limit=2).items) == 2
    # One in capitals, and three as names are spelt, of whom one is nobody.
    assert sum(call.documents for call in spy.calls) == 4
    spy.forget()
    people.search.people_by_email("a", limit=1)
    assert [call.documents for call in spy.calls] == [2]
