"""Every way to be refused: the status, the one form of a problem, and nothing stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from types import ModuleType
from typing import Any, NoReturn

import pytest
from google.api_core import exceptions as google_errors
from google.cloud.firestore import Client
from werkzeug.test import Client as HttpClient

from shared.embedded import EmbeddedFirestore
from shared.web.call import Call
from shared.web.entry_point import entry_point
from shared.web.operations import Access, Operation
from shared.web.settings import Settings
from tests.contract.books import documents
from tests.contract.fake_time import FakeTime
from tests.contract.spy import Before, Spy
from tests.http.framework import KEY, REPORT, Service, framework_app
from tests.http.problems import assert_problem

TRACK = "/v1/contributions/github"
BATCH = "/v1/contributions/github/batch"
KIB = 1024
MIB = 1024 * KIB


@pytest.fixture(autouse=True)
def _nothing_is_stored(database: Client) -> Iterator[None]:
    """After every test of this module, the ledger is as empty as before."""
    yield
    for collection in ("contributions", "contributors", "assets"):
        assert documents(database, collection) == {}


def with_metadata(value: str) -> bytes:
    """The report with this JSON text as a value in its metadata."""
    return json.dumps(REPORT | {"metadata": {"x": "HERE"}}).replace('"HERE"', value).encode()


class TestPath:
    @pytest.mark.parametrize(
        "path",
        [
            "/v1",
            "/v1/",
            "/v2/contributions",
            "/v1/contribution",
            "/v1/health//",
            "/v1/healthy",
            "/v1/contributorsx",
            "/__/health",
            "/v1/%00",
            "/v1/%E9",
            "/v1/<script>",
            "/v1/line%0Abreak",
            "/index.html",
            "/favicon.ico",
            "/robots.txt",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_that_does_not_exist_is_404(self, service: Service, method: str, path: str) -> None:
        problem = assert_problem(service.request(method, path, headers=KEY), 404, "not_found")
        assert problem["detail"] == "Path not found"

    def test_of_another_function_is_404_at_a_functions_own_url(self, service: Service) -> None:
        for path in ("/v1/health", "/__/health", "/v1/contributors"):
            assert_problem(service.get(path, at="track_github"), 404, "not_found")


class TestMethod:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", TRACK, "POST"),
            ("HEAD", TRACK, "POST"),
            ("PUT", TRACK, "POST"),
            ("OPTIONS", TRACK, "POST"),
            ("GET", BATCH, "POST"),
            ("GET", "/v1/webhooks/github", "POST"),
            ("DELETE", "/v1/contributions", "GET, HEAD, POST"),
            ("PATCH", "/v1/contributors", "GET, HEAD, POST"),
            ("PUT", "/v1/assets", "GET, HEAD, POST"),
            ("POST", "/v1/contributions/some-id", "DELETE, GET, HEAD"),
            ("DELETE", "/v1/assets/octo/repo", "GET, HEAD, PATCH"),
            ("POST", "/v1/contributors/a@b/contributions", "GET, HEAD"),
            ("POST", "/v1/health", "GET, HEAD"),
            ("TRACE", "/v1/health/ready", "GET, HEAD"),
            ("BREW", "/v1/health/tracking", "GET, HEAD"),
        ],
    )
    def test_that_a_path_does_not_have_is_405_and_names_those_it_has(
        self, service: Service, method: str, path: str, allowed: str
    ) -> None:
        response = service.request(method, path, headers=KEY)
        assert response.headers["Allow"] == allowed
        if method != "HEAD":
            assert_problem(response, 405, "method_not_allowed")

    @pytest.mark.parametrize(
        ("function", "allowed"),
        [
            ("track_github", "POST"),
            ("github_webhook", "POST"),
            ("contributions", "GET, HEAD, POST"),
            ("contributors", "GET, HEAD, POST"),
            ("assets", "GET, HEAD, POST"),
            ("health", "GET, HEAD"),
        ],
    )
    def test_at_a_functions_own_url_is_that_of_its_main_path(
        self, service: Service, function: str, allowed: str
    ) -> None:
        response = service.request("PATCH", "/", at=function)
        assert_problem(response, 405, "method_not_allowed")
        assert response.headers["Allow"] == allowed


class TestSize:
    def chunked(self, service: Service, size: int) -> Any:
        # Without a length, the body has to be read to know.
        return service.request(
            "POST",
            TRACK,
            headers=KEY | {"Transfer-Encoding": "chunked"},
            content_type="application/json",
            input_stream=BytesIO(b"{}".ljust(size)),
        )

    def declared(self, service: Service, size: int, path: str = TRACK) -> Any:
        return service.post(path, data=b"{}".ljust(size))

    def test_of_64_kib_is_read(self, service: Service) -> None:
        assert_problem(self.declared(service, 64 * KIB), 422, "invalid")
        assert_problem(self.chunked(service, 64 * KIB), 422, "invalid")

    @pytest.mark.parametrize("size", [64 * KIB + 1, 11 * MIB, 33 * MIB])
    def test_beyond_that_is_413_declared_or_chunked(self, service: Service, size: int) -> None:
        problem = assert_problem(self.declared(service, size), 413, "too_large")
        assert problem["detail"] == "The body may hold at most 65536 bytes"
        assert_problem(self.chunked(service, size), 413, "too_large")

    def test_of_a_batch_may_be_4_mib(self, service: Service) -> None:
        assert_problem(self.declared(service, 4 * MIB, BATCH), 422, "invalid")
        problem = assert_problem(self.declared(service, 4 * MIB + 1, BATCH), 413, "too_large")
        assert problem["detail"] == "The body may hold at most 4194304 bytes"

    def test_that_is_declared_absurdly_is_413_without_being_read(self, service: Service) -> None:
        response = service.request(
            "POST",
            TRACK,
            headers=KEY,
            content_type="application/json",
            input_stream=BytesIO(b"{}"),
            environ_overrides={"CONTENT_LENGTH": str(10**15)},
        )
        assert_problem(response, 413, "too_large")


class TestMediaType:
    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
            "application/ld+json",
            "json",
            "",
        ],
    )
    def test_other_than_json_is_415(self, service: Service, content_type: str) -> None:
        response = service.post(TRACK, REPORT, content_type=content_type)
        assert_problem(response, 415, "unsupported_media_type")

    @pytest.mark.parametrize("encoding", ["gzip", "identity", "br", "", "nonsense"])
    def test_with_any_content_encoding_is_415(self, service: Service, encoding: str) -> None:
        response = service.post(TRACK, REPORT, headers=KEY | {"Content-Encoding": encoding})
        problem = assert_problem(response, 415, "unsupported_media_type")
        assert problem["detail"] == "Send the body without Content-Encoding"


class TestBody:
    @pytest.mark.parametrize(
        "data",
        [b"", b"{", b"not json", b"[1", b"{'a': 1}", b"\xef\xbb\xbf{}", b"{} {}"],
    )
    def test_that_is_no_json_is_400(self, service: Service, data: bytes) -> None:
        problem = assert_problem(service.post(TRACK, data=data), 400, "malformed")
        assert problem["detail"].startswith("The body is not JSON")

    def test_that_is_not_utf_8_is_400(self, service: Service) -> None:
        data = json.dumps(REPORT | {"contributor_name": "é"}, ensure_ascii=False)
        problem = assert_problem(service.post(TRACK, data=data.encode("latin-1")), 400, "malformed")
        assert problem["detail"] == "The body is not UTF-8"

    @pytest.mark.parametrize(
        "data",
        [
            json.dumps(REPORT).replace("{", '{"commit_hash": "abcdef", ', 1).encode(),
            with_metadata('{"a": 1, "a": 1}'),
            with_metadata("NaN"),
            with_metadata("Infinity"),
            with_metadata("-Infinity"),
            with_metadata("1e999999999"),
            with_metadata("1e" + "9" * 40),
            with_metadata("9" * 100),
            with_metadata("9223372036854775808"),
            with_metadata('"\\u0000"'),
            with_metadata('"\\ud800"'),
            with_metadata('{"\\udfff": 1}'),
            with_metadata("[" * 5_000 + "]" * 5_000),
            with_metadata('{"a":' * 9 + "1" + "}" * 9),
            with_metadata("[[1]]"),
            with_metadata('{"": 1}'),
            with_metadata('{"__name__": 1}'),
            with_metadata('"' + "x" * 16_400 + '"'),
            b"[" * 60_000,
            b'{"a":' * 10_000,
            json.dumps([REPORT]).encode(),
            b"[]",
            b"null",
            b"1",
            b'"text"',
            b"true",
            b"{}",
        ],
        ids=lambda data: data[-40:].decode(),
    )
    def test_that_cannot_be_recorded_is_422(self, service: Service, data: bytes) -> None:
        problem = assert_problem(service.post(TRACK, data=data), 422, "invalid")
        assert problem["errors"]

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"contributor_email": "nobody"}, "/contributor_email"),
            ({"contributor_email": "a b@example.com"}, "/contributor_email"),
            ({"contributor_email": "a@b@example.com"}, "/contributor_email"),
            ({"contributor_email": None}, "/contributor_email"),
            ({"author_email": "nobody"}, "/author_email"),
            ({"repository": "Coherence-Network"}, "/repository"),
            ({"repository": "a/b/c"}, "/repository"),
            ({"commit_hash": "abc12"}, "/commit_hash"),
            ({"commit_hash": "not-hex"}, "/commit_hash"),
            ({"commit_hash": "a" * 65}, "/commit_hash"),
            ({"cost_amount": -0.01}, "/cost_amount"),
            ({"cost_amount": 10_000_000.5}, "/cost_amount"),
            ({"cost_amount": 0.0000001}, "/cost_amount"),
            ({"cost_amount": True}, "/cost_amount"),
            ({"cost_amount": "1e3"}, "/cost_amount"),
            ({"cost_amount": []}, "/cost_amount"),
            ({"metadata": "text"}, "/metadata"),
            ({"metadata": {"files_changed": "three"}}, "/metadata"),
            ({"metadata": {"lines_added": -1}}, "/metadata"),
            ({"metadata": {"lines_deleted": 1.5}}, "/metadata"),
            ({"timestamp": "2024-05-01"}, "/timestamp"),
            ({"timestamp": "0001-01-01T00:00:00+00:01"}, "/timestamp"),
            ({"co_authors": [{"email": "nobody"}]}, "/co_authors/0/email"),
            ({"co_authors": [{"email": f"{n}@x.org"} for n in range(51)]}, "/co_authors"),
            ({"url": "javascript:alert(1)"}, "/url"),
            ({"contributor_name": "n" * 257}, "/contributor_name"),
            ({"contributor_id": "1"}, "/contributor_id"),
            ({"test@example.com": 1}, "/***@example.com"),
        ],
        ids=lambda value: str(value)[:50],
    )
    def test_with_a_bad_field_is_422_and_points_at_it(
        self, service: Service, changes: dict[str, Any], pointer: str
    ) -> None:
        problem = assert_problem(service.track(**changes), 422, "invalid")
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


class TestQuery:
    @pytest.mark.parametrize(
        ("path", "pointer"),
        [
            ("/v1/contributors?limits=1", "?"),
            ("/v1/contributors?test@example.com=1", "?"),
            ("/v1/contributors?limit=1&limit=2", "?limit"),
            ("/v1/health?verbose=1", "?"),
            ("/v1/health/ready?verbose=1", "?"),
        ],
    )
    def test_of_unknown_or_repeated_parameters_is_422(
        self, service: Service, path: str, pointer: str
    ) -> None:
        problem = assert_problem(service.get(path), 422, "invalid")
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


class TestFirestore:
    @pytest.fixture
    def away(self, store: EmbeddedFirestore) -> Service:
        """The service while every call to Firestore fails."""
        client = store.client()
        spy = Spy(client)
        for method in ("commit", "batch_get_documents", "run_query"):
            spy.fail(method, *[Before(google_errors.ServiceUnavailable("down"))] * 1_000)
        return Service(lambda: client, timing=FakeTime().timing)

    @pytest.mark.parametrize(
        "path", ["/v1/contributors", "/v1/assets", "/v1/contributions", "/v1/health/ready"]
    )
    def test_away_is_503_with_the_time_to_wait_for_readers(self, away: Service, path: str) -> None:
        response = away.get(path)
        assert_problem(response, 503, "unavailable")
        assert int(response.headers["Retry-After"]) >= 1

    def test_away_is_503_with_the_time_to_wait_for_writers(self, away: Service) -> None:
        response = away.track()
        problem = assert_problem(response, 503, "unavailable")
        assert "nothing is lost" in problem["detail"]
        assert int(response.headers["Retry-After"]) >= 1

    def test_away_leaves_the_process_alive(self, away: Service) -> None:
        assert away.get("/v1/health").status_code == 200


class TestUnexpected:
    def test_error_is_500_without_its_text(self, service: Service) -> None:
        def explode(_: Call) -> NoReturn:
            raise RuntimeError("secret test@example.com")

        health = ModuleType("functions.health")
        health.__dict__["explode"] = Operation("GET", "/v1/health", Access.OPEN)(explode)
        app = framework_app(lambda: entry_point(health, service.services))
        response = HttpClient(app).get("/v1/health")
        problem = assert_problem(response, 500, "internal")
        assert "secret" not in problem["detail"]
        assert not any("secret" in line or "@" in line for line in service.logged)

    def test_text_in_files_changed_is_no_500(self, service: Service) -> None:
        response = service.track(metadata={"files_changed": "main.py, test.py"})
        assert_problem(response, 422, "invalid")


def test_without_any_key_configured_a_write_is_503_and_says_why(store: EmbeddedFirestore) -> None:
    service = Service(store.client, Settings())
    for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "anything"}, {"Authorization": "Bearer "}):
        response = service.post(TRACK, REPORT, headers=headers)
        problem = assert_problem(response, 503, "no_key_configured")
        assert "LEDGER_API_KEYS" in problem["detail"]
