"""What a smoke check leaves behind is in no list, and in no count, in its course and afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from shared.commands.service import Reply
from shared.commands.smoke import SmokeCheck
from tests.http.framework import KEY, Service

LISTS = [
    "/v1/contributions?include_voided=true",
    "/v1/contributions",
    f"/v1/contributions?include_voided=true&commit_hash={'a' * 40}",
    *(f"/v1/contributors?sort={sort}" for sort in ("created", "recent", "total_cost", "name")),
    *(f"/v1/assets?sort={sort}" for sort in ("created", "recent", "total_cost", "name")),
]


def listed(service: Service, path: str) -> list[Any]:
    """Everything in a list, page by page, each with one item."""
    found: list[Any] = []
    onward = f"{path}{'&' if '?' in path else '?'}limit=1"
    while onward:
        answer = service.get(onward, headers=KEY)
        assert answer.status_code == 200
        found += answer.get_json()
        onward = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
    return found


@pytest.fixture
def ask(service: Service) -> Any:
    def ask(method: str, path: str, body: Any = None) -> Reply:
        answer = service.request(method, path, headers=KEY, **({"json": body} if body else {}))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, headers, answer.get_json())

    return ask


def check(ask: Any, commit_hash: str = "a" * 40) -> bool:
    return SmokeCheck(ask, commit_hash=commit_hash, say=lambda _: None).run()


class TestASmokeCheck:
    @pytest.mark.parametrize("path", LISTS)
    def test_stands_in_no_list(self, service: Service, ask: Any, path: str) -> None:
        assert check(ask)
        assert listed(service, path) == []

    @pytest.mark.parametrize("path", LISTS)
    def test_stands_in_no_list_while_it_runs(self, service: Service, ask: Any, path: str) -> None:
        seen: list[Any] = []

        def asking(method: str, at: str, body: Any = None) -> Reply:
            seen.extend(listed(service, path))
            reply: Reply = ask(method, at, body)
            return reply

        assert check(asking)
        assert seen == []

    def test_is_no_tracking(self, service: Service, ask: Any) -> None:
        before = service.get("/v1/health/tracking").get_json()
        assert check(ask)
        assert service.get("/v1/health/tracking").get_json() == before

    def test_hides_nothing_else(self, service: Service, ask: Any) -> None:
        assert check(ask)
        service.track(commit_hash="a" * 40)
        assert check(ask, "b" * 40)
        service.track(contributor_email="ada@example.com", commit_hash="c" * 40)
        assert [len(listed(service, path)) for path in LISTS] == [2, 2, 1, 2, 2, 2, 2, 1, 1, 1, 1]

    def test_is_found_by_who_asks_for_it(self, service: Service, ask: Any) -> None:
        assert check(ask)
        path = "/v1/contributions?include_voided=true&repository=ledger/smoke-check"
        assert len(listed(service, path)) == 1
        assert service.get("/v1/assets/ledger/smoke-check").status_code == 200
