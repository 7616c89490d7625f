"""GitHub's OIDC tokens: a workflow records for its own repository, and for nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.embedded import EmbeddedFirestore
from shared.web.issuer_keys import IssuerKeys
from shared.web.oidc import TokenVerifier
from shared.web.settings import Settings
from tests.http.framework import REPORT, Service
from tests.http.issuer import AUDIENCE, OWNER, Issuer
from tests.http.problems import assert_problem

TRACK = "/v1/contributions/github"
OWN = REPORT | {"repository": "Octo/Repo"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def service(issuer: Issuer, store: EmbeddedFirestore) -> Service:
    settings = Settings(
        oidc_audience=AUDIENCE, oidc_owners=frozenset({OWNER}), oidc_issuer=issuer.url
    )
    return Service(store.client, settings)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class TestAToken:
    def test_records_for_its_own_repository(self, issuer: Issuer, service: Service) -> None:
        response = service.post(TRACK, OWN, headers=bearer(issuer.token()))
        assert response.status_code == 201
        assert response.get_json()["recorded_by"] == "oidc:octo/repo"

    def test_records_for_an_owner_with_an_old_name(self, issuer: Issuer, service: Service) -> None:
        report = REPORT | {"repository": "-ACE-/demo"}
        token = issuer.token(repository="-ACE-/demo", repository_owner="-ACE-")
        response = service.post(TRACK, report, headers=bearer(token))
        assert response.get_json()["recorded_by"] == "oidc:-ace-/demo"

    def test_records_a_batch_for_its_own_repository(self, issuer: Issuer, service: Service) -> None:
        commit = {name: REPORT[name] for name in ("contributor_email", "commit_hash")}
        batch = {"repository": "octo/repo", "commits": [commit]}
        response = service.post(f"{TRACK}/batch", batch, headers=bearer(issuer.token()))
        assert response.get_json()["counts"]["recorded"] == 1

    @pytest.mark.parametrize("repository", ["octo/other", "evil/repo", "octo/repo-two"])
    def test_records_for_no_other_repository(
        self, issuer: Issuer, service: Service, repository: str
    ) -> None:
        report = REPORT | {"repository": repository}
        response = service.post(TRACK, report, headers=bearer(issuer.token()))
        assert_problem(response, 403, "forbidden")
        batch = {"repository": repository, "commits": [{}]}
        response = service.post(f"{TRACK}/batch", batch, headers=bearer(issuer.token()))
        assert_problem(response, 403, "forbidden")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/v1/contributions"),
            ("POST", "/v1/contributors"),
            ("POST", "/v1/assets"),
            ("DELETE", "/v1/contributions/octo/repo@abc123"),
        ],
    )
    def test_allows_nothing_by_hand(
        self, issuer: Issuer, service: Service, method: str, path: str
    ) -> None:
        response = service.request(method, path, headers=bearer(issuer.token()))
        assert_problem(response, 403, "forbidden")

    def test_shows_no_addresses(self, issuer: Issuer, service: Service) -> None:
        service.post(TRACK, OWN, headers=bearer(issuer.token()))
        shown = service.get("/v1/contributors", headers=bearer(issuer.token())).get_json()
        assert shown[0]["email"] == "t***@example.com"

    def test_of_another_owner_is_refused(self, issuer: Issuer, service: Service) -> None:
        token = issuer.token(repository_owner_id="4096")
        assert_problem(service.post(TRACK, OWN, headers=bearer(token)), 403, "forbidden")

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "https://other.example"},
            {"iss": "https://issuer.example"},
            {"exp": 1_000_000_000},
            {"nbf": 4_000_000_000},
            {"repository": None},
            {"repository": "no repository"},
        ],
        ids=["audience", "issuer", "expired", "not yet", "no repository", "bad repository"],
    )
    def test_with_a_wrong_claim_is_refused(
        self, issuer: Issuer, service: Service, changes: dict[str, Any]
    ) -> None:
        response = service.post(TRACK, OWN, headers=bearer(issuer.token(**changes)))
        assert_problem(response, 401, "unauthenticated")

    @pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud"])
    def test_without_a_needed_claim_is_refused(
        self, issuer: Issuer, service: Service, claim: str
    ) -> None:
        key_id, key = list(issuer.keys.items())[-1]
        claims = issuer.claims()
        del claims[claim]
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id})
        assert_problem(service.post(TRACK, OWN, headers=bearer(token)), 401, "unauthenticated")

    def test_of_another_key_under_a_known_id_is_refused(
        self, issuer: Issuer, service: Service
    ) -> None:
        key = generate_private_key(public_exponent=65537, key_size=2048)
        token = jwt.encode(issuer.claims(), key, algorithm="RS256", headers={"kid": "first"})
        assert_problem(service.post(TRACK, OWN, headers=bearer(token)), 401, "unauthenticated")

    def test_that_is_not_signed_is_refused(self, issuer: Issuer, service: Service) -> None:
        token = f"{part({'alg': 'none', 'kid': 'first'})}.{part(issuer.claims())}."
        assert_problem(service.post(TRACK, OWN, headers=bearer(token)), 401, "unauthenticated")

    def test_signed_with_the_public_key_as_a_secret_is_refused(
        self, issuer: Issuer, service: Service
    ) -> None:
        # https://nvd.nist.gov/vuln/detail/CVE-2016-10555
        public = issuer.keys["first"].public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        header = part({"alg": "HS256", "typ": "JWT", "kid": "first"})
        signed = f"{header}.{part(issuer.claims())}"
        signature = jwt.get_algorithm_by_name("HS256").sign(signed.encode(), pem)
        token = f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
        assert_problem(service.post(TRACK, OWN, headers=bearer(token)), 401, "unauthenticated")

    @pytest.mark.parametrize("token", ["a.b.c", "..", "é.é.é", f"{'a' * 5000}.b.c"])
    def test_that_is_none_is_refused(self, service: Service, token: str) -> None:
        headers = {"Authorization": b"Bearer ".decode() + token.encode().decode("latin-1")}
        assert_problem(service.post(TRACK, OWN, headers=headers), 401, "unauthenticated")

    def test_is_no_key(self, issuer: Issuer, service: Service) -> None:
        response = service.post(TRACK, OWN, headers={"X-API-Key": issuer.token()})
        assert_problem(response, 401, "unauthenticated")


class TestTheIssuersKeys:
    def test_are_fetched_once(self, issuer: Issuer, service: Service) -> None:
        for _ in range(3):
            service.post(TRACK, OWN, headers=bearer(issuer.token()))
        assert issuer.fetches == 1

    def test_are_not_fetched_for_each_made_up_id(self, issuer: Issuer, service: Service) -> None:
        service.post(TRACK, OWN, headers=bearer(issuer.token()))
        key = issuer.keys["first"]
        for made_up in range(5):
            token = jwt.encode(issuer.claims(), key, "RS256", headers={"kid": str(made_up)})
            response = service.post(TRACK, OWN, headers=bearer(token))
            assert_problem(response, 401, "unauthenticated")
        assert issuer.fetches == 1

    def test_may_be_rotated_before_they_are_first_fetched(
        self, issuer: Issuer, service: Service
    ) -> None:
        old = issuer.token()
        issuer.rotate("second")
        assert service.post(TRACK, OWN, headers=bearer(issuer.token())).status_code == 201
        assert service.post(TRACK, OWN, headers=bearer(old)).status_code == 200

    def test_that_cannot_be_had_are_no_ones_fault(self, issuer: Issuer, service: Service) -> None:
        token = issuer.token()
        issuer.close()
        response = service.post(TRACK, OWN, headers=bearer(token))
        assert_problem(response, 503, "unavailable")

    @pytest.mark.parametrize(
        ("status", "body", "length"),
        [
            (200, b"<!doctype html><title>Maintenance</title>", None),
            (200, b'{"keys": [', None),
            (200, b'{"keys": []}', 500),
            (200, b'{"keys": []}', None),
            (200, b'{"keys": {}}', None),
            (200, b'{"keys": [1, {"kty": "RSA"}, {"kty": "nonsense", "kid": "first"}]}', None),
            (200, b"{}", None),
            (200, b"[]", None),
            (200, b"[" * 100_000, None),
            (200, b" " * 600_000, None),
            (200, b"\xff", None),
            (200, b"", None),
            (500, b"", None),
            (301, b"", None),
        ],
        ids=lambda value: repr(value)[:24],
    )
    def test_that_are_none_are_no_ones_fault(
        self, issuer: Issuer, service: Service, status: int, body: bytes, length: int | None
    ) -> None:
        issuer.nonsense = (status, body, length)
        response = service.post(TRACK, OWN, headers=bearer(issuer.token()))
        assert_problem(response, 503, "unavailable")

    def test_serve_on_while_the_issuer_answers_nonsense(
        self, issuer: Issuer, service: Service
    ) -> None:
        assert service.post(TRACK, OWN, headers=bearer(issuer.token())).status_code == 201
        issuer.nonsense = (502, b"<html>", None)
        assert service.post(TRACK, OWN, headers=bearer(issuer.token())).status_code == 200


def test_without_a_configured_audience_no_token_is_taken(
    issuer: Issuer, store: EmbeddedFirestore
) -> None:
    service = Service(store.client, Settings(api_keys={"ci": "s3cret"}))
    response = service.post(TRACK, OWN, headers=bearer(issuer.token()))
    assert_problem(response, 401, "unauthenticated")
    assert issuer.fetches == 0


@pytest.mark.parametrize(
    ("of", "number"),
    [
        ("https://token.actions.githubusercontent.com", 7),
        ("https://token.actions.githubusercontent.com/octo-inc", 7),
        # Other hosts, whose numbers are other numbers.
        ("https://github.example.com/_services/token", None),
        ("https://token.actions.octo.ghe.com", None),
    ],
)
def test_the_number_of_its_repository_is_taken_on_github_com_alone(
    issuer: Issuer, of: str, number: int | None
) -> None:
    published = {key["kid"]: jwt.PyJWK(key) for key in issuer.published()}
    verifier = TokenVerifier(
        IssuerKeys(lambda: published), issuer=of, audience=AUDIENCE, owners=frozenset({OWNER})
    )
    caller = verifier.verify(issuer.token(iss=of, repository_id="7"))
    assert (caller.number, caller.is_token) == (number, True)
