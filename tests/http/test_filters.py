"""The filters of contribution lists over HTTP, against a look at every contribution."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

PEOPLE = ["ada@example.com", "bea@example.com", "cleo@example.com"]
REPOSITORIES = ["octo/one", "octo/two"]


@pytest.fixture
def contributions(service: Service) -> list[dict[str, Any]]:
    """Twenty-four contributions, newest first, every fifth of them voided."""
    for number in range(24):
        contribution = service.track(
            contributor_email=PEOPLE[number % 3],
            repository=REPOSITORIES[number % 2],
            commit_hash=f"{number // 2:06x}",
            timestamp=f"2024-05-01T{number // 4:02}:00:00Z",
            co_authors=[{"email": PEOPLE[0]}] if number % 4 == 0 else [],
        ).get_json()
        if number % 5 == 0:
            service.request("DELETE", f"/v1/contributions/{contribution['id']}", headers=KEY)
    listed: list[dict[str, Any]] = ask(service, include_voided="true")
    assert len(listed) == 24
    return listed


def ask(service: Service, path: str = "/v1/contributions", **query: str) -> Any:
    answer = service.get(f"{path}?{urlencode(query)}", headers=KEY)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def test_every_combination_agrees_with_a_look_at_every_contribution(
    service: Service, contributions: list[dict[str, Any]]
) -> None:
    filters = {
        "contributor": PEOPLE[0].upper(),
        "repository": "OCTO/One",
        "since": "2024-05-01T01:00:00Z",
        "until": "2024-05-01T06:00:00+02:00",
        "include_voided": "true",
    }
    since = datetime.fromisoformat(filters["since"])
    until = datetime.fromisoformat(filters["until"])
    for flags in product((False, True), repeat=len(filters)):
        query = {name: text for (name, text), on in zip(filters.items(), flags, strict=True) if on}
        expected = [
            contribution["id"]
            for contribution in contributions
            if ("include_voided" in query or not contribution["voided"])
            and ("repository" not in query or contribution["repository"] == "octo/one")
            and (
                "contributor" not in query
                or PEOPLE[0] in {credit["email"] for credit in contribution["credits"]}
            )
            and ("since" not in query or datetime.fromisoformat(contribution["timestamp"]) >= since)
            and ("until" not in query or datetime.fromisoformat(contribution["timestamp"]) < until)
        ]
        assert expected
        assert [contribution["id"] for contribution in ask(service, **query)] == expected


def test_a_persons_and_an_assets_own_lists_take_the_other_filters(
    service: Service, contributions: list[dict[str, Any]]
) -> None:
    both = ask(service, contributor=PEOPLE[1], repository=REPOSITORIES[0])
    person = f"/v1/contributors/{PEOPLE[1]}/contributions"
    asset = f"/v1/assets/{REPOSITORIES[0]}/contributions"
    assert both
    assert ask(service, person, repository=REPOSITORIES[0]) == both
    assert ask(service, asset, contributor=PEOPLE[1]) == both


def test_a_contributor_may_be_a_uuid_and_nobody_has_no_contributions(
    service: Service, contributions: list[dict[str, Any]]
) -> None:
    person = service.get(f"/v1/contributors/{PEOPLE[1]}", headers=KEY).get_json()["id"]
    assert ask(service, contributor=person) == ask(service, contributor=PEOPLE[1])
    assert ask(service, contributor="00000000-0000-0000-0000-000000000000") == []
    assert ask(service, contributor="nobody@example.com") == []
    assert ask(service, repository="octo/nothing") == []


def test_a_commit_is_found_in_one_repository_or_in_all(
    service: Service, contributions: list[dict[str, Any]]
) -> None:
    everywhere = ask(service, commit_hash="000001")
    assert {contribution["repository"] for contribution in everywhere} == set(REPOSITORIES)
    [one] = ask(service, commit_hash="000001", repository="Octo/ONE")
    assert one in everywhere
    assert ask(service, commit_hash="ffffff") == []
    assert ask(service, commit_hash="ffffff", repository="octo/one") == []


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("since=2024-05-01", "since=2024-05-01T00:00:00Z"),
        ("until=2024-05-01", "until=2024-05-01T00:00:00Z"),
        ("until=2024-05-02", "until=2024-05-02T00:00:00Z"),
        ("since=2024-05-01T05:00:00+02:00", "since=2024-05-01T03:00:00Z"),
        ("contributor=1+bob@example.com", "contributor=1%2Bbob%40example.com"),
        ("contributor=+bob@example.com", "contributor=%2Bbob%40example.com"),
    ],
)
def test_a_date_and_a_bare_plus_are_what_they_look_like(
    service: Service, contributions: list[dict[str, Any]], query: str, meant: str
) -> None:
    for number, email in enumerate(("1+bob@example.com", "+bob@example.com", "bob@example.com")):
        service.track(contributor_email=email, commit_hash=f"abcde{number}")
    answer, expected = (
        service.get(f"/v1/contributions?{text}&include_voided=true", headers=KEY)
        for text in (query, meant)
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json() == expected.get_json()
    if query.startswith("contributor"):
        assert len(answer.get_json()) == 1


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "until=2024-05",
        "until=2024-02-30",
        "since=20240501",
        "since=2024-05-01T00:00:00",
        "include_voided=yes",
        "repository=octo",
        "contributor=ada",
        "commit_hash=xyz",
        "commit_hash=000001&contributor=ada%40example.com",
        "commit_hash=000001&since=2024-05-01T00:00:00Z",
        "commit_hash=000001&until=2024-05-01T00:00:00Z",
        "commit_hash=000001&repository=octo/one&limit=5",
        "sort=name",
        "repo=octo/one",
        "repository=octo/one&repository=octo/two",
    ],
)
def test_what_cannot_be_read_or_combined_is_422(service: Service, query: str) -> None:
    assert_problem(service.get(f"/v1/contributions?{query}", headers=KEY), 422, "invalid")
