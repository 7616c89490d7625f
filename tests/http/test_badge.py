"""GET /v1/assets/{asset}/badge: a figure to be put into a README."""

from __future__ import annotations

from typing import Any

import pytest

from shared.embedded import EmbeddedFirestore
from shared.web.settings import ReadAccess, Settings
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

PATH = "/v1/assets/seeker71/coherence-network/badge"


@pytest.fixture(autouse=True)
def recorded(service: Service) -> None:
    for number in range(3):
        service.track(commit_hash=f"{number:06x}", contributor_email=f"{number % 2}@example.com")


def told(service: Service, query: str = "", path: str = PATH) -> tuple[str, str]:
    """Label and message."""
    answer = service.get(f"{path}?format=json&{query}")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    assert body["schemaVersion"] == 1
    return body["label"], body["message"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ("contributions", "3")),
        ("metric=contributors", ("contributors", "2")),
        ("metric=total_cost", ("total cost", "300.00")),
        ("label=commits", ("commits", "3")),
    ],
)
def test_a_badge_tells_a_figure(service: Service, query: str, expected: tuple[str, str]) -> None:
    assert told(service, query) == expected


def test_people_with_several_addresses_are_one_contributor(service: Service) -> None:
    for number in (1, 7):
        alias = service.post(
            "/v1/contributors/0@example.com/aliases", {"email": f"{number}@example.com"}
        )
        assert alias.status_code == 201
    assert told(service, "metric=contributors") == ("contributors", "1")
    service.track(commit_hash="aaaaaa", contributor_email="c@example.com")
    assert told(service, "metric=contributors") == ("contributors", "2")


def test_whose_contributions_were_all_voided_is_no_contributor(service: Service) -> None:
    voided = f"/v1/contributions/seeker71/coherence-network@{1:06x}"
    assert service.request("DELETE", voided, headers=KEY).status_code == 200
    assert told(service, "metric=contributors") == ("contributors", "1")


@pytest.mark.parametrize("metric", ["contributions", "contributors", "total_cost"])
@pytest.mark.parametrize("key", ["octo/none", "00000000-0000-0000-0000-000000000000", "!/x"])
def test_what_does_not_exist_has_a_badge_that_says_so(
    service: Service, key: str, metric: str
) -> None:
    assert told(service, f"metric={metric}", f"/v1/assets/{key}/badge")[1] == "unknown"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "image/svg+xml"),
        ("*/*", "image/svg+xml"),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "image/svg+xml"),
        ("text/html", "image/svg+xml"),
        ("application/json", "application/json"),
        ("application/json, image/svg+xml;q=0.5", "application/json"),
    ],
)
def test_accept_decides_on_its_form(service: Service, accept: str | None, media_type: str) -> None:
    answer = service.get(PATH, headers={"Accept": accept} if accept else {})
    assert answer.mimetype == media_type
    assert answer.headers["Vary"] == "X-API-Key, Authorization, Accept"


def test_a_cache_may_keep_it_for_a_minute(service: Service) -> None:
    first = service.get(PATH)
    assert first.headers["Cache-Control"] == "public, max-age=0, s-maxage=60"
    etag = first.headers["ETag"]
    assert service.get(PATH, headers={"If-None-Match": etag}).status_code == 304
    assert service.get(f"{PATH}?format=json").headers["ETag"] != etag
    service.track(commit_hash="aaaaaa")
    assert service.get(PATH, headers={"If-None-Match": etag}).status_code == 200


def test_markup_in_a_label_is_text(service: Service) -> None:
    answer = service.get(PATH, query_string={"label": "<script>alert(1)</script>"})
    assert "&lt;script&gt;alert(1)&lt;/script&gt;: 3" in answer.get_data(as_text=True)
    assert "<script" not in answer.get_data(as_text=True)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize("query", ["metric=stars", "label=", f"label={'x' * 65}", "format=png"])
def test_what_cannot_be_shown_is_refused(service: Service, query: str) -> None:
    assert_problem(service.get(f"{PATH}?{query}"), 422, "invalid")


def test_a_closed_ledger_refuses_it_as_other_reads(store: EmbeddedFirestore) -> None:
    settings = Settings(api_keys={"ci": "s3cret"}, read_access=ReadAccess.KEY)
    closed = Service(store.client, settings)
    assert_problem(closed.get(PATH), 401, "unauthenticated")
    answer = closed.get(PATH, headers=KEY)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
