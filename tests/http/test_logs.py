"""The log of a whole service: a line for each request, and nobody's address or key in any."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied
from werkzeug.test import TestResponse

from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.embedded import EmbeddedFirestore
from shared.web.large_bodies import LARGE, LargeBodies
from shared.web.logs import Log
from shared.web.settings import Settings
from tests.contract.spy import Before, Spy
from tests.http.framework import KEY, REPORT, Service

TRACK = "/v1/contributions/github"
BATCH = "/v1/contributions/github/batch"
WEBHOOK = "/v1/webhooks/github"
SECRET = "hook-s3cret"
SALT = "salt-s3cret"
PUSH = Path(__file__).parents[1] / "data" / "webhooks" / "push-first-commit.json"
TRACE = "105445aa7843bc8bf206b12000100000"
# An address that is not masked, with its at sign plain or as a URL or JSON can write it.
ADDRESS = re.compile(r"[^\s*](@|%40|\\u0040)\S", re.IGNORECASE)


@pytest.fixture
def service(store: EmbeddedFirestore) -> Service:
    settings = Settings(
        api_keys={"ci": "s3cret"}, webhook_secrets={"main": SECRET}, log_salt=SALT, project="p-1"
    )
    service = Service(store.client, settings)
    service.services.log = Log(salt=SALT, project="p-1", write=service.logged.append)
    return service


def lines(service: Service) -> list[dict[str, Any]]:
    """The lines so far, parsed."""
    assert not any("\n" in line for line in service.logged)
    return [json.loads(line) for line in service.logged]


def last(service: Service) -> dict[str, Any]:
    return lines(service)[-1]


def deliver(service: Service, body: bytes, *, secret: str = SECRET, **headers: str) -> TestResponse:
    signature = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    return service.post(WEBHOOK, data=body, headers=given | named)


class TestLine:
    def test_is_written_for_each_request_with_its_outcome(self, service: Service) -> None:
        service.get("/v1/health")
        service.track()
        service.track()
        service.track(cost_amount=-1)
        service.get("/v1/nowhere")
        assert [line["message"] for line in lines(service)] == [
            "GET /v1/health 200 ok",
            "POST /v1/contributions/github 201 recorded",
            "POST /v1/contributions/github 200 replayed",
            "POST /v1/contributions/github 422 invalid",
            "GET unknown 404 not_found",
        ]
        assert [line["severity"] for line in lines(service)] == ["INFO"] * 3 + ["WARNING"] * 2

    @pytest.mark.parametrize("method", ["ADA%40EXAMPLE.COM", "ADA"])
    def test_names_no_method_that_there_is_not(self, service: Service, method: str) -> None:
        assert service.request(method, "/v1/assets").status_code == 405
        line = last(service)
        assert line["message"] == "UNKNOWN unknown 405 method_not_allowed"
        assert line["httpRequest"]["requestMethod"] == "UNKNOWN"

    def test_tells_what_was_recorded_by_whom_and_for_what(self, service: Service) -> None:
        response = service.track()
        line = last(service)
        assert line["httpRequest"].pop("latency").endswith("s")
        assert line == {
            "severity": "INFO",
            "message": "POST /v1/contributions/github 201 recorded",
            "httpRequest": {
                "requestMethod": "POST",
                "requestUrl": "/v1/contributions/github",
                "status": 201,
            },
            "function": "track_github",
            "request_id": response.headers["X-Request-Id"],
            "outcome": "recorded",
            "caller": "ci",
            "repository": "seeker71/Coherence-Network",
            "commit_hash": "abc123",
            "contributor": Log(salt=SALT).pseudonym("test@example.com"),
        }

    def test_tells_code_and_reason_of_a_rejection(self, service: Service) -> None:
        service.track(cost_amount=-1)
        line = last(service)
        assert (line["code"], line["outcome"]) == ("invalid", "invalid")
        assert line["reason"] == "/cost_amount: must be from 0 to 10,000,000"

    def test_counts_the_outcomes_of_a_batch(self, service: Service) -> None:
        commit = {name: REPORT[name] for name in ("contributor_email", "commit_hash")}
        service.post(BATCH, {"repository": "octo/one", "commits": [commit, commit, {}]})
        line = last(service)
        assert line["counts"] == {"recorded": 1, "replayed": 1, "invalid": 1}
        assert (line["outcome"], line["code"]) == ("batch", "invalid")
        assert line["reason"].startswith("1 of 3 commits, first None: /contributor_email: ")

    def test_holds_no_address_of_a_batch(self, service: Service) -> None:
        bad = {"commit_hash": "ada@example.com", "contributor_email": "bea@example.com x"}
        service.post(BATCH, {"repository": "octo/one", "commits": [bad]})
        assert last(service)["code"] == "invalid"
        assert "@example.com" not in service.logged[-1].replace("***@example.com", "")

    @pytest.mark.parametrize("url", ["http://hidden@exam\u2100ple.com/", "http://[hidden@x]/"])
    def test_holds_nothing_of_a_url_that_is_refused(self, service: Service, url: str) -> None:
        problem = service.track(url=url).get_json()
        assert problem["detail"] == "/url: must be an http or https URL"
        assert "hidden" not in service.logged[-1]

    def test_tells_why_something_is_unavailable(self, service: Service) -> None:
        service.services.large_bodies = LargeBodies(1, patience=0)
        with service.services.large_bodies.turn(LARGE):
            service.post(BATCH, {"repository": "octo/one", "commits": [], "filler": "x" * LARGE})
        line = last(service)
        assert line["code"] == "unavailable"
        assert line["reason"] == "Too many large requests at once; nothing is lost, try again"

    def test_tells_secret_and_delivery_of_a_webhook_by_name(self, service: Service) -> None:
        body = PUSH.read_bytes()
        deliver(service, body, X_GitHub_Delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958")
        line = last(service)
        assert line["caller"] == "webhook:main"
        assert line["delivery"] == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
        assert line["repository"] == "Codertocat/Hello-World"

    def test_tells_the_place_of_an_unexpected_error(self, store: EmbeddedFirestore) -> None:
        spy = Spy(store.client())
        spy.fail("run_query", Before(PermissionDenied("test@example.com")))
        service = Service(lambda: spy.client)
        service.get("/v1/contributors")
        line = last(service)
        assert line["severity"] == "ERROR"
        assert line["error"].startswith("PermissionDenied in ")

    def test_names_the_trace(self, service: Service) -> None:
        service.get("/v1/health", headers={"X-Cloud-Trace-Context": f"{TRACE}/1;o=1"})
        assert last(service)["logging.googleapis.com/trace"] == f"projects/p-1/traces/{TRACE}"


class TestRequestId:
    def test_of_the_client_is_echoed_and_logged(self, service: Service) -> None:
        response = service.get("/v1/health", headers={"X-Request-Id": "run-42.1"})
        assert response.headers["X-Request-Id"] == "run-42.1"
        assert last(service)["request_id"] == "run-42.1"

    def test_of_a_failure_is_in_the_answer_too(self, service: Service) -> None:
        response = service.post(TRACK, {}, headers={"X-Request-Id": "run-43"})
        assert response.status_code == 401
        assert response.headers["X-Request-Id"] == "run-43"

    @pytest.mark.parametrize(
        "given", ["a b", "x" * 65, "x" * 10_000, "test@example.com", '"}{"', "\xe9", ""]
    )
    def test_that_is_hostile_is_replaced_by_one_of_our_own(
        self, service: Service, given: str
    ) -> None:
        response = service.get("/v1/health", headers={"X-Request-Id": given})
        assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-Id"])
        assert last(service)["request_id"] == response.headers["X-Request-Id"]


def hostile_reports() -> list[Mapping[str, Any]]:
    """Reports with addresses where none belongs."""
    address = "hidden@example.com"
    fields = (
        "repository",
        "commit_hash",
        "cost_amount",
        "timestamp",
        "url",
        "metadata",
        "co_authors",
        "author_email",
        "contributor_name",
        address,
    )
    return [
        *(REPORT | {field: address} for field in fields),
        REPORT | {"contributor_email": "hidden @example.com"},
        REPORT | {"contributor_email": "a@hidden@example.com"},
        REPORT | {"url": f"https://{address}/hidden@x"},
        REPORT | {"metadata": {address: address, "files_changed": address}},
        REPORT | {"metadata": {address: {address: [address, {"": address}]}}},
        REPORT | {"co_authors": [{"email": "hidden", address: address}, address]},
        {f"hidden{number}@example.com": address for number in range(100)},
    ]


def test_no_line_holds_an_address_a_key_or_a_signature(service: Service) -> None:
    """Everything that a service is asked, with addresses wherever one can be put."""
    kept_id, kept = make_key(id_bytes=bytes(10), secret_bytes=bytes(range(32)))
    digest = key_digest(kept.encode())
    service.services.ledger.keys.create(
        ApiKey(id=kept_id, name="kept", scope=Scope.ADMIN, digest=digest)
    )
    address, encoded = "hidden@example.com", "hidden%40example.com"
    admin = {"X-API-Key": kept}

    contribution = service.post(
        TRACK, REPORT | {"contributor_email": address}, headers=admin
    ).get_json()
    for report in hostile_reports():
        service.post(TRACK, report)
        service.post(BATCH, {"repository": "octo/one", "commits": [report]})
        service.post(BATCH, report)
        for path in ("/v1/contributions", "/v1/contributors", "/v1/assets"):
            service.post(path, report)

    for headers in ({}, KEY, admin, {"X-API-Key": address}, {"Authorization": f"Bearer {address}"}):
        for path in (
            f"/v1/contributors/{address}",
            f"/v1/contributors/{encoded}",
            f"/v1/contributors/{address}/contributions",
            f"/v1/contributors?{address}={address}",
            f"/v1/contributors?sort={address}",
            f"/v1/contributors?page_token={address}",
            f"/v1/contributions?contributor={address}",
            f"/v1/contributions?contributor={encoded}&repository={address}",
            f"/v1/contributions?since={address}",
            f"/v1/contributions?commit_hash={address}",
            f"/v1/contributions/{address}",
            f"/v1/contributions/octo/one@{address}",
            f"/v1/assets/{address}",
            f"/v1/assets/{address}/{address}/contributions",
            f"/v1/health?{address}",
            f"/v1/health/tracking?repository={address}",
            f"/{address}",
            f"/v1/{kept}",
            f"/v1/contributors?X-API-Key={kept}",
        ):
            service.get(path, headers=headers)
        service.request(
            "DELETE",
            f"/v1/contributions/{contribution['id']}?reason=for {address}",
            headers=headers,
        )
        service.request("DELETE", f"/v1/contributions/{address}", headers=headers)

    push = PUSH.read_text(encoding="utf-8")
    for text in (push, push.replace("Codertocat/Hello-World", address), push.replace('"', address)):
        deliver(service, text.encode(), X_GitHub_Delivery=address)
        deliver(service, text.encode(), X_GitHub_Event=address)
        deliver(service, text.encode(), secret="wrong")
        deliver(service, text.encode(), X_Hub_Signature_256=f"sha256={address}")
    for name in (
        "X-Request-Id",
        "User-Agent",
        "Idempotency-Key",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Referer",
        "X-Cloud-Trace-Context",
        "traceparent",
        "From",
    ):
        service.post("/v1/contributions", REPORT, headers=KEY | {name: address})
        service.get("/v1/contributions", headers={name: address})
    service.post(TRACK, data=f'{{"a": "{address}'.encode())
    service.post(TRACK, data=address.encode())
    service.post(TRACK, REPORT, content_type=address)

    assert len(service.logged) > 200
    statuses = {line["httpRequest"]["status"] for line in lines(service)}
    assert {200, 201, 202, 400, 401, 404, 415, 422} <= statuses
    assert not {status for status in statuses if status >= 500}
    secrets = ["s3cret", SECRET, SALT, kept.rpartition("_")[2], digest, "sha256="]
    for line in service.logged:
        text = json.dumps(json.loads(line), ensure_ascii=False)
        assert not ADDRESS.search(text), text
        assert "hidden" not in text
        assert not any(secret in text for secret in secrets)
        assert len(line) < 10_000
