"""Ids of the replaced service, after an import: every path, filter and body takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from shared.domain.identity import Classifier
from shared.store.importing import Importer
from tests.http.framework import KEY, Service
from tests.old_store import OldStore


@dataclass(frozen=True)
class OldIds:
    """What the file calls a person, a repository, another asset, and their contributions."""

    person: str
    repository: str
    model: str
    commit: str
    by_id: str


@pytest.fixture
def old_ids(service: Service) -> OldIds:
    """The file is imported into the service's ledger, which somebody else uses already."""
    service.track()
    old = OldStore()
    person, repository = old.contributor("ann@example.com"), old.asset("octo/repo")
    model = old.asset(description="A model", type="MODEL")
    commit, by_id = old.commit(person, repository, "abc123"), old.contribution(person, model)
    Importer(service.services.ledger.connection, Classifier()).run(old.plan())
    return OldIds(person, repository, model, commit, by_id)


def ids(answer: Any) -> set[str]:
    """The old ids of the contributions in a list."""
    return {old for contribution in answer.get_json() for old in contribution["legacy_ids"]}


class TestOldIds:
    def test_are_shown(self, service: Service, old_ids: OldIds) -> None:
        listed = service.get("/v1/contributions").get_json()
        shown = sorted(old for contribution in listed for old in contribution["legacy_ids"])
        assert shown == sorted([old_ids.commit, old_ids.by_id])

    def test_lead_to_a_contributor(self, service: Service, old_ids: OldIds) -> None:
        found = service.get(f"/v1/contributors/{old_ids.person}", headers=KEY).get_json()
        assert found["email"] == "ann@example.com"
        assert found["id"] != old_ids.person
        assert (found["contribution_count"], found["total_cost"]) == (2, "25.00")

    def test_lead_to_assets(self, service: Service, old_ids: OldIds) -> None:
        repository = service.get(f"/v1/assets/{old_ids.repository}").get_json()
        assert (repository["name"], repository["total_cost"]) == ("octo/repo", "12.50")
        model = service.get(f"/v1/assets/{old_ids.model.upper()}").get_json()
        assert (model["description"], model["asset_type"]) == ("A model", "MODEL")

    def test_lead_to_contributions(self, service: Service, old_ids: OldIds) -> None:
        commit = service.get(f"/v1/contributions/{old_ids.commit}").get_json()
        assert (commit["commit_hash"], commit["coherence"]["version"]) == ("abc123", "legacy")
        assert service.get(f"/v1/contributions/{commit['id']}").get_json() == commit
        by_id = service.get(f"/v1/contributions/{old_ids.by_id}").get_json()
        assert (by_id["commit_hash"], by_id["repository"]) == (None, None)

    def test_lead_to_the_contributions_of_somebody_and_of_something(
        self, service: Service, old_ids: OldIds
    ) -> None:
        both = {old_ids.commit, old_ids.by_id}
        assert ids(service.get(f"/v1/contributors/{old_ids.person}/contributions")) == both
        assert ids(service.get(f"/v1/contributions?contributor={old_ids.person}")) == both
        of_repository = service.get(f"/v1/assets/{old_ids.repository}/contributions")
        assert ids(of_repository) == {old_ids.commit}
        of_model = service.get(
            f"/v1/assets/{old_ids.model}/contributions?contributor={old_ids.person}"
        )
        assert ids(of_model) == {old_ids.by_id}

    def test_are_good_for_a_new_contribution(self, service: Service, old_ids: OldIds) -> None:
        body = {"contributor_id": old_ids.person, "asset_id": old_ids.model, "cost_amount": 1}
        response = service.post("/v1/contributions", body)
        assert response.status_code == 201
        assert response.get_json()["contributor_email"] == "ann@example.com"
        assert service.get(f"/v1/assets/{old_ids.model}").get_json()["total_cost"] == "13.50"

    def test_are_good_for_a_void_and_its_correction(
        self, service: Service, old_ids: OldIds
    ) -> None:
        voided = service.request("DELETE", f"/v1/contributions/{old_ids.by_id}", headers=KEY)
        assert voided.get_json()["voided"] is True
        body = {
            "contributor_id": old_ids.person,
            "asset_id": old_ids.model,
            "cost_amount": "2.00",
            "corrects": old_ids.by_id,
        }
        correction = service.post("/v1/contributions", body).get_json()
        assert correction["corrects"] == voided.get_json()["id"]
        found = service.get(f"/v1/contributions/{old_ids.by_id}").get_json()
        assert found["corrected_by"] == correction["id"]

    def test_of_one_kind_lead_to_nothing_of_another(
        self, service: Service, old_ids: OldIds
    ) -> None:
        assert service.get(f"/v1/contributors/{old_ids.model}").status_code == 404
        assert service.get(f"/v1/assets/{old_ids.person}").status_code == 404
        assert service.get(f"/v1/contributions/{old_ids.person}").status_code == 404

    def test_tell_no_address_to_a_reader_without_a_key(
        self, service: Service, old_ids: OldIds
    ) -> None:
        contribution = service.get(f"/v1/contributions/{old_ids.commit}").get_data(as_text=True)
        # It stands in the metadata of the file, too.
        assert "ann@" not in contribution
        assert '"contributor_email":"a***@example.com"' in contribution


def test_a_report_of_an_imported_commit_is_a_replay(service: Service, old_ids: OldIds) -> None:
    reported = {"contributor_email": "ann@example.com", "repository": "octo/repo"}
    response = service.track(**reported)
    assert response.status_code == 200
    assert response.headers["Idempotency-Replayed"] == "true"
    assert response.headers["Idempotency-Differs"] == "cost_amount, metadata"
    assert response.get_json()["legacy_ids"] == [old_ids.commit]
