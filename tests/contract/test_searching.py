"""Searches: what begins with some letters, each once, page by page."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from google.cloud.firestore import Client

from shared.domain import smoke_check
from shared.domain.repository import Repository
from shared.store.ledger import Ledger
from shared.store.listing import Cursor
from tests.contract.by_hand import new_asset
from tests.contract.reports import report
from tests.contract.spy import Spy

MOST_PAGES = 20


def track(ledger: Ledger, *names: str) -> None:
    for name in names:
        ledger.commits.record(report(repository=name), recorded_by="ci")


def join(ledger: Ledger, name: str, further: str) -> None:
    ledger.repositories.join(name, Repository.parse(further), by="ops", reason=None)


def found(ledger: Ledger, beginning: str, limit: int = 10) -> list[str | None]:
    """The names on all pages."""
    names: list[str | None] = []
    after: Cursor | None = None
    for _ in range(MOST_PAGES):
        page = ledger.search.repositories(beginning, limit=limit, after=after)
        assert len(page.items) <= limit
        names += [asset.name for asset in page.items]
        after = page.next
        if after is None:
            return names
    raise AssertionError("the pages go round in circles")


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
