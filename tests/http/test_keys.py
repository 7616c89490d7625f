"""API keys: who may write, who sees what, and that doubt means no."""

from __future__ import annotations

import pytest
from google.cloud.firestore import Client

from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.embedded import EmbeddedFirestore
from shared.web.settings import ReadAccess, Settings
from tests.contract.books import documents
from tests.http.framework import KEY, REPORT, Service
from tests.http.problems import assert_problem

TRACK = "/v1/contributions/github"
WRITES = [
    ("POST", "/v1/contributions/github"),
    ("POST", "/v1/contributions/github/batch"),
    ("POST", "/v1/contributions"),
    ("POST", "/v1/contributors"),
    ("POST", "/v1/assets"),
    ("DELETE", "/v1/contributions/abbc9bee-8e88-5880-a7cf-6b8cc3fc7188"),
]
READS = [
    "/v1/contributions",
    "/v1/contributors",
    "/v1/assets",
    "/v1/contributions/abbc9bee-8e88-5880-a7cf-6b8cc3fc7188",
    "/v1/assets/seeker71/coherence-network",
]


def stored_key(service: Service, scope: Scope) -> dict[str, str]:
    """The header of a new key that is kept in Firestore."""
    key_id, key = make_key(id_bytes=bytes(10), secret_bytes=bytes(32))
    kept = ApiKey(id=key_id, name=scope.value, scope=scope, digest=key_digest(key.encode()))
    service.services.ledger.keys.create(kept)
    return {"X-API-Key": key}


class TestWriting:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-API-Key": "s3cret"},
            {"X-API-Key": "  s3cret  "},
            {"Authorization": "Bearer s3cret"},
            {"Authorization": "bearer  s3cret "},
            {"X-API-Key": "", "Authorization": "Bearer s3cret"},
        ],
    )
    def test_goes_with_the_key_in_either_header(
        self, service: Service, headers: dict[str, str]
    ) -> None:
        assert service.post(TRACK, REPORT, headers=headers).status_code == 201

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"X-API-Key": ""},
            {"X-API-Key": " "},
            {"X-API-Key": "wrong"},
            {"X-API-Key": "S3CRET"},
            {"X-API-Key": "s3cret2"},
            {"X-API-Key": "s3cre"},
            {"X-API-Key": "ci"},
            {"X-API-Key": "ci=s3cret"},
            {"Authorization": "s3cret"},
            {"Authorization": "Basic s3cret"},
            {"Authorization": "Bearer"},
            {"Authorization": "Bearer wrong"},
            # Three parts look like an OIDC token, of which none is accepted here.
            {"Authorization": "Bearer a.b.c"},
            # A wrong key is wrong, whatever else is sent.
            {"X-API-Key": "wrong", "Authorization": "Bearer s3cret"},
            # Bytes that are no ASCII, as a client sends them in UTF-8 or Latin-1.
            {"X-API-Key": "schlüssel"},
            {"X-API-Key": "ÿþ"},
            {"Authorization": "Bearer schlüssel"},
        ],
        ids=str,
    )
    @pytest.mark.parametrize(("method", "path"), WRITES)
    def test_is_401_otherwise(
        self, service: Service, database: Client, method: str, path: str, headers: dict[str, str]
    ) -> None:
        response = service.request(method, path, headers=headers, json=REPORT)
        assert_problem(response, 401, "unauthenticated")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert documents(database, "contributions") == {}

    def test_goes_with_each_of_several_keys_and_tells_them_apart(
        self, store: EmbeddedFirestore
    ) -> None:
        service = Service(store.client, Settings(api_keys={"old": "first", "new": "second"}))
        by_old = service.post(TRACK, REPORT, headers={"X-API-Key": "first"})
        changed = REPORT | {"commit_hash": "bbbbbb"}
        by_new = service.post(TRACK, changed, headers={"X-API-Key": "second"})
        assert by_old.get_json()["recorded_by"] == "old"
        assert by_new.get_json()["recorded_by"] == "new"

    def test_goes_with_a_key_that_is_no_ascii(self, store: EmbeddedFirestore) -> None:
        service = Service(store.client, Settings(api_keys={"ci": "schlüssel"}))
        as_sent = "schlüssel".encode().decode("latin-1")
        assert service.post(TRACK, REPORT, headers={"X-API-Key": as_sent}).status_code == 201

    def test_needs_the_scope_for_it(self, service: Service) -> None:
        reader = stored_key(service, Scope.READ)
        for method, path in WRITES:
            response = service.request(method, path, headers=reader, json=REPORT)
            assert_problem(response, 403, "forbidden")

    def test_is_not_asked_for_a_body_before_the_key_is_right(self, service: Service) -> None:
        response = service.post(TRACK, data=b"not json", headers={})
        assert_problem(response, 401, "unauthenticated")


class TestNoKeyConfigured:
    @pytest.mark.parametrize("secret", ["", None])
    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"X-API-Key": "x"}])
    @pytest.mark.parametrize(("method", "path"), WRITES)
    def test_refuses_every_write(
        self,
        store: EmbeddedFirestore,
        method: str,
        path: str,
        headers: dict[str, str],
        secret: str | None,
    ) -> None:
        service = Service(store.client, Settings(api_keys={} if secret is None else {"ci": secret}))
        response = service.request(method, path, headers=headers, json=REPORT)
        assert_problem(response, 503, "no_key_configured")

    def test_lets_readers_in(self, store: EmbeddedFirestore) -> None:
        service = Service(store.client, Settings())
        assert service.get("/v1/contributors").get_json() == []
        assert service.get("/v1/health").status_code == 200

    def test_by_an_empty_variable_is_no_key_at_all(self, store: EmbeddedFirestore) -> None:
        settings = Settings.from_environment({"LEDGER_API_KEYS": ""})
        response = Service(store.client, settings).post(TRACK, REPORT, headers={"X-API-Key": ""})
        assert_problem(response, 503, "no_key_configured")


class TestReading:
    @pytest.mark.parametrize("path", READS)
    def test_is_for_everybody_by_default(self, service: Service, path: str) -> None:
        service.track()
        assert service.get(path).status_code == 200

    @pytest.mark.parametrize("path", READS)
    def test_with_a_wrong_key_is_401_and_not_the_public_view(
        self, service: Service, path: str
    ) -> None:
        service.track()
        response = service.get(path, headers={"X-API-Key": "wrong"})
        assert_problem(response, 401, "unauthenticated")

    @pytest.mark.parametrize("path", READS)
    def test_can_be_for_holders_of_a_key_alone(self, store: EmbeddedFirestore, path: str) -> None:
        settings = Settings(api_keys={"ci": "s3cret"}, read_access=ReadAccess.KEY)
        service = Service(store.client, settings)
        service.track()
        assert_problem(service.get(path), 401, "unauthenticated")
        assert service.get(path, headers=KEY).status_code == 200
        recorder = stored_key(service, Scope.RECORD)
        assert_problem(service.get(path, headers=recorder), 403, "forbidden")

    def test_of_health_is_for_everybody_even_then(self, store: EmbeddedFirestore) -> None:
        settings = Settings(api_keys={"ci": "s3cret"}, read_access=ReadAccess.KEY)
        service = Service(store.client, settings)
        for path in ("/v1/health", "/v1/health/ready", "/v1/health/tracking"):
            assert service.get(path).status_code == 200

    def test_with_a_key_that_may_only_record_shows_what_everybody_sees(
        self, service: Service
    ) -> None:
        service.track()
        recorder = stored_key(service, Scope.RECORD)
        [person] = service.get("/v1/contributors", headers=recorder).get_json()
        assert person["email"] == "t***@example.com"
