"""Searches over HTTP: what begins with some letters, and who may ask."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.commands.keys import create
from shared.domain.api_key import Scope
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem


def names(service: Service, path: str, **options: Any) -> list[str]:
    answer = service.get(path, **options)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [found["name"] for found in answer.get_json()]


class TestOfRepositories:
    @pytest.fixture(autouse=True)
    def recorded(self, service: Service) -> None:
        for name in ("Octo/Hello", "octo/world", "other/octo"):
            service.track(repository=name)

    def test_is_by_the_beginning_of_the_name_in_any_case(self, service: Service) -> None:
        assert names(service, "/v1/assets?name=octo") == ["Octo/Hello", "octo/world"]
        assert names(service, "/v1/assets?name=OCTO/W") == ["octo/world"]
        assert names(service, "/v1/assets?name=hello") == []

    @pytest.mark.parametrize("text", ["a/b/c", "!", "Ärger", "%F0%9F%98%80"])
    def test_finds_nothing_where_no_name_can_begin_so(self, service: Service, text: str) -> None:
        assert names(service, f"/v1/assets?name={text}") == []

    def test_has_pages(self, service: Service) -> None:
        first = service.get("/v1/assets?name=o&limit=2")
        assert [found["name"] for found in first.get_json()] == ["Octo/Hello", "octo/world"]
        onward = first.headers["Link"].partition(">")[0].strip("<")
        second = service.get(onward)
        assert [found["name"] for found in second.get_json()] == ["other/octo"]
        assert "Link" not in second.headers
        assert_problem(service.get(onward.replace("name=o", "name=oc")), 422, "invalid")

    @pytest.mark.parametrize(
        "query", ["name=", f"name={'a' * 257}", "name=o&sort=created", "name=%00"]
    )
    def test_that_makes_no_sense_is_refused(self, service: Service, query: str) -> None:
        assert_problem(service.get(f"/v1/assets?{query}"), 422, "invalid")


class TestOfPeople:
    @pytest.fixture(autouse=True)
    def recorded(self, service: Service) -> None:
        people = {"ada+work@example.com": "Ada Lovelace", "bea@example.com": "ada the Second"}
        for number, (email, name) in enumerate(people.items()):
            service.track(
                contributor_email=email, contributor_name=name, commit_hash=f"{number:06x}"
            )

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("name=ADA", ["Ada Lovelace", "ada the Second"]),
            ("name=ada%20l", ["Ada Lovelace"]),
            ("name=lovelace", []),
            ("email=b", ["ada the Second"]),
            ("email=Ada%2BW", ["Ada Lovelace"]),
            ("email=ada+w", ["Ada Lovelace"]),
            ("email=example", []),
        ],
    )
    def test_is_by_the_beginning_of_a_name_or_an_address(
        self, service: Service, query: str, expected: list[str]
    ) -> None:
        assert names(service, f"/v1/contributors?{query}", headers=KEY) == expected

    @pytest.mark.parametrize("query", ["name=ada", "email=ada", "name=", "email=%00"])
    def test_needs_a_key_that_may_see_addresses(self, service: Service, query: str) -> None:
        path = f"/v1/contributors?{query}"
        assert_problem(service.get(path), 401, "unauthenticated")
        keys = service.services.ledger.keys
        key = create(keys, name="ci", scope=Scope.RECORD, repositories=(), expires_at=None)
        assert_problem(service.get(path, headers={"X-API-Key": key}), 403, "forbidden")

    def test_has_pages_whose_links_hold_no_name(self, service: Service) -> None:
        first = service.get("/v1/contributors?name=a&limit=1", headers=KEY)
        onward = first.headers["Link"].partition(">")[0].strip("<")
        [token] = parse_qs(urlsplit(onward).query)["page_token"]
        assert b"Ada" not in base64.urlsafe_b64decode(token)
        assert names(service, onward, headers=KEY) == ["ada the Second"]

    @pytest.mark.parametrize("query", ["name=", "email=a&name=a", "email=a&sort=name", "name=%00"])
    def test_that_makes_no_sense_is_refused(self, service: Service, query: str) -> None:
        assert_problem(service.get(f"/v1/contributors?{query}", headers=KEY), 422, "invalid")
