"""Every name of a thing leads to it over HTTP; a malformed one is 404 and never 500."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

MALFORMED = [
    "..",
    "%2e%2e",
    "%2E%2E%2F%2E%2E",
    "%2e%2e/%2e%2e",
    "__x__",
    "%00",
    "a%00b@example.com",
    "%ff",
    "%ff%fe/%c3%28",
    "%ed%a0%80@x",
    "a@b@c",
    "@",
    "%40",
    "a%2Fb%2Fc",
    "%2F",
    "x" * 1500,
    "%C3%A9" * 750 + "@x",
    "owner/..",
    "owner/repo@xyz",
    "owner%2Frepo%40" + "a" * 65,
    "00000000-0000-0000-0000-000000000000",
]


@pytest.fixture
def tracked(service: Service) -> dict[str, Any]:
    answer: dict[str, Any] = service.track(repository="Octo/Repo").get_json()
    return answer


@pytest.mark.parametrize(
    "key", ["test@example.com", "TEST@Example.COM", "test%40example.com", "TEST%40EXAMPLE.com"]
)
def test_a_contributor_is_found_by_address(
    service: Service, tracked: dict[str, Any], key: str
) -> None:
    found = service.get(f"/v1/contributors/{key}", headers=KEY).get_json()
    assert found["id"] == tracked["contributor_id"]
    contributions = service.get(f"/v1/contributors/{key}/contributions", headers=KEY).get_json()
    assert [contribution["id"] for contribution in contributions] == [tracked["id"]]


@pytest.mark.parametrize("key", ["Octo/Repo", "octo/REPO", "octo%2Frepo", "OCTO%2frepo"])
def test_an_asset_is_found_by_repository(
    service: Service, tracked: dict[str, Any], key: str
) -> None:
    assert service.get(f"/v1/assets/{key}").get_json()["id"] == tracked["asset_id"]
    contributions = service.get(f"/v1/assets/{key}/contributions").get_json()
    assert [contribution["id"] for contribution in contributions] == [tracked["id"]]


@pytest.mark.parametrize(
    "key", ["Octo/Repo@abc123", "octo/repo@ABC123", "octo%2Frepo%40abc123", "octo/repo%40ABC123"]
)
def test_a_contribution_is_found_by_commit(
    service: Service, tracked: dict[str, Any], key: str
) -> None:
    assert service.get(f"/v1/contributions/{key}").get_json()["id"] == tracked["id"]


def test_everything_is_found_by_uuid_in_any_case(service: Service, tracked: dict[str, Any]) -> None:
    for path, key in (
        ("contributors", tracked["contributor_id"]),
        ("assets", tracked["asset_id"]),
        ("contributions", tracked["id"]),
    ):
        for spelt in (key, key.upper()):
            assert service.get(f"/v1/{path}/{spelt}").get_json()["id"] == key


def test_a_repository_may_be_called_contributions(service: Service) -> None:
    tracked = service.track(repository="octo/contributions").get_json()
    for key in ("octo/contributions", "octo%2Fcontributions"):
        assert service.get(f"/v1/assets/{key}").get_json()["id"] == tracked["asset_id"]
        [contribution] = service.get(f"/v1/assets/{key}/contributions").get_json()
        assert contribution["id"] == tracked["id"]


@pytest.mark.parametrize("key", MALFORMED)
@pytest.mark.parametrize("thing", ["contributors", "assets", "contributions"])
def test_a_malformed_key_is_404(service: Service, thing: str, key: str) -> None:
    problem = assert_problem(service.get(f"/v1/{thing}/{key}", headers=KEY), 404, "not_found")
    named = {"contributors": "Contributor", "assets": "Asset", "contributions": "Contribution"}
    assert problem["detail"] == f"{named[thing]} not found"
    if thing != "contributions":
        path = f"/v1/{thing}/{key}/contributions"
        assert_problem(service.get(path, headers=KEY), 404, "not_found")


def test_looking_somebody_up_by_address_needs_a_key(
    service: Service, tracked: dict[str, Any]
) -> None:
    # Whether the address is known or not: the refusal may not tell.
    for email in ("test@example.com", "nobody@example.com"):
        for path in (
            f"/v1/contributors/{email}",
            f"/v1/contributors/{email}/contributions",
            f"/v1/contributions?contributor={email}",
            f"/v1/assets/octo/repo/contributions?contributor={email}",
        ):
            assert_problem(service.get(path), 401, "unauthenticated")
