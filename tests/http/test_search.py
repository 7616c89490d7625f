"""Searches over HTTP: what begins with some letters, and who may ask."""

from __future__ import annotations

import pytest

from tests.http.framework import Service
from tests.http.problems import assert_problem


def names(service: Service, path: str) -> list[str]:
    answer = service.get(path)
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

    @pytest.mark.parametrize("text", ["a/b/c", "!", "Ärger", "%00", "%F0%9F%98%80"])
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

    @pytest.mark.parametrize("query", ["name=", f"name={'a' * 257}", "name=o&sort=created"])
    def test_that_makes_no_sense_is_refused(self, service: Service, query: str) -> None:
        assert_problem(service.get(f"/v1/assets?{query}"), 422, "invalid")
