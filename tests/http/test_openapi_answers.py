"""The OpenAPI document foretells what the service answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.documented import (
    assert_documented,
    example_answer,
    example_body,
    operation,
    parameters,
    resolved,
)
from tests.http.documented_service import WITH_KEY, DocumentedService, documented_service

CONTRIBUTION = example_answer("track_commit", 201)
REPORT = example_body(operation("track_commit"))
REPOSITORY = CONTRIBUTION["repository"]
# Fields that tell when something happened.
TIMES = {
    "recorded_at",
    "created_at",
    "first_contribution_at",
    "last_contribution_at",
    "last_recorded_at",
    "voided_at",
}


@pytest.fixture
def service() -> Iterator[DocumentedService]:
    with documented_service() as service:
        yield service


def test_a_commit_s_way_through_the_ledger_is_documented(service: DocumentedService) -> None:
    story = (
        ("track_commit", 201),
        ("track_commit", 200),
        ("get_contribution", 200),
        ("list_contributions", 200),
        ("list_contributor_contributions", 200),
        ("list_asset_contributions", 200),
        ("get_contributor", 200),
        ("get_asset", 200),
        ("list_assets", 200),
        ("create_contribution", 201),
        ("create_contribution", 200),
        ("void_contribution", 200),
        ("void_contribution", 200),
    )
    for name, status in story:
        headers = WITH_KEY | {"Idempotency-Key": "invoice-2026-0017"}
        answer = service.ask(name, headers=headers)
        assert answer.status_code == status, name
        assert_documented(answer, name)


def _without_times(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_times(item) for item in value]
    return {name: item for name, item in value.items() if name not in TIMES}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("track_commit", 201),
        ("track_batch", 200),
        ("receive_webhook", 200),
        ("create_contributor", 201),
        ("create_asset", 201),
    ],
)
def test_what_an_empty_ledger_answers_is_as_the_example_tells(
    service: DocumentedService, name: str, status: int
) -> None:
    answer = assert_documented(service.ask(name), name)
    assert _without_times(answer) == _without_times(example_answer(name, status))


def test_every_outcome_of_a_commit_in_a_batch_is_documented(service: DocumentedService) -> None:
    def commit(number: int, **more: Any) -> dict[str, Any]:
        return {"contributor_email": "a@b", "commit_hash": f"{number:06}", **more}

    for number in (1, 2, 3):
        report = commit(number, repository=REPOSITORY)
        assert service.ask("track_commit", body=report).status_code == 201
    voided = f"{REPOSITORY}@000003"
    assert (
        service.request("DELETE", f"/v1/contributions/{voided}", headers=WITH_KEY).status_code
        == 200
    )
    commits = [
        commit(0),
        commit(1),
        commit(2, contributor_email="c@d"),
        commit(3),
        commit(4, cost_amount=-1),
        "no commit",
    ]
    body = {"repository": REPOSITORY, "commits": commits}
    answer = assert_documented(service.ask("track_batch", body=body), "track_batch")
    assert [outcome["outcome"] for outcome in answer["outcomes"]] == [
        "recorded",
        "replayed",
        "conflict",
        "voided",
        "invalid",
        "invalid",
    ]


def test_a_replay_that_differs_says_so_in_documented_headers(service: DocumentedService) -> None:
    service.ask("track_commit")
    answer = service.ask("track_commit", body={**REPORT, "cost_amount": 7, "url": None})
    assert_documented(answer, "track_commit")
    assert answer.status_code == 200
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert answer.headers["Idempotency-Differs"] == "cost_amount"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("list_contributions", "/v1/contributions"),
        ("list_contributors", "/v1/contributors"),
        ("list_assets", "/v1/assets"),
        ("list_asset_contributions", f"/v1/assets/{REPOSITORY}/contributions"),
    ],
)
@pytest.mark.parametrize("headers", [WITH_KEY, {}], ids=["with a key", "masked"])
def test_every_page_of_a_list_is_documented(
    service: DocumentedService, name: str, path: str, headers: dict[str, str]
) -> None:
    for number in range(2):
        report = {**REPORT, "commit_hash": f"{number:06}"}
        service.ask("track_commit", body=report)
    service.ask("create_asset")
    page = service.get(path, query_string={"limit": 1}, headers=headers)
    [first] = assert_documented(page, name)
    onward = page.headers["Link"].removesuffix('>; rel="next"').removeprefix("<")
    page = service.get(onward, headers=headers)
    [second] = assert_documented(page, name)
    assert "Link" not in page.headers
    assert first["id"] != second["id"]


@pytest.mark.parametrize("name", ["list_contributions", "get_contribution", "get_asset"])
def test_a_read_that_the_client_has_already_is_documented(
    service: DocumentedService, name: str
) -> None:
    service.ask("track_commit")
    first = service.ask(name, headers={})
    assert_documented(first, name)
    again = service.ask(name, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert_documented(again, name)
    told = operation(name)["responses"]
    for status in ("200", "304"):
        assert {"ETag", "Cache-Control"} <= resolved(told[status])["headers"].keys()
    assert "If-None-Match" in parameters(operation(name), place="header")


def test_a_correction_and_what_it_corrects_are_documented(service: DocumentedService) -> None:
    service.ask("track_commit")
    service.ask("void_contribution")
    body = {**example_body(operation("create_contribution")), "corrects": CONTRIBUTION["id"]}
    correction = assert_documented(
        service.ask("create_contribution", body=body), "create_contribution"
    )
    corrected = assert_documented(service.ask("get_contribution"), "get_contribution")
    assert corrected["corrected_by"] == correction["id"]
    assert correction["corrects"] == corrected["id"]


@pytest.mark.parametrize("name", ["alive", "ready", "tracking"])
def test_health_is_documented_with_and_without_contributions(
    service: DocumentedService, name: str
) -> None:
    assert_documented(service.ask(name), name)
    service.ask("track_commit")
    assert_documented(service.ask(name), name)


def test_tracking_shows_a_rejection_as_documented(service: DocumentedService) -> None:
    service.ask("track_commit")
    service.ask("track_commit", body={**REPORT, "contributor_email": "nobody"})
    for query in ({}, {"repository": REPOSITORY}):
        tracking = assert_documented(service.ask("tracking", query=query), "tracking")
        assert tracking["latest_rejection"]["code"] == "invalid"


@pytest.mark.parametrize("event", ["ping", "issues"])
def test_other_events_of_a_webhook_are_answered_as_documented(
    service: DocumentedService, event: str
) -> None:
    answer = service.ask("receive_webhook", headers={"X-GitHub-Event": event}, body={"zen": "…"})
    assert_documented(answer, "receive_webhook")
    assert answer.status_code == (200 if event == "ping" else 202)
