"""What an operator sets right over HTTP: it stands above every report."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.firestore import Client

from tests.contract.books import documents
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

ADA, HOME = "ada@example.com", "home@example.com"


def change(service: Service, path: str, **fields: Any) -> dict[str, Any]:
    answer = service.request("PATCH", f"/v1/{path}", headers=KEY, json=fields)
    assert answer.status_code == 200, answer.get_data()
    body: dict[str, Any] = answer.get_json()
    assert service.get(f"/v1/{path}", headers=KEY).get_json() == body
    return body


@pytest.fixture
def before(service: Service) -> dict[str, Any]:
    service.track(contributor_email=ADA, commit_hash="aaaaaa", contributor_name="ada")
    body: dict[str, Any] = service.get(f"/v1/contributors/{ADA}", headers=KEY).get_json()
    return body


class TestAContributor:
    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ({"name": " Ada L. "}, {"name": "Ada L."}),
            ({"type": "SYSTEM"}, {"type": "BOT", "contributor_type": "BOT"}),
            ({"contributor_type": "AGENT"}, {"type": "AGENT", "contributor_type": "AGENT"}),
            ({"wallet_address": "0xabc"}, {"wallet_address": "0xabc"}),
            ({"hourly_rate": 85.5}, {"hourly_rate": "85.50"}),
            ({}, {}),
        ],
    )
    def test_is_set_right_in_what_is_sent_alone(
        self, service: Service, before: dict[str, Any], sent: dict[str, Any], shown: dict[str, Any]
    ) -> None:
        assert change(service, f"contributors/{ADA}", **sent) == before | shown

    def test_loses_a_wallet_or_a_rate_that_is_null(
        self, service: Service, before: dict[str, Any]
    ) -> None:
        change(service, f"contributors/{ADA}", wallet_address="0xabc", hourly_rate=1)
        cleared = change(service, f"contributors/{ADA}", wallet_address=None, hourly_rate=None)
        assert cleared == before

    def test_goes_on_counting(self, service: Service, before: dict[str, Any]) -> None:
        change(service, f"contributors/{before['id']}", name="Ada L.")
        service.track(contributor_email=ADA, commit_hash="bbbbbb", contributor_name="Ada")
        shown = service.get(f"/v1/contributors/{ADA}", headers=KEY).get_json()
        assert (shown["name"], shown["contribution_count"]) == ("Ada L.", 2)

    def test_is_the_person_under_each_address_and_a_type_is_of_all_addresses(
        self, service: Service, before: dict[str, Any], database: Client
    ) -> None:
        service.track(contributor_email=HOME, commit_hash="bbbbbb", contributor_name="Home")
        for email in (HOME, "unused@example.com"):
            service.post(f"/v1/contributors/{ADA}/aliases", {"email": email})
        service.get("/v1/contributors")
        changed = change(service, f"contributors/{HOME}", name="Ada L.", type="AGENT")
        assert (changed["email"], changed["name"], changed["type"]) == (ADA, "Ada L.", "AGENT")
        kept = documents(database, "contributors")
        assert {email: (c["name"], c["contributor_type"]) for email, c in kept.items()} == {
            ADA: ("Ada L.", "AGENT"),
            HOME: ("Home", "AGENT"),
        }
        # In lists at once, although those keep the figures of joined people.
        [listed] = service.get("/v1/contributors", headers=KEY).get_json()
        assert listed == changed

    @pytest.mark.parametrize(
        "wrong",
        [
            *({"name": None}, {"name": " "}, {"name": "\u200b"}),
            *({"type": None}, {"type": "X"}, {"email": HOME}, {"id": 1}),
        ],
    )
    def test_is_not_changed_by_what_is_wrong(
        self, service: Service, before: dict[str, Any], wrong: dict[str, Any]
    ) -> None:
        path = f"/v1/contributors/{ADA}"
        answer = service.request("PATCH", path, headers=KEY, json=wrong | {"hourly_rate": 1})
        assert_problem(answer, 422, "invalid")
        assert service.get(path, headers=KEY).get_json() == before


class TestAnAsset:
    def test_is_set_right_in_what_is_sent_alone(self, service: Service) -> None:
        service.track()
        path = "assets/seeker71/coherence-network"
        before = service.get(f"/v1/{path}").get_json()
        assert change(service, path, description="The network") == before | {
            "description": "The network"
        }
        spelled = "Seeker71/coherence-network"
        assert change(service, path, name=spelled)["name"] == spelled
        assert service.track(commit_hash="bbbbbb").get_json()["asset_id"] == before["id"]

    def test_that_is_a_repository_keeps_its_name(self, service: Service) -> None:
        service.track()
        for name in ("octo/other", "Other"):
            answer = service.request(
                "PATCH", "/v1/assets/seeker71/coherence-network", headers=KEY, json={"name": name}
            )
            assert_problem(answer, 409, "conflict")

    def test_that_is_none_gets_any_name(self, service: Service) -> None:
        made = {"name": "Manual", "description": "A manual", "type": "CONTENT"}
        asset = service.post("/v1/assets", made).get_json()
        changed = change(service, f"assets/{asset['id']}", name="The manual")
        assert changed == asset | {"name": "The manual"}


@pytest.mark.parametrize("path", ["contributors/nobody@example.com", "assets/octo/none"])
def test_what_is_not_there_is_a_404(service: Service, path: str) -> None:
    answer = service.request("PATCH", f"/v1/{path}", headers=KEY, json={})
    assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["contributors/ada@example.com", "assets/octo/none"])
def test_nobody_without_a_key_changes_anything(service: Service, path: str) -> None:
    assert_problem(service.request("PATCH", f"/v1/{path}", json={}), 401, "unauthenticated")
