"""What answers say of themselves: who may keep them, and which pages may read them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.embedded import EmbeddedFirestore
from shared.web.settings import ReadAccess, Settings
from tests.http.framework import KEY, Service

PUBLIC = "public, max-age=0, s-maxage=15"
READS = [
    "/v1/contributions",
    "/v1/contributors",
    "/v1/assets",
    "/v1/assets/seeker71/Coherence-Network",
    "/v1/assets/seeker71/Coherence-Network/contributions",
    "/v1/contributions/seeker71/Coherence-Network@abc123",
]
PAGE = "https://pages.example"
EXPOSED = "Link, ETag, Retry-After, Idempotency-Replayed, Idempotency-Differs"


@pytest.fixture
def tracked(service: Service) -> Service:
    service.track()
    return service


class TestCaching:
    @pytest.mark.parametrize("path", READS)
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_is_for_public_reads(self, tracked: Service, path: str, method: str) -> None:
        answer = tracked.request(method, path)
        assert answer.headers["Cache-Control"] == PUBLIC
        assert answer.headers["ETag"].startswith('"')

    @pytest.mark.parametrize(
        ("method", "path", "headers"),
        [
            ("GET", READS[0], KEY),
            ("GET", READS[0], {"Authorization": "Basic x"}),
            ("GET", READS[0], {"X-API-Key": ""}),
            ("GET", f"{READS[0]}?limit=0", {}),
            ("GET", "/v1/assets/octo/none", {}),
            ("GET", "/v1/health", {}),
            ("GET", "/v1/health/tracking", {}),
            ("GET", "/nowhere", {}),
            ("POST", READS[0], {}),
            ("PUT", READS[0], {}),
            ("OPTIONS", READS[0], {"Origin": PAGE, "Access-Control-Request-Method": "GET"}),
        ],
    )
    def test_is_for_nothing_else(
        self, tracked: Service, method: str, path: str, headers: dict[str, str]
    ) -> None:
        answer = tracked.request(method, path, headers=headers)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers

    def test_is_for_nothing_at_all_where_reads_need_a_key(self, store: EmbeddedFirestore) -> None:
        settings = Settings(api_keys={"ci": "s3cret"}, read_access=ReadAccess.KEY)
        service = Service(store.client, settings)
        for headers in (KEY, {}):
            answer = service.get(READS[0], headers=headers)
            assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", READS)
    def test_spares_who_has_it_already_the_body(self, tracked: Service, path: str) -> None:
        first = tracked.get(path)
        etag = first.headers["ETag"]
        again = tracked.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
        assert (again.status_code, again.get_data()) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"] == PUBLIC
        assert again.headers.get("Link") == first.headers.get("Link")
        other = tracked.get(path, headers={"If-None-Match": '"other"'})
        assert other.get_json() == first.get_json()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("If-Match", '"other"'),
            ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"),
            ("If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT"),
            ("Range", "bytes=0-5"),
            ("If-None-Match", '"unterminated'),
            ("If-None-Match", "W/*"),
        ],
    )
    def test_minds_no_other_condition(self, tracked: Service, name: str, value: str) -> None:
        answer = tracked.get(READS[0], headers={name: value})
        assert (answer.status_code, len(answer.get_json())) == (200, 1)

    def test_shows_what_has_changed(self, tracked: Service) -> None:
        etag = tracked.get(READS[0]).headers["ETag"]
        tracked.track(commit_hash="bbbbbb")
        answer = tracked.get(READS[0], headers={"If-None-Match": etag})
        assert answer.status_code == 200
        assert answer.headers["ETag"] != etag

    def test_is_no_way_around_a_key(self, tracked: Service) -> None:
        etag = tracked.get(READS[1]).headers["ETag"]
        answer = tracked.get(READS[1], headers=KEY | {"If-None-Match": etag})
        assert answer.get_json()[0]["email"] == "test@example.com"


class TestPagesOfOthers:
    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", READS[0]), ("HEAD", READS[0]), ("GET", "/nowhere"), ("POST", READS[0])],
    )
    def test_may_read_answers_and_errors(self, tracked: Service, method: str, path: str) -> None:
        answer = tracked.request(method, path, headers={"Origin": PAGE})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Expose-Headers"] == EXPOSED
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" not in answer.headers["Vary"]

    def test_may_not_read_what_they_write(self, service: Service) -> None:
        assert service.track().status_code == 201
        assert "Access-Control-Allow-Origin" not in service.track().headers

    @pytest.mark.parametrize("path", [*READS, "/v1/health", "/v1/contributions/"])
    def test_may_ask_before_they_read_with_a_key(self, service: Service, path: str) -> None:
        answer = preflight(service, path)
        assert (answer.status_code, answer.get_data()) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
        assert answer.headers["Access-Control-Allow-Headers"] == "X-API-Key, Authorization"

    def test_may_ask_where_reads_need_a_key(self, store: EmbeddedFirestore) -> None:
        service = Service(store.client, Settings(read_access=ReadAccess.KEY))
        assert preflight(service, READS[0]).status_code == 204

    @pytest.mark.parametrize(
        ("path", "status"), [("/nowhere", 404), ("/v1/contributions/github", 405)]
    )
    def test_hear_of_what_is_not_there(self, service: Service, path: str, status: int) -> None:
        answer = preflight(service, path)
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


class TestChosenPages:
    @pytest.fixture
    def service(self, store: EmbeddedFirestore) -> Service:
        return Service(store.client, Settings(cors_origins=frozenset({PAGE})))

    def test_may_read(self, service: Service) -> None:
        for answer in (
            service.get(READS[0], headers={"Origin": PAGE}),
            preflight(service, READS[0]),
        ):
            assert answer.headers["Access-Control-Allow-Origin"] == PAGE
            assert answer.headers["Vary"].startswith("X-API-Key, Authorization, Origin")

    @pytest.mark.parametrize(
        "origin", ["https://other.example", f"{PAGE}.evil.example", "null", ""]
    )
    def test_are_no_others(self, service: Service, origin: str) -> None:
        for path in (READS[0], "/nowhere"):
            for answer in (
                service.get(path, headers={"Origin": origin}),
                preflight(service, path, origin),
            ):
                assert "Access-Control-Allow-Origin" not in answer.headers
                assert answer.headers["Vary"].startswith("X-API-Key, Authorization, Origin")


def preflight(service: Service, path: str, origin: str = PAGE) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-api-key",
    }
    return service.request("OPTIONS", path, headers=headers)
