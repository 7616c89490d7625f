"""`make void`: everything of one repository is voided, however often it has to be begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.commands.errors import CommandError
from shared.commands.service import Reply
from shared.commands.void import BulkVoid
from shared.domain.repository import Repository
from tests.http.framework import KEY, Service

REPOSITORY = Repository.parse("Octo/Old-Name")
AWAY = Reply(503, {}, {"code": "unavailable", "detail": "Firestore is away"})


class Asking:
    """Asks the service; `faults` are what comes instead of an answer, by how many were voided."""

    def __init__(self, service: Service, faults: Mapping[int, list[Reply]]) -> None:
        self.service = service
        self.faults = {number: list(replies) for number, replies in faults.items()}
        self.deleted = 0
        self.said: list[str] = []
        self.slept = 0

    def __call__(self, method: str, path: str, body: Any = None) -> Reply:
        if method == "DELETE" and self.faults.get(self.deleted):
            return self.faults[self.deleted].pop(0)
        answer = self.service.request(
            method, path, headers=KEY, **({} if body is None else {"json": body})
        )
        self.deleted += method == "DELETE"
        return Reply(answer.status_code, {}, answer.get_json())

    def sleep(self, _: float) -> None:
        self.slept += 1

    def void(self, repository: Repository = REPOSITORY) -> int:
        return BulkVoid(self, self.said.append, self.sleep).run(repository, "renamed")


@pytest.fixture
def filled(service: Service) -> Service:
    for number in range(102):
        service.track(repository="octo/old-name", commit_hash=f"{number:040x}", cost_amount="0.01")
    service.track(repository="octo/new-name", commit_hash="a" * 40, cost_amount="7.00")
    return service


def asset(service: Service, name: str = "octo/old-name") -> tuple[int, str]:
    answer = service.get(f"/v1/assets/{name}", headers=KEY).get_json()
    return answer["contribution_count"], answer["total_cost"]


class TestVoidingARepository:
    def test_takes_all_of_it_out_and_nothing_else(self, filled: Service) -> None:
        asking = Asking(filled, {})
        assert asking.void() == 102
        assert asking.said == ["100 of 102 voided", "102 of 102 voided"]
        assert asset(filled) == (0, "0.00")
        assert asset(filled, "octo/new-name") == (1, "7.00")
        kept = filled.get("/v1/contributions?repository=octo/old-name&include_voided=true&limit=1")
        assert [item["void_reason"] for item in kept.get_json()] == ["renamed"]

    def test_goes_on_where_it_stopped(self, filled: Service) -> None:
        refused = Reply(403, {}, {"code": "forbidden", "detail": "No"})
        with pytest.raises(CommandError, match="403 forbidden: No"):
            Asking(filled, {40: [refused]}).void()
        assert asset(filled) == (62, "0.62")
        asking = Asking(filled, {})
        assert (asking.void(), asking.deleted) == (62, 62)
        assert asset(filled) == (0, "0.00")

    def test_waits_for_a_ledger_that_is_away(self, filled: Service) -> None:
        asking = Asking(filled, {7: [AWAY, Reply(0, reason="timed out"), Reply(429)]})
        assert (asking.void(), asking.slept) == (102, 3)

    def test_stops_where_it_stays_away(self, filled: Service) -> None:
        asking = Asking(filled, {7: [AWAY] * 12})
        with pytest.raises(CommandError, match="Firestore is away"):
            asking.void()
        assert (asking.deleted, asking.slept) == (7, 12)

    def test_takes_one_that_is_kept_under_its_number(self, service: Service) -> None:
        for number in (7, 8):
            service.track(repository="octo/old-name", repository_id=number)
        assert Asking(service, {}).void(Repository.parse_key("Octo/Old-Name~8")) == 1
        assert asset(service, "octo/old-name~8") == (0, "0.00")
        assert asset(service) == (1, "100.00")

    def test_says_where_there_is_no_such_repository(self, service: Service) -> None:
        with pytest.raises(CommandError, match="404"):
            Asking(service, {}).void()
