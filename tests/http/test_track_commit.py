"""POST /v1/contributions/github: one commit, reported as a workflow reports it."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from google.cloud.firestore import Client

from tests.contract.books import assert_balanced
from tests.http.framework import KEY, REPORT, Service
from tests.http.problems import assert_problem
from tests.literals import CONTRIBUTION

BY_OTHER = {"contributor_email": "other@example.com"}


def test_the_first_report_is_201_with_the_contribution(service: Service) -> None:
    response = service.track()
    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    body = response.get_json()
    assert body["recorded_at"].endswith("Z")
    assert body == CONTRIBUTION | {"recorded_at": body["recorded_at"]}


def test_the_same_report_again_is_200_and_the_same_body(service: Service, database: Client) -> None:
    first = service.track()
    assert "Idempotency-Replayed" not in first.headers
    for _ in range(2):
        again = service.track()
        assert again.status_code == 200
        assert again.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Differs" not in again.headers
        assert again.get_json() == first.get_json()
    assert len(assert_balanced(database)) == 1


def test_a_report_that_says_something_else_is_200_and_names_it(service: Service) -> None:
    first = service.track()
    again = service.track(cost_amount=5, metadata={}, url="https://x.org")
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Idempotency-Differs"] == "cost_amount, metadata, url"
    assert again.get_json() == first.get_json()


def test_a_report_by_another_author_is_409(service: Service, database: Client) -> None:
    service.track()
    problem = assert_problem(service.track(**BY_OTHER), 409, "author_conflict")
    assert "abc123" in problem["detail"]
    assert len(assert_balanced(database)) == 1


def test_a_report_of_a_voided_contribution_is_409_and_names_the_way_on(service: Service) -> None:
    the_id = service.track().get_json()["id"]
    assert service.request("DELETE", f"/v1/contributions/{the_id}", headers=KEY).status_code == 200
    problem = assert_problem(service.track(), 409, "voided")
    assert the_id in problem["detail"]
    assert "corrects" in problem["detail"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("100.00", "100.00"),
        ("100", "100.00"),
        ("0", "0.00"),
        ("-0", "0.00"),
        ("-0.0", "0.00"),
        ("0e-400", "0.00"),
        ("1E+7", "10000000.00"),
        ("1e-6", "0.000001"),
        # As a binary float, this is 0.10000000000000000555.
        ("0.1", "0.10"),
        ("1.005", "1.005"),
        ("9999999.999999", "9999999.999999"),
        ('"12.345678"', "12.345678"),
    ],
)
def test_the_cost_is_kept_as_it_was_written(service: Service, text: str, shown: str) -> None:
    data = json.dumps(REPORT | {"cost_amount": "HERE"}).replace('"HERE"', text)
    response = service.post("/v1/contributions/github", data=data)
    assert response.status_code == 201
    assert response.get_json()["cost_amount"] == shown


def test_a_cost_left_out_is_estimated(service: Service) -> None:
    report = {key: value for key, value in REPORT.items() if key != "cost_amount"}
    body = service.post("/v1/contributions/github", report).get_json()
    assert (body["cost_amount"], body["cost_basis"]) == ("0.79", "estimated")


def test_a_report_with_everything_is_answered_with_everything(service: Service) -> None:
    body = service.track(
        contributor_email="49699333+dependabot[bot]@users.noreply.github.com",
        contributor_name="Døpendabot",
        author_email="old@example.com",
        timestamp="2024-05-01T12:00:00.1234567+02:00",
        co_authors=[{"email": "B@x.org", "name": "Bea"}, {"email": "b@x.org"}],
        assistance=["Claude:claude-opus-4-6", {"agent": "codex"}],
        url="https://github.com/seeker71/Coherence-Network/commit/abc123",
    ).get_json()
    assert body["contributor_email"] == "49699333+dependabot[bot]@users.noreply.github.com"
    assert body["timestamp"] == "2024-05-01T10:00:00.123456Z"
    assert body["url"] == "https://github.com/seeker71/Coherence-Network/commit/abc123"
    assert [
        (credit["email"], credit["role"], credit["share_amount"]) for credit in body["credits"]
    ] == [
        ("49699333+dependabot[bot]@users.noreply.github.com", "author", "50.00"),
        ("b@x.org", "co_author", "50.00"),
    ]
    assert body["assistance"] == [
        {"agent": "Claude", "model": "claude-opus-4.6"},
        {"agent": "Codex", "model": None},
    ]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"],
)
def test_json_may_name_its_charset(service: Service, content_type: str) -> None:
    path = "/v1/contributions/github"
    assert service.post(path, REPORT, content_type=content_type).status_code == 201


def test_a_body_without_a_declared_length_is_read(service: Service) -> None:
    response = service.request(
        "POST",
        "/v1/contributions/github",
        headers=KEY | {"Transfer-Encoding": "chunked"},
        content_type="application/json",
        input_stream=BytesIO(json.dumps(REPORT).encode()),
    )
    assert response.status_code == 201


def test_the_functions_own_url_does_the_same(service: Service) -> None:
    def post(path: str, **changes: Any) -> int:
        return service.post(path, REPORT | changes, at="track_github").status_code

    assert post("/") == 201
    assert post("/v1/contributions/github") == 200
    assert service.track().status_code == 200
