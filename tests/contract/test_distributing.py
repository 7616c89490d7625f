"""What everybody's part in an asset comes to, read for sharing an amount out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import pytest
from google.cloud.firestore import Client

from shared.domain.errors import BeingBuilt
from shared.store.distributing import Parts
from shared.store.ledger import Ledger
from tests.contract.fake_time import FakeTime
from tests.contract.reports import ledger_of, report
from tests.contract.spy import Spy

ADA, HOME, BEA = (f"{name}@example.com" for name in ("ada", "home", "bea"))
CLAUDE = "claude@agents.example"
REPOSITORY = "octo/repo"


@pytest.fixture
def ledger(spy: Spy) -> Ledger:
    """Three people and an agent, and assets beside it whose names begin alike."""
    ledger = ledger_of(spy.client, timing=FakeTime().timing)
    record(ledger, "aaaaaa", ADA, timestamp="2019-11-30T23:59:59Z")
    record(ledger, "bbbbbb", HOME, timestamp="2019-12-01T00:00:00Z", metadata={"has_docs": True})
    record(ledger, "cccccc", BEA, co_authors=[{"email": ADA}, {"email": CLAUDE}])
    for number, other in enumerate(("octo/rep", "octo/repo-two", "octo/repo.js", "octo/repoa")):
        record(ledger, f"dddd{number:02}", BEA, repository=other)
    return ledger


def record(ledger: Ledger, commit_hash: str, author: str, **changes: Any) -> None:
    changes = {"metadata": {}, "repository": REPOSITORY, "contributor_email": author} | changes
    ledger.commits.record(report(commit_hash, **changes), recorded_by="ci")


def read(ledger: Ledger, *, until: str | None = None, most: int | None = None) -> Parts:
    return ledger.distributor.parts(ledger.find.asset(REPOSITORY), until=until, most=most)


def amounts(parts: Parts) -> Mapping[str, tuple[float, float]]:
    """Shares and weights in units, by address."""
    return {
        part.contributor.email: (part.share_micros / 10**6, part.weight_micros / 10**6)
        for part in parts.parts
    }


class TestParts:
    def test_are_the_sums_of_shares_and_weights_in_this_asset(self, ledger: Ledger) -> None:
        parts = read(ledger)
        assert amounts(parts) == {ADA: (150, 150), HOME: (100, 120), BEA: (50, 50), CLAUDE: (0, 0)}
        assert parts.addresses == 4

    @pytest.mark.parametrize("most", [1, 4])
    def test_are_as_of_when_the_asset_was_read(self, ledger: Ledger, most: int) -> None:
        asset = ledger.find.asset(REPOSITORY)
        parts = ledger.distributor.parts(asset, until=None, most=most)
        assert parts.as_of == asset.document.read_time.ToDatetime(tzinfo=UTC)

    @pytest.mark.parametrize(
        ("until", "expected"),
        [
            ("2019-10", {ADA: (0, 0), HOME: (0, 0), BEA: (0, 0), CLAUDE: (0, 0)}),
            ("2019-11", {ADA: (100, 100), HOME: (0, 0), BEA: (0, 0), CLAUDE: (0, 0)}),
            ("2019-12", {ADA: (100, 100), HOME: (100, 120), BEA: (0, 0), CLAUDE: (0, 0)}),
            ("2020-05", {ADA: (150, 150), HOME: (100, 120), BEA: (50, 50), CLAUDE: (0, 0)}),
        ],
    )
    def test_end_with_a_month(
        self, ledger: Ledger, until: str, expected: Mapping[str, tuple[int, int]]
    ) -> None:
        assert amounts(read(ledger, until=until)) == expected

    def test_lose_what_is_voided(self, ledger: Ledger) -> None:
        ledger.voids.void(f"{REPOSITORY}@bbbbbb", voided_by="ops", reason=None)
        assert amounts(read(ledger))[HOME] == (0, 0)

    def test_of_one_person_are_one_and_apart_again_after_a_split(self, ledger: Ledger) -> None:
        ledger.people.join(BEA, ADA, joined_by="ops", reason=None)
        ledger.people.join(BEA, HOME, joined_by="ops", reason=None)
        parts = read(ledger)
        assert amounts(parts) == {BEA: (300, 320), CLAUDE: (0, 0)}
        assert parts.addresses == 4
        # Which a name that was only taken from an address is masked by.
        people = {part.contributor.email: part.contributor for part in parts.parts}
        assert people[BEA].aliases == (ADA, HOME)
        ledger.people.split(BEA, HOME)
        assert amounts(read(ledger)) == {BEA: (200, 200), HOME: (100, 120), CLAUDE: (0, 0)}

    def test_of_a_person_whose_first_address_has_none_are_that_person_s(
        self, ledger: Ledger
    ) -> None:
        record(ledger, "eeeeee", "new@example.com", repository="octo/other")
        ledger.people.join("new@example.com", ADA, joined_by="ops", reason=None)
        found = amounts(read(ledger))
        assert found["new@example.com"] == (150, 150)
        assert ADA not in found

    def test_of_somebody_taken_away_by_hand_are_left_out_alone(
        self, ledger: Ledger, client: Client
    ) -> None:
        client.document(f"contributors/{ADA}").delete()
        assert amounts(read(ledger)).keys() == {BEA, HOME, CLAUDE}

    def test_are_none_where_there_are_more_than_may_be(self, ledger: Ledger) -> None:
        assert read(ledger, most=2).parts == ()
        # No more are read than tell so.
        assert read(ledger, most=2).addresses == 3
        assert read(ledger, most=3).parts == ()
        assert len(read(ledger, most=4).parts) == 4

    def test_are_read_once_in_fifteen_seconds(self, client: Client) -> None:
        time = FakeTime()
        spy = Spy(client)
        ledger = ledger_of(spy.client, timing=time.timing)
        record(ledger, "aaaaaa", ADA)
        asset = ledger.find.asset(REPOSITORY)

        def parts(until: str | None = None) -> Parts:
            return ledger.distributor.parts(asset, until=until, most=None)

        first = parts()
        assert amounts(parts("2019-12")).keys() == {ADA}
        record(ledger, "bbbbbb", BEA)
        spy.forget()
        time.now += 15
        assert parts() == first
        # Whatever month they are to end with.
        for until in ("1970-01", "2019-11", "9999-12"):
            parts(until)
        assert spy.calls == []
        time.now += 1
        assert amounts(parts()).keys() == amounts(parts("9999-12")).keys() == {ADA, BEA}

    def test_of_a_ledger_of_before_are_not_told_until_they_are_counted(
        self, ledger: Ledger, client: Client
    ) -> None:
        # An older version adds to the totals alone.
        client.collection("assets").document("octo:repo").update({"contribution_count": 9})
        with pytest.raises(BeingBuilt):
            read(ledger)
