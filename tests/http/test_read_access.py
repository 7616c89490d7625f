"""With LEDGER_READ_ACCESS=key, nobody reads anything without a key but whether all is well."""

from __future__ import annotations

from typing import Any

import pytest

from shared.commands.openapi.declared import operations
from shared.embedded import EmbeddedFirestore
from shared.web.operations import Access
from shared.web.settings import ReadAccess, Settings
from tests.http.framework import KEY, REPORT, Service
from tests.http.problems import assert_problem

READS = [operation for operation in operations() if operation.method == "GET"]


@pytest.fixture
def closed(store: EmbeddedFirestore) -> Service:
    """A service with one contribution, whose reads need a key."""
    settings = Settings(api_keys={"ci": "s3cret"}, read_access=ReadAccess.KEY)
    service = Service(store.client, settings)
    service.track(contributor_email="somebody@hidden.test")
    return service


@pytest.fixture
def names(closed: Service) -> dict[str, str]:
    """What stands in for the parameters of the paths."""
    [contribution] = closed.get("/v1/contributions", headers=KEY).get_json()
    return {
        "id": contribution["id"],
        "key": contribution["contributor_id"],
        "asset": contribution["asset_id"],
    }


def path_of(template: str, names: dict[str, str]) -> str:
    key = names["asset"] if template.startswith("/v1/assets") else names["key"]
    return template.format(**names | {"key": key})


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}], ids=["no key", "wrong key"])
def test_every_read_but_health_is_closed(
    closed: Service, names: dict[str, str], operation: Any, headers: dict[str, str]
) -> None:
    path = path_of(operation.path, names)
    answer = closed.get(path, headers=headers)
    if operation.function == "health":
        assert operation.access is Access.OPEN
        assert answer.status_code == 200
        assert "hidden.test" not in answer.get_data(as_text=True)
    else:
        assert_problem(answer, 401, "unauthenticated")
        query = {"amount": "1"} if operation.name == "distribute" else {}
        assert closed.get(path, headers=KEY, query_string=query).status_code == 200


def test_what_is_not_there_is_closed_as_well(closed: Service) -> None:
    for path in ("/v1/contributions/o/r@abc123", "/v1/assets/o/r", "/v1/contributors/a@b"):
        assert_problem(closed.get(path), 401, "unauthenticated")
        assert_problem(closed.get(path, headers=KEY), 404, "not_found")


def test_head_is_closed_as_well(closed: Service) -> None:
    assert closed.request("HEAD", "/v1/contributions").status_code == 401


class TestTracking:
    """Whether tracking works is for everybody to know, and what is tracked is not."""

    PATH = "/v1/health/tracking"

    @pytest.fixture(autouse=True)
    def rejected(self, closed: Service) -> None:
        closed.track(repository="octo/secret", cost_amount=-1)

    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}], ids=["no key", "wrong key"])
    def test_is_its_status_alone_without_a_key(
        self, closed: Service, headers: dict[str, str]
    ) -> None:
        for query in ("", "?strict=true", "?strict=false"):
            answer = closed.get(f"{self.PATH}{query}", headers=headers)
            assert answer.get_json() == {"status": "receiving"}

    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": "wrong"}], ids=["no key", "wrong key"])
    @pytest.mark.parametrize("repository", [REPORT["repository"], "octo/none", "nonsense"])
    @pytest.mark.parametrize("strict", ["true", "false", "maybe"])
    def test_of_a_repository_needs_a_key(
        self, closed: Service, headers: dict[str, str], repository: str, strict: str
    ) -> None:
        path = f"{self.PATH}?repository={repository}&strict={strict}"
        assert_problem(closed.get(path, headers=headers), 401, "unauthenticated")

    def test_is_all_of_it_with_a_key(self, closed: Service) -> None:
        answer = closed.get(self.PATH, headers=KEY).get_json()
        assert answer["newest_repository"] == REPORT["repository"]
        assert answer["latest_rejection"]["repository"] == "octo/secret"
        of_it = closed.get(f"{self.PATH}?repository={REPORT['repository']}", headers=KEY)
        assert of_it.get_json()["contributions"] == 1
