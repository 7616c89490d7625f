"""Creating contributors and assets by hand: each name is taken once, whoever asks at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from google.api_core.exceptions import Aborted, ServiceUnavailable, Unknown
from google.cloud.firestore import Client

from shared.domain.asset import Asset
from shared.domain.contributor import Contributor
from shared.domain.errors import Conflict, Unavailable
from shared.store.ledger import Ledger
from tests.contract.at_once import at_once
from tests.contract.books import documents
from tests.contract.by_hand import new_asset, new_contributor
from tests.contract.fake_time import FakeTime
from tests.contract.reports import ledger_of, report
from tests.contract.spy import After, Before, Spy


class TestAContributor:
    def test_is_answered_as_it_is_kept(self, ledger: Ledger) -> None:
        created = new_contributor(
            ledger,
            " Ada@Example.com ",
            name="Ada Lovelace",
            type="AGENT",
            wallet_address="0xabc",
            hourly_rate="85.50",
        )
        assert created.shown() | {"created_at": None} == {
            "id": "2c3711ea-6c86-5c4f-916d-2b04cf5f47cb",
            "email": "ada@example.com",
            "aliases": [],
            "name": "Ada Lovelace",
            "contributor_type": "AGENT",
            "type": "AGENT",
            "wallet_address": "0xabc",
            "hourly_rate": "85.50",
            "contribution_count": 0,
            "assisted_count": 0,
            "total_cost": "0.00",
            "created_at": None,
            "first_contribution_at": None,
            "last_contribution_at": None,
            "last_recorded_at": None,
            "legacy_ids": [],
        }
        assert created.created_at is not None
        assert ledger.find.contributor(created.id).stored == created

    def test_is_a_bot_where_the_older_service_said_system(self, ledger: Ledger) -> None:
        assert new_contributor(ledger, type="SYSTEM").contributor_type == "BOT"

    def test_has_its_address_for_itself(self, ledger: Ledger, client: Client) -> None:
        first = new_contributor(ledger)
        with pytest.raises(Conflict) as refused:
            new_contributor(ledger, "ADA@example.com", name="Somebody else")
        assert refused.value.detail == f"A contributor with this email exists as {first.id}"
        assert documents(client, "contributors")["ada@example.com"]["name"] == "Ada"

    def test_that_recording_created_is_a_conflict_too(self, ledger: Ledger) -> None:
        contribution = ledger.commits.record(report(), recorded_by="ci").contribution
        with pytest.raises(Conflict, match=contribution.contributor_id):
            new_contributor(ledger, "test@example.com")

    def test_is_created_once_when_32_ask_at_once(self, ledger: Ledger, client: Client) -> None:
        answers = at_once([partial(new_contributor, ledger, name=f"Ada {n}") for n in range(32)])
        [created] = [a for a in answers if isinstance(a, Contributor)]
        assert all(created.id in a.detail for a in answers if isinstance(a, Conflict))
        [kept] = documents(client, "contributors").values()
        assert kept["name"] == created.name


class TestAnAsset:
    def test_is_answered_as_it_is_kept(self, ledger: Ledger) -> None:
        created = new_asset(ledger, "The  Manual", type="content")
        assert created.shown() | {"created_at": None} == {
            "id": created.id,
            "name": "The  Manual",
            "asset_type": "CONTENT",
            "type": "CONTENT",
            "description": "A manual",
            "former_names": [],
            "github_id": None,
            "contribution_count": 0,
            "assisted_count": 0,
            "total_cost": "0.00",
            "created_at": None,
            "first_contribution_at": None,
            "last_contribution_at": None,
            "last_recorded_at": None,
            "legacy_ids": [],
        }
        assert created.created_at is not None
        assert ledger.find.asset(created.id).stored == created

    @pytest.mark.parametrize("again", ["The Manual", "the manual", " THE   MANUAL "])
    def test_has_its_name_for_itself(self, ledger: Ledger, again: str) -> None:
        first = new_asset(ledger, "The Manual")
        with pytest.raises(Conflict) as refused:
            new_asset(ledger, again)
        assert refused.value.detail == f"An asset with this name exists as {first.id}"

    def test_without_a_name_is_another_one_each_time(self, ledger: Ledger) -> None:
        assert new_asset(ledger, None).id != new_asset(ledger, None).id

    @pytest.mark.parametrize(
        "by_hand",
        [
            {"name": "Octo/Repo"},
            {"name": None, "description": "GitHub repository: Octo/Repo"},
            {"name": None, "description": "github REPOSITORY:   octo/repo "},
        ],
    )
    def test_of_a_repository_is_the_one_that_its_commits_go_to(
        self, ledger: Ledger, client: Client, by_hand: dict[str, Any]
    ) -> None:
        created = new_asset(ledger, **by_hand)
        contribution = ledger.commits.record(
            report(repository="OCTO/repo"), recorded_by="ci"
        ).contribution
        assert contribution.asset_id == created.id
        assert list(documents(client, "assets")) == ["octo:repo"]

    def test_of_a_repository_with_commits_is_a_conflict(self, ledger: Ledger) -> None:
        contribution = ledger.commits.record(
            report(repository="octo/repo"), recorded_by="ci"
        ).contribution
        with pytest.raises(Conflict, match=contribution.asset_id):
            new_asset(ledger, None, description="GitHub repository: Octo/Repo")

    @pytest.mark.parametrize("names", [["The Manual", "the manual"], ["octo/repo", "Octo/REPO"]])
    def test_is_created_once_when_32_ask_at_once(
        self, ledger: Ledger, client: Client, names: list[str]
    ) -> None:
        answers = at_once([partial(new_asset, ledger, names[n % 2]) for n in range(32)])
        [created] = [a for a in answers if isinstance(a, Asset)]
        refused = [a for a in answers if isinstance(a, Conflict)]
        assert len(refused) == 31
        assert all(created.id in a.detail for a in refused)
        assert [asset["id"] for asset in documents(client, "assets").values()] == [created.id]


class TestALostAnswer:
    """The creation was carried out, and the connection broke before its answer arrived."""

    def test_is_no_conflict_with_oneself(self, ledger: Ledger, spy: Spy) -> None:
        spy.fail("commit", After(ServiceUnavailable("lost")))
        created = new_contributor(ledger)
        assert ledger.find.contributor(created.id).stored == created

    def test_leaves_a_conflict_with_somebody_else(self, ledger: Ledger, spy: Spy) -> None:
        new_asset(ledger, "The Manual", description="Mine")
        spy.fail("commit", After(ServiceUnavailable("lost")))
        with pytest.raises(Conflict):
            new_asset(ledger, "The Manual", description="Another")

    @pytest.mark.parametrize(
        ("name", "fault", "code"),
        [
            (None, After(ServiceUnavailable("lost")), "outcome_unknown"),
            (None, Before(Unknown("odd")), "outcome_unknown"),
            # Nothing was carried out, or only one can be.
            (None, Before(Aborted("contended")), "unavailable"),
            ("n", After(ServiceUnavailable("lost")), "unavailable"),
        ],
    )
    def test_that_stays_lost_says_whether_to_look_before_asking_again(
        self, client: Client, name: str | None, fault: Before | After, code: str
    ) -> None:
        spy, time = Spy(client), FakeTime()
        spy.fail("commit", fault, *[Before(Aborted("contended"))] * 1000)
        with pytest.raises(Unavailable) as caught:
            new_asset(ledger_of(client, timing=time.timing), name=name)
        assert caught.value.code == code
        assert ("look before you send it again" in caught.value.detail) == (
            code == "outcome_unknown"
        )
