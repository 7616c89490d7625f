"""The reason for a void comes with the query or in a body, and never goes unread."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.http.framework import KEY, Service

PATH = "/v1/contributions/seeker71/Coherence-Network@abc123"


def void(service: Service, query: str = "", body: str = "") -> TestResponse:
    assert service.track().status_code == 201
    headers = KEY | ({"Content-Type": "application/json"} if body else {})
    return service.request("DELETE", PATH + query, headers=headers, data=body)


@pytest.mark.parametrize(
    ("query", "body", "reason"),
    [
        ("", "", None),
        ("?reason=twice", "", "twice"),
        ("", '{"reason": "twice"}', "twice"),
        ("?reason=twice", "{}", "twice"),
        ("?reason=twice", '{"reason": null}', "twice"),
    ],
)
def test_a_reason_is_kept_wherever_it_stands(
    service: Service, query: str, body: str, reason: str | None
) -> None:
    answer = void(service, query, body)
    assert answer.status_code == 200
    assert answer.get_json()["void_reason"] == reason


@pytest.mark.parametrize(
    ("query", "body", "fault"),
    [
        (
            "?reason=twice",
            '{"reason": "wrong"}',
            {"pointer": "?reason", "message": "is given in the body too"},
        ),
        ("?reason=twice", "[]", {"pointer": "", "message": "must be a JSON object"}),
        (
            "?reason=twice",
            '{"because": "wrong"}',
            {"pointer": "/because", "message": "Extra inputs are not permitted"},
        ),
        ("?reason=%20", "", {"pointer": "?reason", "message": "must not be empty"}),
    ],
)
def test_a_reason_that_is_not_clear_voids_nothing(
    service: Service, query: str, body: str, fault: dict[str, Any]
) -> None:
    answer = void(service, query, body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [fault]
    assert service.get(PATH).get_json()["voided"] is False


def test_a_body_beside_the_query_must_be_json(service: Service) -> None:
    assert void(service, "?reason=twice", "{").status_code == 400
