"""Joining addresses and splitting them over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from shared.commands.keys import create
from shared.domain.api_key import Scope
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

ADA, HOME, BEA = (f"{name}@example.com" for name in ("ada", "home", "bea"))


@pytest.fixture
def people(service: Service) -> dict[str, str]:
    """Ids by address, of three who are not joined yet."""
    return {
        email: service.track(
            contributor_email=email, commit_hash=f"{number:06x}", contributor_name="Ada"
        ).get_json()["contributor_id"]
        for number, email in enumerate((ADA, HOME, BEA))
    }


def join(service: Service, to: str, email: str, **fields: Any) -> TestResponse:
    return service.post(f"/v1/contributors/{to}/aliases", {"email": email, **fields})


def split(service: Service, of: str, email: str) -> TestResponse:
    return service.request("DELETE", f"/v1/contributors/{of}/aliases/{email}", headers=KEY)


def test_a_join_is_201_the_first_time_and_a_replay_from_then_on(
    service: Service, people: dict[str, str]
) -> None:
    first = join(service, ADA, " Home@Example.com ", reason="told so")
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    again = join(service, people[HOME], HOME)
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    for answer in (first, again):
        shown = answer.get_json()
        assert (shown["id"], shown["aliases"]) == (people[ADA], [HOME])
        assert (shown["contribution_count"], shown["total_cost"]) == (2, "200.00")


def test_a_split_is_200_and_a_replay_from_then_on(service: Service, people: dict[str, str]) -> None:
    join(service, ADA, HOME)
    first, again = (split(service, ADA, HOME) for _ in range(2))
    assert [answer.status_code for answer in (first, again)] == [200, 200]
    assert ["Idempotency-Replayed" in answer.headers for answer in (first, again)] == [False, True]
    assert first.get_json() == again.get_json()
    assert first.get_json()["aliases"] == []
    assert service.get(f"/v1/contributors/{HOME}", headers=KEY).get_json()["id"] == people[HOME]


def test_every_look_up_and_filter_leads_to_the_person(
    service: Service, people: dict[str, str]
) -> None:
    join(service, ADA, HOME)
    for key in (people[ADA], people[HOME], ADA, HOME):
        assert service.get(f"/v1/contributors/{key}", headers=KEY).get_json()["id"] == people[ADA]
        for path in (
            f"/v1/contributors/{key}/contributions",
            f"/v1/contributions?contributor={key}",
            f"/v1/assets/seeker71/Coherence-Network/contributions?contributor={key}",
        ):
            found = service.get(path, headers=KEY).get_json()
            assert [c["contributor_email"] for c in found] == [HOME, ADA]
    listed = service.get("/v1/contributors?sort=contributions", headers=KEY).get_json()
    assert [(c["email"], c["contribution_count"]) for c in listed] == [(ADA, 2), (BEA, 1)]


def test_who_may_not_see_addresses_sees_none_of_them(
    service: Service, people: dict[str, str]
) -> None:
    join(service, ADA, "home.sweet@example.com")
    shown = service.get(f"/v1/contributors/{people[ADA]}").get_json()
    assert (shown["email"], shown["aliases"]) == ("a***@example.com", ["h***@example.com"])


def test_a_name_that_only_repeats_a_further_address_is_masked(service: Service) -> None:
    tracked = service.track(contributor_email=ADA, contributor_name="Home.Sweet").get_json()
    join(service, ADA, "home.sweet@example.com")
    shown = service.get(f"/v1/contributors/{tracked['contributor_id']}").get_json()
    assert shown["name"] == "H***"


def test_what_does_not_go_together_is_a_409(service: Service, people: dict[str, str]) -> None:
    assert_problem(join(service, ADA, ADA), 409, "own_address")
    join(service, ADA, HOME)
    assert_problem(join(service, HOME, ADA), 409, "own_address")
    elsewhere = assert_problem(join(service, BEA, HOME), 409, "joined_elsewhere")
    assert people[ADA] in elsewhere["detail"]
    assert_problem(join(service, BEA, ADA), 409, "has_aliases")


def test_what_is_not_there_is_a_404(service: Service, people: dict[str, str]) -> None:
    assert_problem(join(service, "nobody@example.com", HOME), 404, "not_found")
    join(service, BEA, HOME)
    for email in (HOME, "nobody@example.com", "nobody", "%00@x"):
        assert_problem(split(service, ADA, email), 404, "not_found")


def test_a_wrong_address_is_a_422(service: Service, people: dict[str, str]) -> None:
    for body in (
        {},
        {"email": "nobody"},
        {"email": HOME, "other": 1},
        {"email": HOME, "reason": ""},
    ):
        answer = service.post(f"/v1/contributors/{ADA}/aliases", body)
        assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("scope", ["record", "read"])
def test_only_an_admin_joins_and_splits(
    service: Service, people: dict[str, str], scope: str
) -> None:
    key = create(
        service.services.ledger.keys,
        name="other",
        scope=Scope(scope),
        repositories=(),
        expires_at=None,
    )
    path = f"/v1/contributors/{ADA}/aliases"
    for headers, status in (({"X-API-Key": key}, 403), ({}, 401)):
        assert service.post(path, {"email": HOME}, headers=headers).status_code == status
        answer = service.request("DELETE", f"{path}/{HOME}", headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "odd",
    ["x/aliases/y@example.com", "y@example.com/contributions", "x/aliases/y@example.com/months"],
)
def test_an_address_that_looks_like_a_path_is_joined_shown_and_split(
    service: Service, people: dict[str, str], odd: str
) -> None:
    own = service.track(contributor_email=odd, commit_hash="f" * 40).get_json()["contributor_id"]
    encoded = quote(odd, safe="")
    assert join(service, ADA, odd).status_code == 201
    shown = service.get(f"/v1/contributors/{encoded}", headers=KEY)
    assert (shown.status_code, shown.get_json()["id"]) == (200, people[ADA])
    done = split(service, ADA, encoded)
    assert (done.status_code, done.get_json()["aliases"]) == (200, [])
    assert "Idempotency-Replayed" not in done.headers
    listed = service.get(f"/v1/contributors/{encoded}/contributions", headers=KEY).get_json()
    assert [contribution["contributor_id"] for contribution in listed] == [own]
    assert join(service, encoded, HOME).status_code == 201
