"""Every name of a contributor, an asset and a contribution leads to it; no other text does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.errors import NotFound
from shared.store.ledger import Ledger
from tests.contract.by_hand import import_id, new_asset
from tests.contract.reports import report
from tests.contract.spy import Spy

LEGACY = "AAAAAAAA-2222-3333-4444-555555555555"
UNKNOWN = "00000000-0000-0000-0000-000000000000"

# What may stand in a path and is the name of nothing.
MALFORMED = [
    "",
    " ",
    ".",
    "..",
    "../..",
    "%2e%2e",
    "__x__",
    "__x__@example.com/y",
    "/",
    "//",
    "a/b/c",
    "a//b",
    "owner/..",
    "owner/.",
    "./repo",
    "-owner/repo",
    "öwner/repo",
    "owner/repo@",
    "owner/repo@abc12",
    "owner/repo@abc12g",
    "owner/repo@abc123@abc123",
    "@abc123",
    "@",
    "a@",
    "@b",
    "a@b@c",
    "a b@example.com",
    "a\x00b@example.com",
    "owner/re\x00po",
    "owner/repo@abc123\x00",
    "a\udc80b@example.com",
    "owner/re\udc80po",
    "\ufffd@\ufffd/\ufffd",
    "x" * 1500,
    "x" * 750 + "/" + "y" * 750,
    "owner/repo@" + "a" * 1500,
    "é" * 200 + "@" + "é" * 200,
    UNKNOWN,
    UNKNOWN.replace("-", ""),
    "{" + UNKNOWN + "}",
]


@pytest.fixture
def ids(ledger: Ledger) -> dict[str, str]:
    """The ledger's own ids of one contributor, one asset and one contribution of an import."""
    contribution = ledger.commits.record(
        report("abcdef", repository="Octo/Repo"), recorded_by="ci"
    ).contribution
    paths = {
        "contributor": "contributors/test@example.com",
        "asset": "assets/octo:repo",
        "contribution": "contributions/octo:repo@abcdef",
    }
    for path in paths.values():
        import_id(ledger, path, LEGACY.lower())
    return {
        "contributor": contribution.contributor_id,
        "asset": contribution.asset_id,
        "contribution": contribution.id,
    }


def finder(ledger: Ledger, thing: str) -> Callable[[str], Any]:
    find: Callable[[str], Any] = getattr(ledger.find, thing)
    return find


THINGS = ["contributor", "asset", "contribution"]


class TestAName:
    @pytest.mark.parametrize("thing", THINGS)
    def test_is_the_uuid_in_any_case(self, ledger: Ledger, ids: dict[str, str], thing: str) -> None:
        for key in (ids[thing], ids[thing].upper()):
            assert finder(ledger, thing)(key).stored.id == ids[thing]

    @pytest.mark.parametrize("thing", THINGS)
    def test_is_an_imported_id_in_any_case(
        self, ledger: Ledger, ids: dict[str, str], thing: str
    ) -> None:
        for key in (LEGACY, LEGACY.lower()):
            assert finder(ledger, thing)(key).stored.id == ids[thing]

    @pytest.mark.parametrize(
        ("thing", "key"),
        [
            ("contributor", "test@example.com"),
            ("contributor", " TEST@Example.com "),
            ("asset", "Octo/Repo"),
            ("asset", "octo/REPO"),
            ("contribution", "Octo/Repo@abcdef"),
            ("contribution", "OCTO/repo@ABCDEF"),
        ],
    )
    def test_is_the_natural_key_in_any_case(
        self, ledger: Ledger, ids: dict[str, str], thing: str, key: str
    ) -> None:
        assert finder(ledger, thing)(key).stored.id == ids[thing]

    def test_leads_to_a_repository_named_like_a_path(self, ledger: Ledger) -> None:
        one = report(repository="octo/contributions")
        contribution = ledger.commits.record(one, recorded_by="ci").contribution
        assert ledger.find.asset("octo/contributions").stored.id == contribution.asset_id

    def test_leads_to_the_right_one_of_names_that_begin_alike(self, ledger: Ledger) -> None:
        for name in ("org/repo", "org/repo-two", "org/repo.two"):
            ledger.commits.record(report(repository=name), recorded_by="ci")
            assert ledger.find.asset(name).stored.name == name
            assert ledger.find.contribution(f"{name}@abc123").stored.repository == name

    def test_of_a_named_asset_is_its_id_and_not_its_name(self, ledger: Ledger) -> None:
        asset = new_asset(ledger, "The Manual")
        assert ledger.find.asset(asset.id).stored == asset
        with pytest.raises(NotFound):
            ledger.find.asset("The Manual")


class TestNoName:
    @pytest.mark.parametrize(
        ("thing", "named"),
        [("contributor", "Contributor"), ("asset", "Asset"), ("contribution", "Contribution")],
    )
    def test_leads_anywhere(
        self, ledger: Ledger, ids: dict[str, str], thing: str, named: str
    ) -> None:
        for key in MALFORMED:
            with pytest.raises(NotFound) as caught:
                finder(ledger, thing)(key)
            assert caught.value.detail == f"{named} not found", ascii(key)

    def test_of_another_thing_leads_anywhere(self, ledger: Ledger, ids: dict[str, str]) -> None:
        for thing in THINGS:
            for other in THINGS:
                if other != thing:
                    with pytest.raises(NotFound):
                        finder(ledger, thing)(ids[other])

    def test_of_the_right_form_leads_to_what_is_not_there(self, ledger: Ledger) -> None:
        for thing, key in (
            ("contributor", "nobody@example.com"),
            ("asset", "octo/nothing"),
            ("contribution", "octo/repo@ffffff"),
        ):
            with pytest.raises(NotFound):
                finder(ledger, thing)(key)


class TestTheCost:
    @pytest.mark.parametrize("thing", THINGS)
    def test_of_a_uuid_is_one_document(
        self, ledger: Ledger, spy: Spy, ids: dict[str, str], thing: str
    ) -> None:
        spy.forget()
        finder(ledger, thing)(ids[thing])
        assert [(call.method, call.documents) for call in spy.calls] == [("run_query", 1)]

    def test_of_a_natural_key_is_a_direct_read(
        self, ledger: Ledger, spy: Spy, ids: dict[str, str]
    ) -> None:
        for thing, key in (
            ("contributor", "test@example.com"),
            ("asset", "octo/repo"),
            ("contribution", "octo/repo@abcdef"),
        ):
            spy.forget()
            finder(ledger, thing)(key)
            assert [(c.method, c.documents) for c in spy.calls] == [("batch_get_documents", 1)]

    def test_of_an_imported_id_is_one_query_more(
        self, ledger: Ledger, spy: Spy, ids: dict[str, str]
    ) -> None:
        spy.forget()
        ledger.find.contribution(LEGACY)
        assert [(c.method, c.documents) for c in spy.calls] == [("run_query", 0), ("run_query", 1)]

    def test_of_a_malformed_key_is_nothing(self, ledger: Ledger, spy: Spy) -> None:
        for key in ("..", "__x__", "x" * 1500, "a@b@c"):
            with pytest.raises(NotFound):
                ledger.find.asset(key)
        assert spy.calls == []
