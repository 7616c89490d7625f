"""What `make status` says of services that are well, and of others."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from shared.commands.service import Reply
from shared.commands.status import status

HEALTH, READY, TRACKING = "/v1/health", "/v1/health/ready", "/v1/health/tracking"
AWAY = Reply(
    HTTPStatus.SERVICE_UNAVAILABLE, body={"code": "unavailable", "detail": "Firestore is away"}
)
REJECTION = {
    "at": "2026-11-26T09:00:00Z",
    "code": "invalid",
    "reason": "/contributor_email: must hold one @ with text on both sides",
    "repository": "octo/hello",
}
TRACKED = {
    "status": "receiving",
    "quiet_after_hours": 72,
    "newest_at": "2026-11-26T10:00:00Z",
    "newest_repository": "octo/hello",
    "contributions": 1234,
    "contributors": 40,
    "assets": 6,
    "recorded_today": 12,
    "latest_rejection": None,
}
ALIVE = {"status": "ok", "version": "1.2.3", "revision": "health-00007-vab"}
WELL = {
    HEALTH: Reply(HTTPStatus.OK, body=ALIVE),
    READY: Reply(HTTPStatus.OK, body={"status": "ready", "firestore_latency_ms": 4.2}),
    TRACKING: Reply(HTTPStatus.OK, body=TRACKED),
}


def said(replies: dict[str, Reply]) -> tuple[dict[str, str], list[str]]:
    """Each line by its name, and the names of those that are not well."""
    lines = list(status("https://ledger.example", lambda _, path: replies[path]))
    assert len(lines) <= 12
    return {name: text for name, text, _ in lines}, [name for name, _, well in lines if not well]


def tracked(**changes: Any) -> dict[str, Reply]:
    return {**WELL, TRACKING: Reply(HTTPStatus.OK, body={**TRACKED, **changes})}


def test_a_service_that_is_well_is_told_of_whole() -> None:
    assert said(WELL) == (
        {
            "Address": "https://ledger.example",
            "Version": "1.2.3, revision health-00007-vab",
            "Alive": "yes",
            "Firestore": "answers, in 4.2 ms",
            "Tracking": "receiving (quiet after 72 hours)",
            "Newest": "2026-11-26T10:00:00Z of octo/hello",
            "Today": "12",
            "In all": "1,234 contributions, 40 contributors, 6 assets",
            "Rejected": "nothing",
        },
        [],
    )


def test_the_latest_rejection_is_told_with_its_reason() -> None:
    lines, wrong = said(tracked(latest_rejection=REJECTION))
    assert lines["Rejected"] == (
        "2026-11-26T09:00:00Z invalid of octo/hello: "
        "/contributor_email: must hold one @ with text on both sides"
    )
    assert wrong == []


@pytest.mark.parametrize("path", [HEALTH, READY, TRACKING])
def test_what_does_not_answer_is_not_well_and_says_why(path: str) -> None:
    lines, wrong = said({**WELL, path: AWAY})
    [name] = wrong
    assert lines[name] == "no: 503 unavailable: Firestore is away"


@pytest.mark.parametrize("now", ["quiet", "empty"])
def test_a_ledger_that_receives_nothing_is_not_well(now: str) -> None:
    lines, wrong = said(tracked(status=now, newest_at=None, newest_repository=None))
    assert wrong == ["Tracking"]
    assert lines["Newest"] == "none"


def test_a_closed_ledger_says_what_anybody_may_know() -> None:
    lines, wrong = said({**WELL, TRACKING: Reply(HTTPStatus.OK, body={"status": "receiving"})})
    assert (lines["Tracking"], wrong) == ("receiving", [])
    assert lines["Newest"] == "for who has a key that reads, in LEDGER_API_KEY"
    assert "In all" not in lines


def test_an_older_version_is_told_of_without_its_number() -> None:
    lines, wrong = said({**WELL, HEALTH: Reply(HTTPStatus.OK, body={"status": "ok"})})
    assert (lines["Version"], wrong) == ("unknown", [])


def test_another_service_is_not_taken_for_one() -> None:
    _, wrong = said(dict.fromkeys(WELL, Reply(HTTPStatus.OK, body=["hello"])))
    assert wrong == ["Alive", "Firestore", "Tracking"]
