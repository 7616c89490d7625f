"""Health: alive without Firestore, and ready only with it."""

from __future__ import annotations

from typing import NoReturn

import pytest
from google.api_core import exceptions as google_errors

from shared.domain.version import VERSION
from shared.embedded import EmbeddedFirestore
from shared.web.settings import Settings
from tests.contract.spy import Before, Spy
from tests.http.framework import Service
from tests.http.problems import assert_problem


class TestAlive:
    def test_is_answered_at_its_path_and_at_the_functions_own_url(self, service: Service) -> None:
        for response in (service.get("/v1/health"), service.get("/", at="health")):
            assert response.status_code == 200
            assert response.get_json() == {"status": "ok", "version": VERSION, "revision": None}

    def test_names_what_is_deployed(self, store: EmbeddedFirestore) -> None:
        settings = Settings.from_environment({"K_REVISION": "health-00007-vab"})
        answer = Service(store.client, settings).get("/v1/health").get_json()
        assert answer["revision"] == "health-00007-vab"

    def test_opens_no_connection(self) -> None:
        def refuse() -> NoReturn:
            raise AssertionError("no client is needed to be alive")

        assert Service(refuse).get("/v1/health").status_code == 200

    def test_answers_head_without_a_body(self, service: Service) -> None:
        response = service.request("HEAD", "/v1/health")
        assert response.status_code == 200
        assert response.get_data() == b""
        assert int(response.headers["Content-Length"]) > 0


class TestReady:
    def test_takes_one_bounded_read_and_tells_its_latency(self, store: EmbeddedFirestore) -> None:
        spy = Spy(store.client())
        response = Service(lambda: spy.client).get("/v1/health/ready")
        assert response.status_code == 200
        body = response.get_json()
        assert body["status"] == "ready"
        assert body["firestore_latency_ms"] >= 0
        [call] = spy.calls
        assert call.timeout is not None
        assert 1 < call.timeout <= 2

    @pytest.mark.parametrize(
        "error",
        [
            google_errors.ServiceUnavailable,
            google_errors.DeadlineExceeded,
            google_errors.PermissionDenied,
            google_errors.Unauthenticated,
        ],
    )
    def test_is_503_at_once_when_firestore_fails(
        self, store: EmbeddedFirestore, error: type[Exception]
    ) -> None:
        spy = Spy(store.client())
        spy.fail("run_query", Before(error("test@example.com")))
        response = Service(lambda: spy.client).get("/v1/health/ready")
        problem = assert_problem(response, 503, "unavailable")
        assert error.__name__ in problem["detail"]
        assert len(spy.calls) == 1
