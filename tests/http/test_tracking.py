"""Is tracking working: what health says of it, and of the latest request that was turned away."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.embedded import EmbeddedFirestore, open_embedded
from shared.web.settings import Settings
from tests.contract.books import documents
from tests.contract.fake_time import FakeTime
from tests.contract.spy import Before, Spy
from tests.http.clock import Clock
from tests.http.framework import KEY, REPORT, Service
from tests.http.issuer import AUDIENCE, OWNER, Issuer
from tests.http.problems import assert_problem

TRACKING = "/v1/health/tracking"
BATCH = "/v1/contributions/github/batch"
WEBHOOK = "/v1/webhooks/github"
SECRET = "hook-s3cret"
SETTINGS = Settings(api_keys={"ci": "s3cret"}, webhook_secrets={"main": SECRET})
PUSH = Path(__file__).parents[1] / "data" / "webhooks" / "push-first-commit.json"
COMMIT = {name: REPORT[name] for name in ("contributor_email", "commit_hash", "cost_amount")}


@pytest.fixture
def clock() -> Clock:
    """The clock of the functions and of the database."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[EmbeddedFirestore]:
    with open_embedded(None, project="demo-tracking", clock=clock) as store:
        yield store


@pytest.fixture
def service(store: EmbeddedFirestore, clock: Clock) -> Service:
    return Service(store.client, SETTINGS, clock=clock)


def tracking(service: Service, query: str = "") -> dict[str, Any]:
    response = service.get(TRACKING + query)
    assert response.status_code == 200, response.get_data(as_text=True)
    body: dict[str, Any] = response.get_json()
    return body


def rejection(service: Service, query: str = "") -> dict[str, Any] | None:
    latest: dict[str, Any] | None = tracking(service, query)["latest_rejection"]
    return latest


def deliver(service: Service, payload: Any, *, secret: str = SECRET) -> int:
    """The status with which a push event is answered."""
    body = json.dumps(payload).encode()
    signature = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    return service.post(WEBHOOK, data=body, headers=headers).status_code


def kept_key(service: Service, **changes: Any) -> dict[str, str]:
    """The header of a new key that is kept in Firestore."""
    key_id, key = make_key(id_bytes=bytes(10), secret_bytes=bytes(32))
    fields = {
        "id": key_id,
        "name": "kept",
        "scope": Scope.RECORD,
        "digest": key_digest(key.encode()),
    }
    service.services.ledger.keys.create(ApiKey.model_validate(fields | changes))
    return {"X-API-Key": key}


class TestStatus:
    def test_of_an_empty_ledger_is_empty(self, service: Service) -> None:
        assert tracking(service) == {
            "status": "empty",
            "quiet_after_hours": 72,
            "newest_at": None,
            "newest_repository": None,
            "contributions": 0,
            "contributors": 0,
            "assets": 0,
            "recorded_today": 0,
            "latest_rejection": None,
        }

    def test_after_a_commit_is_receiving(self, service: Service) -> None:
        recorded = service.track(co_authors=[{"email": "second@example.com"}]).get_json()
        assert tracking(service) == {
            "status": "receiving",
            "quiet_after_hours": 72,
            "newest_at": recorded["recorded_at"],
            "newest_repository": "seeker71/Coherence-Network",
            "contributions": 1,
            "contributors": 2,
            "assets": 1,
            "recorded_today": 1,
            "latest_rejection": None,
        }

    def test_is_quiet_after_72_hours_without_another(self, service: Service, clock: Clock) -> None:
        service.track()
        clock.go_on(hours=72)
        assert tracking(service)["status"] == "receiving"
        clock.go_on(seconds=1)
        assert tracking(service)["status"] == "quiet"
        service.track(commit_hash="bbbbbb")
        assert tracking(service)["status"] == "receiving"

    def test_is_quiet_after_as_many_hours_as_are_set(
        self, store: EmbeddedFirestore, clock: Clock
    ) -> None:
        settings = Settings(api_keys={"ci": "s3cret"}, quiet_after_hours=2)
        service = Service(store.client, settings, clock=clock)
        service.track()
        clock.go_on(hours=2, seconds=1)
        shown = tracking(service)
        assert (shown["status"], shown["quiet_after_hours"]) == ("quiet", 2)

    def test_goes_by_the_servers_time_and_not_by_what_a_client_claims(
        self, service: Service, clock: Clock
    ) -> None:
        service.track(timestamp="1999-01-01T00:00:00Z")
        assert tracking(service)["status"] == "receiving"
        clock.go_on(hours=100)
        service.track(commit_hash="abc123", timestamp="2199-01-01T00:00:00Z")
        assert tracking(service)["status"] == "quiet"

    def test_counts_what_was_recorded_since_midnight_utc(
        self, service: Service, clock: Clock
    ) -> None:
        service.track()
        clock.go_on(hours=11, minutes=59)
        service.track(commit_hash="bbbbbb")
        assert tracking(service)["recorded_today"] == 2
        clock.go_on(minutes=1)
        assert tracking(service)["recorded_today"] == 0
        service.track(commit_hash="cccccc")
        shown = tracking(service)
        assert (shown["recorded_today"], shown["contributions"]) == (1, 3)

    def test_leaves_voided_contributions_out(self, service: Service) -> None:
        contribution = service.track().get_json()
        service.request("DELETE", f"/v1/contributions/{contribution['id']}", headers=KEY)
        for query in ("", f"?repository={contribution['repository']}"):
            shown = tracking(service, query)
            assert (shown["contributions"], shown["status"]) == (0, "empty")
            assert (shown["newest_at"], shown["newest_repository"]) == (None, None)

    def test_is_never_empty_where_there_is_a_contribution(self, service: Service) -> None:
        service.track(repository="octo/one")
        for name in ("two", "three"):
            contribution = service.track(repository=f"octo/{name}", commit_hash="abc124").get_json()
            service.request("DELETE", f"/v1/contributions/{contribution['id']}", headers=KEY)
        shown = tracking(service)
        assert (shown["status"], shown["contributions"]) == ("receiving", 1)

    def test_is_a_503_where_firestore_does_not_answer(self, store: EmbeddedFirestore) -> None:
        spy = Spy(store.client())
        spy.fail("run_query", *[Before(ServiceUnavailable("injected"))] * 1_000)
        service = Service(lambda: spy.client, SETTINGS, timing=FakeTime().timing)
        assert_problem(service.get(TRACKING), 503, "unavailable")


class TestOfARepository:
    def test_is_its_own(self, service: Service, clock: Clock) -> None:
        first = service.track(repository="octo/One").get_json()
        clock.go_on(hours=80)
        service.track(repository="octo/two", commit_hash="bbbbbb")
        service.track(repository="octo/two", commit_hash="cccccc")
        for spelling in ("octo/One", "OCTO/ONE"):
            one = tracking(service, f"?repository={spelling}")
            assert (one["status"], one["contributions"]) == ("quiet", 1)
            assert one["newest_at"] == first["recorded_at"]
            assert one["newest_repository"] == "octo/One"
        two = tracking(service, "?repository=octo/two")
        assert (two["status"], two["contributions"]) == ("receiving", 2)
        assert tracking(service, "?repository=octo/three")["status"] == "empty"

    def test_created_by_hand_and_without_commits_is_empty(self, service: Service) -> None:
        asset = {
            "name": "octo/one",
            "asset_type": "CODE",
            "description": "GitHub repository: octo/one",
        }
        assert service.post("/v1/assets", asset).status_code == 201
        assert tracking(service, "?repository=octo/one")["status"] == "empty"
        assert tracking(service)["status"] == "empty"

    def test_shows_the_latest_rejection_where_that_is_about_it(self, service: Service) -> None:
        service.track(repository="octo/One", cost_amount=-1)
        for spelling in ("octo/One", "OCTO/ONE"):
            about_it = rejection(service, f"?repository={spelling}")
            assert about_it
            assert about_it["repository"] == "octo/One"
        assert rejection(service, "?repository=octo/two") is None

    @pytest.mark.parametrize("text", ["", "octo", "a/b/c", "../x", "x@y/z", "%00"])
    def test_that_cannot_be_one_is_422(self, service: Service, text: str) -> None:
        response = service.get(f"{TRACKING}?repository={text}")
        assert_problem(response, 422, "invalid")


class TestStrict:
    def test_is_503_of_an_empty_ledger(self, service: Service) -> None:
        assert_problem(service.get(f"{TRACKING}?strict=true"), 503, "empty")

    def test_is_503_of_a_quiet_one(self, service: Service, clock: Clock) -> None:
        service.track()
        clock.go_on(hours=73)
        problem = assert_problem(service.get(f"{TRACKING}?strict=true"), 503, "quiet")
        assert "72 hours" in problem["detail"]
        assert tracking(service, "?strict=false")["status"] == "quiet"

    def test_is_200_while_commits_are_received(self, service: Service) -> None:
        service.track()
        assert tracking(service, "?strict=true")["status"] == "receiving"

    def test_goes_for_one_repository_too(self, service: Service) -> None:
        service.track(repository="octo/one")
        assert tracking(service, "?strict=true&repository=octo/one")["status"] == "receiving"
        response = service.get(f"{TRACKING}?strict=true&repository=octo/two")
        problem = assert_problem(response, 503, "empty")
        assert problem["detail"] == "Tracking of octo/two is empty: nothing was recorded yet"

    @pytest.mark.parametrize("query", ["strict=1", "strict=True", "strict=", "strickt=true"])
    def test_must_be_spelt_right(self, service: Service, query: str) -> None:
        assert_problem(service.get(f"{TRACKING}?{query}"), 422, "invalid")


class TestLatestRejection:
    def test_is_that_of_a_single_commit(self, service: Service, clock: Clock) -> None:
        clock.go_on(minutes=5)
        service.track(cost_amount=-1)
        assert rejection(service) == {
            "at": "2020-05-01T12:05:00Z",
            "code": "invalid",
            "reason": "/cost_amount: must be from 0 to 10,000,000",
            "repository": "seeker71/Coherence-Network",
        }

    def test_is_that_of_a_conflict(self, service: Service) -> None:
        service.track()
        service.track(contributor_email="other@example.com")
        latest = rejection(service)
        assert latest
        assert latest["code"] == "author_conflict"

    def test_is_that_of_a_commit_in_a_batch(self, service: Service) -> None:
        bad = [COMMIT | {"commit_hash": "bbbbbb", "cost_amount": -1}, {"commit_hash": "cccccc"}]
        batch = {"repository": "octo/one", "commits": [COMMIT, *bad]}
        assert service.post(BATCH, batch).status_code == 200
        latest = rejection(service)
        assert latest
        assert (latest["code"], latest["repository"]) == ("invalid", "octo/one")
        assert latest["reason"].startswith("2 of 3 commits, first bbbbbb: /cost_amount: ")

    def test_is_that_of_a_webhook(self, service: Service) -> None:
        push = json.loads(PUSH.read_text(encoding="utf-8"))
        push["commits"][0]["author"]["email"] = "nobody"
        assert deliver(service, push) == 200
        latest = rejection(service)
        assert latest
        assert (latest["code"], latest["repository"]) == ("invalid", "Codertocat/Hello-World")
        assert "/contributor_email" in latest["reason"]

    def test_is_that_of_a_delivery_that_is_no_push(self, service: Service) -> None:
        assert deliver(service, {"repository": {"full_name": "octo/one"}}) == 422
        assert rejection(service)

    def test_is_that_of_a_key_for_other_repositories(self, service: Service) -> None:
        key = kept_key(service, repositories=("octo/*",))
        response = service.post("/v1/contributions/github", REPORT, headers=key)
        assert_problem(response, 403, "forbidden")
        latest = rejection(service)
        assert latest
        assert (latest["code"], latest["repository"]) == ("forbidden", REPORT["repository"])

    def test_is_that_of_a_key_without_the_scope(self, service: Service) -> None:
        key = kept_key(service, scope=Scope.READ)
        response = service.post("/v1/contributions/github", REPORT, headers=key)
        assert_problem(response, 403, "forbidden")
        latest = rejection(service)
        assert latest
        assert latest["reason"] == "This credential lacks the scope record"
        assert json.loads(service.logged[-2])["caller"] == "kept"

    def test_is_that_of_a_body_that_is_no_json(self, service: Service) -> None:
        service.post("/v1/contributions/github", data=b"{")
        latest = rejection(service)
        assert latest
        assert (latest["code"], latest["repository"]) == ("malformed", None)

    def test_tells_no_address(self, service: Service, database: Client) -> None:
        batch = {"repository": "octo/one", "commits": [{"commit_hash": "test@example.com"}]}
        service.post(BATCH, batch)
        latest = rejection(service)
        assert latest
        assert "first t***@example.com" in latest["reason"]
        assert "test@" not in str(documents(database, "tracking"))

    def test_is_noted_at_most_once_a_minute(
        self, store: EmbeddedFirestore, clock: Clock, database: Client
    ) -> None:
        spy = Spy(store.client())
        service = Service(lambda: spy.client, SETTINGS, clock=clock)
        for cost in (-1, "x", True):
            service.track(cost_amount=cost)
            clock.go_on(seconds=19)
        assert spy.methods == ["commit"]
        clock.go_on(seconds=3)
        service.track(commit_hash="x")
        assert spy.methods == ["commit", "commit"]
        latest = rejection(service)
        assert latest
        assert latest["reason"].startswith("/commit_hash: ")
        assert len(documents(database, "tracking")) == 1

    def test_is_noted_by_each_instance(self, store: EmbeddedFirestore, clock: Clock) -> None:
        first, second = (Service(store.client, SETTINGS, clock=clock) for _ in range(2))
        first.track(cost_amount=-1)
        second.track(commit_hash="x")
        latest = rejection(first)
        assert latest
        assert latest["reason"].startswith("/commit_hash: ")

    def test_is_noted_in_no_time_or_not_at_all(
        self, store: EmbeddedFirestore, database: Client, clock: Clock
    ) -> None:
        spy = Spy(store.client())
        spy.fail("commit", Before(PermissionDenied("injected")))
        service = Service(lambda: spy.client, SETTINGS, clock=clock)
        assert_problem(service.track(cost_amount=-1), 422, "invalid")
        [call] = spy.calls
        assert call.timeout is not None
        assert call.timeout <= 1
        assert documents(database, "tracking") == {}

    def test_is_none_of_a_request_without_a_valid_credential(
        self, service: Service, store: EmbeddedFirestore, database: Client, clock: Clock
    ) -> None:
        revoked = kept_key(service, revoked_at="2020-01-01T00:00:00Z")
        for headers in ({}, {"X-API-Key": "wrong"}, revoked, {"Authorization": "Bearer a.b.c"}):
            response = service.post("/v1/contributions/github", REPORT, headers=headers)
            assert_problem(response, 401, "unauthenticated")
        assert deliver(service, {}, secret="wrong") == 401
        # Anybody on GitHub can have a token made for this audience.
        with Issuer() as issuer:
            settings = Settings(
                oidc_audience=AUDIENCE, oidc_owners=frozenset({OWNER}), oidc_issuer=issuer.url
            )
            token = issuer.token(repository_owner_id="4096")
            response = Service(store.client, settings, clock=clock).post(
                "/v1/contributions/github", REPORT, headers={"Authorization": f"Bearer {token}"}
            )
            assert_problem(response, 403, "forbidden")
        assert documents(database, "tracking") == {}

    def test_is_none_of_a_reader(self, service: Service, database: Client) -> None:
        response = service.get("/v1/contributors/nobody@example.com", headers=KEY)
        assert_problem(response, 404, "not_found")
        assert documents(database, "tracking") == {}

    def test_is_none_of_what_is_no_rejection(self, service: Service, database: Client) -> None:
        service.track()
        service.track()
        service.post(BATCH, {"repository": REPORT["repository"], "commits": [COMMIT]})
        assert deliver(service, json.loads(PUSH.read_text(encoding="utf-8"))) == 200
        assert documents(database, "tracking") == {}


class TestAccess:
    def test_answers_head(self, service: Service) -> None:
        assert service.request("HEAD", TRACKING).status_code == 200
        assert service.request("HEAD", f"{TRACKING}?strict=true").status_code == 503


class TestCost:
    @pytest.mark.parametrize(
        ("query", "reads"), [("", 7), ("?repository=octo/one", 2), ("?strict=true", 7)]
    )
    def test_is_a_few_documents_however_many_there_are(
        self, store: EmbeddedFirestore, clock: Clock, query: str, reads: int
    ) -> None:
        service = Service(store.client, SETTINGS, clock=clock)
        service.track(cost_amount=-1)
        costs = []
        for commits, repositories in ((1, 2), (200, 5)):
            for number in range(repositories):
                repository = f"octo/{('one', 'two', 'three', 'four', 'five')[number]}"
                batch = [COMMIT | {"commit_hash": f"{n:06x}"} for n in range(commits)]
                service.post(BATCH, {"repository": repository, "commits": batch})
            spy = Counting(store.client())
            tracking(Service(lambda: spy.client, SETTINGS, clock=clock), query)  # noqa: B023
            costs.append(sum(call.documents for call in spy.calls))
        assert costs == [reads, reads]


class Counting(Spy):
    """A spy that notes counts too, as one document each."""

    def run_aggregation_query(self, request: Any, **options: Any) -> Iterator[Any]:
        call = self._note("run_aggregation_query", options)
        return self._stream(call, request, options, "result")
