"""Contributors, assets and contributions made by hand, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud.firestore import Client

from shared.embedded import EmbeddedFirestore
from tests.contract.books import assert_balanced
from tests.contract.fake_time import FakeTime
from tests.contract.spy import After, Before, Spy
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

NOBODY = "00000000-0000-0000-0000-000000000000"
PERSON = {"name": "Ada", "email": "Ada@Example.com", "type": "SYSTEM", "hourly_rate": 85.5}
ASSET = {"name": "The Manual", "description": "A manual", "type": "content"}


@pytest.fixture
def ids(service: Service) -> dict[str, str]:
    """The ids of a contributor and an asset."""
    person = service.post("/v1/contributors", PERSON).get_json()
    asset = service.post("/v1/assets", ASSET).get_json()
    return {"contributor_id": person["id"], "asset_id": asset["id"]}


def record(service: Service, body: dict[str, Any], key: str | None = None) -> Any:
    headers = KEY if key is None else KEY | {"Idempotency-Key": key}
    return service.post("/v1/contributions", {"cost_amount": "10"} | body, headers=headers)


def test_a_contributor_is_answered_with_every_field(service: Service) -> None:
    answer = service.post("/v1/contributors", PERSON)
    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["email"], body["contributor_type"]) == ("ada@example.com", "BOT")
    assert body["hourly_rate"] == "85.50"
    assert service.get(f"/v1/contributors/{body['id']}", headers=KEY).get_json() == body


def test_an_asset_is_answered_with_every_field(service: Service) -> None:
    answer = service.post("/v1/assets", ASSET)
    assert answer.status_code == 201
    body = answer.get_json()
    assert (body["name"], body["asset_type"]) == ("The Manual", "CONTENT")
    assert service.get(f"/v1/assets/{body['id']}").get_json() == body


@pytest.mark.parametrize(("path", "body"), [("/v1/contributors", PERSON), ("/v1/assets", ASSET)])
def test_what_is_taken_is_409_and_names_the_id(
    service: Service, path: str, body: dict[str, Any]
) -> None:
    taken = service.post(path, body).get_json()["id"]
    assert taken in assert_problem(service.post(path, body), 409, "conflict")["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/contributors", PERSON | {"email": "nobody"}),
        ("/v1/contributors", PERSON | {"type": "CAT"}),
        ("/v1/contributors", PERSON | {"hourly_rate": -1}),
        ("/v1/contributors", {"email": "a@b"}),
        ("/v1/assets", ASSET | {"type": "two words"}),
        ("/v1/assets", {"type": "CODE"}),
    ],
)
def test_what_is_not_right_is_422(service: Service, path: str, body: dict[str, Any]) -> None:
    assert_problem(service.post(path, body), 422, "invalid")


def test_a_contribution_is_201_with_its_score_and_basis(
    service: Service, database: Client, ids: dict[str, str]
) -> None:
    facts = {"invoice_id": "4711", "has_tests": True}
    answer = record(service, ids | {"metadata": facts})
    assert answer.status_code == 201
    body = answer.get_json()
    assert body["cost_amount"] == "10.00"
    assert (body["coherence_score"], body["cost_basis"]) == (0.7, "actual_verified")
    assert (body["contributor_email"], body["recorded_by"]) == ("ada@example.com", "ci")
    assert service.get(f"/v1/contributions/{body['id']}", headers=KEY).get_json() == body
    assert_balanced(database)


@pytest.mark.parametrize(
    ("missing", "detail"),
    [("contributor_id", "Contributor not found"), ("asset_id", "Asset not found")],
)
def test_an_unknown_id_is_404_and_says_of_what(
    service: Service, ids: dict[str, str], missing: str, detail: str
) -> None:
    problem = assert_problem(record(service, ids | {missing: NOBODY}), 404, "not_found")
    assert problem["detail"] == detail


@pytest.mark.parametrize(
    "change",
    [
        {"cost_amount": -1},
        {"cost_amount": 0.0000001},
        {"cost_amount": None},
        {"metadata": []},
        {"contributor_id": 7},
        {"asset_id": "x" * 65},
        {"note": "misspelt"},
        {"timestamp": "yesterday"},
    ],
)
def test_a_contribution_that_is_not_right_is_422(
    service: Service, database: Client, ids: dict[str, str], change: dict[str, Any]
) -> None:
    assert_problem(record(service, ids | change), 422, "invalid")
    assert assert_balanced(database) == {}


class TestTheIdempotencyKey:
    def test_makes_the_same_request_a_replay(
        self, service: Service, database: Client, ids: dict[str, str]
    ) -> None:
        first, again = record(service, ids, "k"), record(service, ids, "k")
        assert (first.status_code, again.status_code) == (201, 200)
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.get_json() == first.get_json()
        assert len(assert_balanced(database)) == 1

    def test_is_422_with_another_body(self, service: Service, ids: dict[str, str]) -> None:
        record(service, ids, "k")
        problem = assert_problem(record(service, ids | {"cost_amount": 11}, "k"), 422, "invalid")
        assert problem["errors"][0]["pointer"] == ":Idempotency-Key"

    @pytest.mark.parametrize("key", ["x", "x" * 255, "a key, with ~ and spaces"])
    def test_has_1_to_255_printable_characters(
        self, service: Service, ids: dict[str, str], key: str
    ) -> None:
        assert record(service, ids, key).status_code == 201

    @pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "tab\tkey"])
    def test_is_422_otherwise(
        self, service: Service, database: Client, ids: dict[str, str], key: str
    ) -> None:
        assert_problem(record(service, ids, key), 422, "invalid")
        assert assert_balanced(database) == {}


@pytest.mark.parametrize(("key", "code"), [(None, "outcome_unknown"), ("k", "unavailable")])
def test_an_outcome_that_nobody_knows_is_told_from_one_that_can_be_tried_again(
    store: EmbeddedFirestore, service: Service, ids: dict[str, str], key: str | None, code: str
) -> None:
    spy = Spy(store.client())
    spy.fail("commit", After(ServiceUnavailable("lost")))
    spy.fail("batch_get_documents", *[Before(ServiceUnavailable("away"))] * 1000)
    hurried = Service(lambda: spy.client, timing=FakeTime().timing)
    problem = assert_problem(record(hurried, ids, key), 503, code)
    assert ("look before you send it again" in problem["detail"]) == (key is None)
