"""Hostile requests: refused in few words, and what is odd but valid does no harm."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from google.cloud.firestore import Client
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize, NoMoreData
from werkzeug.exceptions import ClientDisconnected

from tests.contract.books import assert_balanced, documents
from tests.http.framework import KEY, REPORT, Service
from tests.http.problems import assert_problem

TRACK = "/v1/contributions/github"
BATCH = "/v1/contributions/github/batch"
UNKNOWN_ID = "abbc9bee-8e88-5880-a7cf-6b8cc3fc7188"
TRICKS = [
    "..",
    "../contributions/x",
    "%2e%2e",
    "%2e%2e%2f",
    "%252e",
    "\x00",
    "a\x00b@example.com",
    "__x__",
    "__x__@__y__",
    ".",
    "/",
    "//",
    "/etc/passwd",
    "..\\..",
    "\u2025",
    "x" * 1500,
    "x" * 1500 + "@example.com",
    "octo/" + "x" * 1500,
    "octo/..",
    "octo/.",
    "\xc0\xae",
    "\r\nSet-Cookie: a=b",
    "keys/aaaaaaaaaaaaaaaa/x",
    "${jndi:ldap://x}",
    "' OR 1=1 --",
    "\U0001f600",
]
GOOD_IDS = {"contributor_id": UNKNOWN_ID, "asset_id": UNKNOWN_ID, "cost_amount": 1}


class Broken:
    """A body that ends in an error of the server's."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        raise self._error


class TestBrokenBody:
    @pytest.mark.parametrize(
        "error",
        [
            InvalidChunkSize(b"zz"),
            ChunkMissingTerminator(b"zz"),
            NoMoreData(),
            ClientDisconnected(),
            ConnectionResetError(),
        ],
        ids=lambda error: type(error).__name__,
    )
    @pytest.mark.parametrize("path", [TRACK, BATCH, "/v1/contributions", "/v1/nowhere"])
    def test_is_the_clients_fault(self, service: Service, path: str, error: Exception) -> None:
        def send(headers: dict[str, str]) -> Any:
            return service.request(
                "POST",
                path,
                headers={**headers, "Transfer-Encoding": "chunked"},
                content_type="application/json",
                environ_overrides={"wsgi.input": Broken(error)},
            )

        if path == "/v1/nowhere":
            assert_problem(send(KEY), 404, "not_found")
            return
        problem = assert_problem(send(KEY), 400, "malformed")
        assert "ended early" in problem["detail"]
        assert_problem(send({}), 401, "unauthenticated")

    def test_that_stalls_is_too_slow(self, service: Service) -> None:
        response = service.request(
            "POST",
            TRACK,
            headers={**KEY, "Transfer-Encoding": "chunked"},
            content_type="application/json",
            environ_overrides={"wsgi.input": Broken(TimeoutError())},
        )
        assert_problem(response, 408, "too_slow")

    def test_that_is_shorter_than_declared_is_not_recorded(
        self, service: Service, database: Client
    ) -> None:
        body = json.dumps(REPORT).encode()
        response = service.request(
            "POST",
            TRACK,
            headers=KEY,
            content_type="application/json",
            input_stream=BytesIO(body),
            environ_overrides={"CONTENT_LENGTH": str(len(body) + 1)},
        )
        problem = assert_problem(response, 400, "malformed")
        assert problem["detail"] == "The body ended early"
        assert documents(database, "contributions") == {}


class TestFlood:
    @pytest.mark.parametrize(
        "flood",
        [
            {f"field{number}": 1 for number in range(3_000)},
            REPORT | {f"field{number}": 1 for number in range(3_000)},
            REPORT | {"co_authors": [{f"field{n}": 1 for n in range(3_000)}]},
            REPORT | {"co_authors": [{f"f{n}": 1 for n in range(20)}] * 50},
            REPORT | {"co_authors": [None] * 10_000},
            REPORT | {"x" * 60_000: 1},
            REPORT | {"commit_hash": "x" * 60_000},
            REPORT | {"metadata": {"x" * 1_600: 1}},
        ],
        ids=lambda flood: f"{len(flood)} fields",
    )
    def test_of_faults_is_answered_and_logged_in_few_words(
        self, service: Service, flood: dict[str, Any]
    ) -> None:
        single = service.post(TRACK, flood)
        problem = assert_problem(single, 422, "invalid")
        assert 1 <= len(problem["errors"]) <= 20
        batch = service.post(BATCH, {"repository": "octo/one", "commits": [flood]})
        assert batch.get_json()["counts"]["invalid"] == 1
        for response in (single, batch):
            assert len(response.get_data()) < 20_000
        assert all(len(line) < 10_000 for line in service.logged)

    def test_of_all_faults_that_a_batch_has_room_for_is_bounded(self, service: Service) -> None:
        bad = {f"f{number}": 1 for number in range(20)}
        response = service.post(BATCH, {"repository": "octo/one", "commits": [bad] * 500})
        assert response.get_json()["counts"]["invalid"] == 500
        assert len(response.get_data()) < 1024 * 1024


class TestTricks:
    """Names that mean something to a file system, a shell, a URL or Firestore."""

    @pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: repr(trick)[:30])
    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            (TRACK, REPORT, "repository"),
            (TRACK, REPORT, "commit_hash"),
            (TRACK, REPORT, "cost_amount"),
            (TRACK, REPORT, "timestamp"),
            (TRACK, REPORT, "url"),
            (BATCH, {"commits": [{}]}, "repository"),
            ("/v1/contributions", GOOD_IDS, "contributor_id"),
            ("/v1/contributions", GOOD_IDS, "asset_id"),
            ("/v1/contributions", GOOD_IDS, "corrects"),
        ],
    )
    def test_as_a_name_of_something_are_refused_and_keep_nothing(
        self,
        service: Service,
        database: Client,
        path: str,
        body: dict[str, Any],
        field: str,
        trick: str,
    ) -> None:
        response = service.post(path, body | {field: trick})
        assert response.status_code in {404, 422}
        assert_problem(response, response.status_code, response.get_json()["code"])
        for collection in ("contributions", "contributors", "assets"):
            assert documents(database, collection) == {}

    @pytest.mark.parametrize("trick", TRICKS, ids=lambda trick: repr(trick)[:30])
    @pytest.mark.parametrize(
        "pattern", ["/v1/contributions/{}", "/v1/contributors/{}", "/v1/assets/{}"]
    )
    def test_as_a_key_in_a_path_find_nothing_and_keep_nothing(
        self, service: Service, database: Client, pattern: str, trick: str
    ) -> None:
        # As a server hands it over: decoded once, as bytes.
        raw = pattern.format(trick).encode().decode("latin-1")
        for method in ("GET", "DELETE"):
            response = service.request(
                method, "/", headers=KEY, environ_overrides={"PATH_INFO": raw}
            )
            assert response.status_code in {404, 405}
            assert_problem(response, response.status_code, response.get_json()["code"])
        assert documents(database, "contributions") == {}

    @pytest.mark.parametrize(
        "email",
        [
            "__x__@__y__",
            ".@x",
            "../../keys/x@y",
            "a/b@c/d",
            "a~2fb@c",
            "a%2fb@c",
            "`rm`@$(x)",
            "<script>@x",
            "'or'1'='1@x",
            "@".join(["x" * 126, "y" * 127]),
            "é@ü",
            "*@*",
            "a@..",
        ],
    )
    def test_as_an_odd_address_are_somebody_of_their_own(
        self, service: Service, database: Client, email: str
    ) -> None:
        service.track(contributor_email="plain@example.com")
        recorded = service.track(contributor_email=email, commit_hash="bbbbbb")
        assert recorded.status_code == 201
        found = service.get(f"/v1/contributors/{quote(email, safe='')}", headers=KEY).get_json()
        assert (found["email"], found["contribution_count"]) == (email, 1)
        assert len(documents(database, "contributors")) == 2
        assert documents(database, "keys") == {}
        assert_balanced(database)
