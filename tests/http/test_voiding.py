"""Voiding and correcting over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Any

from google.cloud.firestore import Client

from tests.contract.at_once import at_once
from tests.contract.books import assert_balanced
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

CO_AUTHORS = [{"email": "bea@example.com"}, {"email": "cleo@example.com"}]


def void(service: Service, key: str, headers: dict[str, str] = KEY) -> Any:
    return service.request("DELETE", f"/v1/contributions/{key}", headers=headers)


def correct(service: Service, wrong: dict[str, Any], cost: int = 1) -> Any:
    body = {"contributor_id": wrong["contributor_id"], "asset_id": wrong["asset_id"]}
    return service.post("/v1/contributions", body | {"cost_amount": cost, "corrects": wrong["id"]})


def test_voiding_is_200_and_again_a_replay(service: Service, database: Client) -> None:
    contribution = service.track(co_authors=CO_AUTHORS).get_json()
    first, again = void(service, contribution["id"]), void(service, contribution["id"])
    assert (first.status_code, again.status_code) == (200, 200)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json() == first.get_json()
    body = first.get_json()
    assert (body["voided"], body["voided_by"]) == (True, "ci")
    for path in ("/v1/contributors", "/v1/assets"):
        for account in service.get(path, headers=KEY).get_json():
            assert (account["contribution_count"], account["total_cost"]) == (0, "0.00")
    assert_balanced(database)


def test_32_at_once_void_once(service: Service, database: Client) -> None:
    service.track(commit_hash="bbbbbb", co_authors=CO_AUTHORS)
    contribution = service.track(co_authors=CO_AUTHORS).get_json()
    answers: list[Any] = at_once([partial(void, service, contribution["id"])] * 32)
    assert {answer.status_code for answer in answers} == {200}
    assert ["Idempotency-Replayed" in answer.headers for answer in answers].count(False) == 1
    assert_balanced(database)


def test_lists_leave_a_voided_contribution_out_unless_it_is_wanted(service: Service) -> None:
    contribution = service.track().get_json()
    void(service, "seeker71/coherence-NETWORK@ABC123")
    person, asset = contribution["contributor_id"], contribution["asset_id"]
    for path in (
        "/v1/contributions",
        f"/v1/contributors/{person}/contributions",
        f"/v1/assets/{asset}/contributions",
        "/v1/contributions?commit_hash=abc123",
        "/v1/contributions?commit_hash=abc123&repository=seeker71/Coherence-Network",
    ):
        assert service.get(path).get_json() == []
        wanted = f"{path}{'&' if '?' in path else '?'}include_voided=true"
        assert [one["id"] for one in service.get(wanted).get_json()] == [contribution["id"]]
    assert service.get(f"/v1/contributions/{contribution['id']}").get_json()["voided"] is True


def test_a_correction_and_the_voided_contribution_link_to_each_other(
    service: Service, database: Client
) -> None:
    wrong = service.track().get_json()
    assert_problem(correct(service, wrong), 409, "not_voided")
    void(service, wrong["id"])
    right = correct(service, wrong)
    assert right.status_code == 201
    assert right.get_json()["corrects"] == wrong["id"]
    linked = service.get(f"/v1/contributions/{wrong['id']}").get_json()
    assert linked["corrected_by"] == right.get_json()["id"]
    problem = assert_problem(correct(service, wrong), 409, "already_corrected")
    assert right.get_json()["id"] in problem["detail"]
    again = assert_problem(service.track(), 409, "voided")
    assert f"contribution {right.get_json()['id']} has the right figures" in again["detail"]
    assert len(assert_balanced(database)) == 2


def test_16_corrections_at_once_are_one(service: Service, database: Client) -> None:
    wrong = service.track().get_json()
    void(service, wrong["id"])
    answers: list[Any] = at_once([partial(correct, service, wrong, cost) for cost in range(16)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    assert len(assert_balanced(database)) == 2


def test_voiding_nothing_is_404(service: Service) -> None:
    for key in ("00000000-0000-0000-0000-000000000000", "o/r@abc123", "%2e%2e", "__x__"):
        problem = assert_problem(void(service, key), 404, "not_found")
        assert problem["detail"] == "Contribution not found"


def test_voiding_needs_a_key(service: Service, database: Client) -> None:
    contribution = service.track().get_json()
    assert_problem(void(service, contribution["id"], {}), 401, "unauthenticated")
    [kept] = assert_balanced(database).values()
    assert not kept["voided"]
