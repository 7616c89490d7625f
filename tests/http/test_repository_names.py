"""Further names of a repository over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from shared.commands.keys import create
from shared.domain.api_key import Scope
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

OLD, NEW = "octo/old", "Octo/New"


def join(service: Service, to: str, name: str, **fields: Any) -> TestResponse:
    return service.post(f"/v1/assets/{to}/aliases", {"repository": name, **fields})


def split(service: Service, of: str, name: str) -> TestResponse:
    return service.request("DELETE", f"/v1/assets/{of}/aliases/{name}", headers=KEY)


@pytest.fixture
def asset_id(service: Service) -> str:
    """Of a repository with one commit, known by a further name too."""
    found: str = service.track(repository=OLD, commit_hash="aaaaaa").get_json()["asset_id"]
    assert join(service, OLD, NEW, reason="renamed").status_code == 201
    return found


class TestAFurtherName:
    def test_is_answered_and_a_replay_from_then_on(self, service: Service, asset_id: str) -> None:
        again = join(service, asset_id, NEW)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")
        shown = again.get_json()
        assert (shown["id"], shown["name"], shown["former_names"]) == (asset_id, OLD, [NEW])

    def test_is_the_repository_on_every_way_in(self, service: Service, asset_id: str) -> None:
        one = service.track(repository=NEW, commit_hash="bbbbbb")
        batch = {
            "repository": NEW,
            "commits": [
                {"contributor_email": "test@example.com", "commit_hash": h}
                for h in ("aaaaaa", "cccccc")
            ],
        }
        done = service.post("/v1/contributions/github/batch", batch).get_json()
        assert (one.status_code, one.get_json()["asset_id"]) == (201, asset_id)
        assert [outcome["outcome"] for outcome in done["outcomes"]] == ["replayed", "recorded"]
        assert service.get(f"/v1/assets/{NEW}").get_json()["contribution_count"] == 3

    @pytest.mark.parametrize(
        "path",
        [
            f"/v1/contributions?repository={NEW}",
            f"/v1/contributions?repository={NEW}&commit_hash=aaaaaa",
            f"/v1/assets/{NEW}/contributions",
            "/v1/assets/octo%2Fnew/contributions",
        ],
    )
    def test_leads_every_list_there(self, service: Service, asset_id: str, path: str) -> None:
        assert [item["asset_id"] for item in service.get(path).get_json()] == [asset_id]

    def test_is_split_off_once(self, service: Service, asset_id: str) -> None:
        answers = [split(service, OLD, "octo/new") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert ["Idempotency-Replayed" in answer.headers for answer in answers] == [False, True]
        assert answers[0].get_json()["former_names"] == []
        assert_problem(service.get(f"/v1/assets/{NEW}"), 404, "not_found")

    def test_may_be_shown_and_the_first_one_again(self, service: Service, asset_id: str) -> None:
        for name, other in ((NEW, OLD), (OLD, NEW)):
            answer = service.request(
                "PATCH", f"/v1/assets/{asset_id}", headers=KEY, json={"name": name}
            )
            assert (answer.status_code, answer.get_json()["former_names"]) == (200, [other])
            assert service.track(repository=NEW, commit_hash="aaaaaa").status_code == 200
            if name == NEW:
                assert_problem(split(service, OLD, NEW), 409, "shown_name")

    def test_is_given_by_an_operator_alone(self, service: Service, asset_id: str) -> None:
        key = create(
            service.services.ledger.keys,
            name="reporter",
            scope=Scope.RECORD,
            repositories=(),
            expires_at=None,
        )
        refused = service.post(
            f"/v1/assets/{OLD}/aliases", {"repository": "octo/x"}, headers={"X-API-Key": key}
        )
        assert_problem(refused, 403, "forbidden")

    @pytest.mark.parametrize("name", ["octo/old", "OCTO/Old"])
    def test_is_not_the_first_one(self, service: Service, asset_id: str, name: str) -> None:
        assert_problem(join(service, NEW, name), 409, "own_name")

    def test_is_of_no_other_account(self, service: Service, asset_id: str) -> None:
        service.track(repository="octo/third", commit_hash="cccccc")
        assert_problem(join(service, OLD, "octo/third"), 409, "has_contributions")
        assert_problem(join(service, "octo/third", NEW), 409, "joined_elsewhere")
        body = {"description": "x", "type": "CODE", "name": NEW}
        assert_problem(service.post("/v1/assets", body), 409, "conflict")

    def test_is_of_a_repository(self, service: Service) -> None:
        body = {"description": "x", "type": "MODEL", "name": "Small model"}
        model = service.post("/v1/assets", body).get_json()["id"]
        assert_problem(join(service, model, NEW), 409, "no_repository")
        assert_problem(join(service, "octo/none", NEW), 404, "not_found")
        assert_problem(split(service, model, "not-a-name"), 404, "not_found")
