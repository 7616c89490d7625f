"""Who contributed how much to what, and in which months, over HTTP."""

from __future__ import annotations

import pytest

from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

ASSET, PERSON = "/v1/assets/seeker71/coherence-network", "4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"
FIGURES = {
    "contribution_count": 1,
    "assisted_count": 0,
    "total_cost": "100.00",
    "weight": "120.00",
    "first_contribution_at": "2019-05-01T12:00:00Z",
    "last_contribution_at": "2019-05-01T12:00:00Z",
    "months": {"2019-05": 1},
}


@pytest.fixture
def recorded(service: Service) -> Service:
    service.track(timestamp="2019-05-01T12:00:00Z")
    return service


def test_an_asset_s_contributors(recorded: Service) -> None:
    whose = {"contributor_id": PERSON, "contributor_type": "HUMAN", "aliases": []}
    answer = recorded.get(f"{ASSET}/contributors", headers=KEY).get_json()
    assert answer == [FIGURES | whose | {"email": "test@example.com", "name": "test"}]
    masked = recorded.get(f"{ASSET}/contributors").get_json()
    assert masked == [FIGURES | whose | {"email": "t***@example.com", "name": "t***"}]


def test_a_contributor_s_assets(recorded: Service) -> None:
    [answer] = recorded.get(f"/v1/contributors/{PERSON}/assets").get_json()
    asset = {"name": "seeker71/Coherence-Network", "asset_type": "CODE"}
    assert answer == FIGURES | asset | {"asset_id": "be2e4112-a5b0-5072-9971-c59703a2b0e1"}
    assert_problem(recorded.get("/v1/contributors/test@example.com/assets"), 401, "unauthenticated")


@pytest.mark.parametrize("path", [f"{ASSET}/months", "/v1/months"])
def test_months_of_an_asset_and_of_all(recorded: Service, path: str) -> None:
    counts = {"contribution_count": 1, "assisted_count": 0, "bot_count": 0, "agent_count": 0}
    expected = [{"month": "2019-05", "total_cost": "100.00"} | counts]
    assert recorded.get(path).get_json() == expected


def test_months_of_a_contributor(recorded: Service) -> None:
    counts = {"contribution_count": 1, "assisted_count": 0}
    expected = [{"month": "2019-05", "total_cost": "100.00"} | counts]
    assert recorded.get(f"/v1/contributors/{PERSON}/months").get_json() == expected


def test_pages_of_parts_are_linked(service: Service) -> None:
    for number in range(3):
        service.track(commit_hash=f"{number:06x}", contributor_email=f"{number}@example.com")
    first = service.get(f"{ASSET}/contributors?limit=2&sort=contributions")
    assert len(first.get_json()) == 2
    onward = first.headers["Link"].partition(">")[0].strip("<")
    assert len(service.get(onward).get_json()) == 1
    assert_problem(service.get(f"{ASSET}/contributors?sort=name"), 422, "invalid")


def test_contributions_of_a_month(recorded: Service) -> None:
    assert len(recorded.get("/v1/contributions?month=2019-05").get_json()) == 1
    assert recorded.get(f"{ASSET}/contributions?month=2019-06").get_json() == []
    assert_problem(recorded.get("/v1/contributions?month=2019-13"), 422, "invalid")
    assert_problem(
        recorded.get("/v1/contributions?month=2019-05&include_voided=true"), 422, "invalid"
    )


@pytest.mark.parametrize("path", [f"{ASSET}/contributors", f"{ASSET}/months", "/v1/months"])
def test_what_an_older_version_has_written_to_is_being_built(recorded: Service, path: str) -> None:
    ledger = recorded.services.ledger
    asset = ledger.connection.assets.document("seeker71:coherence-network")
    asset.update({"last_contribution_at": None}, timeout=10)
    answer = recorded.get(path)
    assert_problem(answer, 503, code="being_built")
    assert answer.headers["Retry-After"] == "60"
