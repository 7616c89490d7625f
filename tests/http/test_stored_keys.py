"""Keys kept in Firestore: what each allows, how soon a change counts, and what is kept of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import DeadlineExceeded, PermissionDenied, ServiceUnavailable
from google.cloud.firestore import Client

from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.embedded import EmbeddedFirestore, open_embedded
from shared.web.connections import Connections
from shared.web.settings import ReadAccess, Settings
from tests.contract.books import documents
from tests.contract.fake_time import BUDGET, FakeTime
from tests.contract.spy import Before, Spy
from tests.http.clock import Clock
from tests.http.framework import NOW, REPORT, Service
from tests.http.problems import assert_problem
from tests.literals import ASSET_ID, AUTHOR_ID

TRACK = "/v1/contributions/github"
BATCH = "/v1/contributions/github/batch"
COMMIT = {name: REPORT[name] for name in ("contributor_email", "commit_hash")}

Header = dict[str, str]


@pytest.fixture
def clock() -> Clock:
    """The clock of the functions and of the database."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[EmbeddedFirestore]:
    with open_embedded(None, project="demo-keys", clock=clock) as store:
        yield store


@pytest.fixture
def spy(store: EmbeddedFirestore) -> Spy:
    """What `service` sends to Firestore."""
    return Spy(store.client())


@pytest.fixture
def service(spy: Spy, clock: Clock) -> Service:
    """A service without any key in its environment."""
    return Service(lambda: spy.client, Settings(), clock=clock)


def key_of(number: int) -> tuple[str, str]:
    """The id and the text of a key, another one for each number."""
    return make_key(id_bytes=number.to_bytes(10), secret_bytes=number.to_bytes(32))


@pytest.fixture
def keep(database: Client) -> Any:
    """Makes keys, as the operator does; gives the header that presents one."""
    made = 0

    def keep(scope: Scope = Scope.RECORD, *repositories: str, **changes: Any) -> Header:
        nonlocal made
        made += 1
        key_id, text = key_of(made)
        digest = key_digest(text.encode())
        key = ApiKey(id=key_id, name="kept", scope=scope, digest=digest, repositories=repositories)
        Service(lambda: database).services.ledger.keys.create(key.model_copy(update=changes))
        return {"X-API-Key": text}

    return keep


def tracked(service: Service, header: Header, **changes: Any) -> int:
    """The status of a report that comes with a key."""
    return service.post(TRACK, REPORT | changes, headers=header).status_code


def revoke(database: Client, header: Header) -> None:
    _, key_id, _ = header["X-API-Key"].split("_", 2)
    Service(lambda: database).services.ledger.keys.revoke(key_id)


def kept_document(database: Client) -> dict[str, Any]:
    [document] = documents(database, "keys").values()
    return document


class TestScope:
    def test_record_records_and_nothing_else(self, service: Service, keep: Any) -> None:
        header = keep(Scope.RECORD)
        recorded = service.post(TRACK, REPORT, headers=header)
        assert recorded.status_code == 201
        assert recorded.get_json()["recorded_by"] == "kept"
        batch = {"repository": REPORT["repository"], "commits": [COMMIT]}
        assert service.post(BATCH, batch, headers=header).get_json()["counts"]["replayed"] == 1
        self.assert_may_not_change_by_hand(service, header)
        [person] = service.get("/v1/contributors", headers=header).get_json()
        assert person["email"] == "t***@example.com"
        for path in (
            "/v1/contributors/test@example.com",
            "/v1/contributors?sort=name",
            "/v1/contributions?contributor=test@example.com",
        ):
            assert_problem(service.get(path, headers=header), 403, "forbidden")

    def test_read_shows_addresses_and_cannot_write(self, service: Service, keep: Any) -> None:
        tracked(service, keep(Scope.RECORD))
        header = keep(Scope.READ)
        for path in (TRACK, BATCH):
            assert_problem(service.post(path, REPORT, headers=header), 403, "forbidden")
        self.assert_may_not_change_by_hand(service, header)
        [person] = service.get("/v1/contributors", headers=header).get_json()
        assert person["email"] == "test@example.com"

    def test_admin_may_do_everything(self, service: Service, keep: Any) -> None:
        header = keep(Scope.ADMIN)
        recorded = service.post(TRACK, REPORT, headers=header).get_json()
        assert recorded["recorded_by"] == "kept"
        person = {"name": "N", "email": "second@example.com", "type": "HUMAN"}
        assert service.post("/v1/contributors", person, headers=header).status_code == 201
        asset = {"name": "A", "asset_type": "CODE", "description": "d"}
        assert service.post("/v1/assets", asset, headers=header).status_code == 201
        path = f"/v1/contributions/{recorded['id']}"
        assert service.request("DELETE", path, headers=header).status_code == 200
        correction = {
            "contributor_id": recorded["contributor_id"],
            "asset_id": recorded["asset_id"],
            "cost_amount": "1.00",
            "corrects": recorded["id"],
        }
        assert service.post("/v1/contributions", correction, headers=header).status_code == 201
        [shown, _] = service.get("/v1/contributors", headers=header).get_json()
        assert "***" not in shown["email"]

    def test_of_a_record_key_is_not_enough_to_read_where_reading_needs_a_key(
        self, spy: Spy, keep: Any
    ) -> None:
        service = Service(lambda: spy.client, Settings(read_access=ReadAccess.KEY))
        for scope, status in ((Scope.RECORD, 403), (Scope.READ, 200), (Scope.ADMIN, 200)):
            assert service.get("/v1/assets", headers=keep(scope)).status_code == status

    def assert_may_not_change_by_hand(self, service: Service, header: Header) -> None:
        for method, path in (
            ("POST", "/v1/contributions"),
            ("POST", "/v1/contributors"),
            ("POST", "/v1/assets"),
            ("DELETE", "/v1/contributions/seeker71/coherence-network@abc123"),
        ):
            response = service.request(method, path, headers=header, json={})
            assert_problem(response, 403, "forbidden")


class TestRepositories:
    @pytest.mark.parametrize(
        ("patterns", "repository", "allowed"),
        [
            ((), "any/thing", True),
            (("octo/*",), "octo/one", True),
            (("octo/*",), "Octo/ONE", True),
            (("octo/*",), "octo-two/one", False),
            (("octo/*",), "evil/octo", False),
            (("octo/one",), "octo/one", True),
            (("octo/one",), "OCTO/One", True),
            (("octo/one",), "octo/one-two", False),
            (("octo/one",), "octo/two", False),
            (("octo/one", "other/*"), "other/x", True),
            (("-ace-/*",), "-ACE-/demo", True),
            (("-ace-/*",), "ACE-/demo", False),
        ],
    )
    def test_are_those_that_the_key_names(
        self,
        service: Service,
        keep: Any,
        database: Client,
        patterns: tuple[str, ...],
        repository: str,
        allowed: bool,
    ) -> None:
        header = keep(Scope.RECORD, *patterns)
        single = service.post(TRACK, REPORT | {"repository": repository}, headers=header)
        several = {"repository": repository, "commits": [COMMIT]}
        batch = service.post(BATCH, several, headers=header)
        if allowed:
            assert (single.status_code, batch.status_code) == (201, 200)
            return
        for response in (single, batch):
            problem = assert_problem(response, 403, "forbidden")
            assert problem["detail"] == f"This credential may not record for {repository}"
        assert documents(database, "contributions") == {}


class TestSecret:
    def test_is_kept_as_its_sha_256_alone(self, keep: Any, database: Client) -> None:
        text = keep()["X-API-Key"]
        document = kept_document(database)
        assert document["digest"] == key_digest(text.encode())
        assert text.rpartition("_")[2] not in str(document)
        assert set(document) == {
            "id",
            "name",
            "scope",
            "repositories",
            "digest",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        }

    def test_must_be_the_right_one_for_the_id(
        self, service: Service, keep: Any, database: Client
    ) -> None:
        text: str = keep()["X-API-Key"]
        other = key_of(99)[1].rpartition("_")[2]
        for wrong in (f"{text.rpartition('_')[0]}_{other}", text.swapcase(), text[:-1], text + "A"):
            response = service.post(TRACK, REPORT, headers={"X-API-Key": wrong})
            problem = assert_problem(response, 401, "unauthenticated")
            assert problem["detail"] == "The API key is not valid"
        assert kept_document(database)["last_used_at"] is None
        assert tracked(service, {"X-API-Key": text}) == 201

    def test_is_no_digest(self, service: Service, keep: Any, database: Client) -> None:
        keep()
        assert tracked(service, {"X-API-Key": kept_document(database)["digest"]}) == 401

    def test_goes_into_no_document_and_no_log(
        self, service: Service, keep: Any, database: Client
    ) -> None:
        text = keep()["X-API-Key"]
        assert tracked(service, {"Authorization": f"Bearer {text}"}) == 201
        assert tracked(service, {"Authorization": f"Bearer {text}x"}) == 401
        for collection in ("keys", "contributions", "contributors", "assets", "tracking"):
            assert text.rpartition("_")[2] not in str(documents(database, collection))
        assert text.rpartition("_")[2] not in "".join(service.logged)


class TestTime:
    def test_at_which_a_key_expires_is_exact(
        self, service: Service, keep: Any, clock: Clock
    ) -> None:
        header = keep(expires_at=NOW + timedelta(seconds=90))
        assert tracked(service, header) == 201
        clock.go_on(seconds=89)
        assert tracked(service, header) == 200
        clock.go_on(seconds=1)
        response = service.post(TRACK, REPORT, headers=header)
        problem = assert_problem(response, 401, "unauthenticated")
        assert problem["detail"] == "The API key has expired or was revoked"

    def test_until_a_revoked_key_is_refused_is_a_minute_at_most(
        self, service: Service, spy: Spy, keep: Any, database: Client, clock: Clock
    ) -> None:
        header = keep()
        assert tracked(service, header) == 201
        revoke(database, header)
        spy.forget()
        clock.go_on(seconds=59)
        assert tracked(service, header) == 200
        assert "batch_get_documents" not in spy.methods[:1]
        clock.go_on(seconds=1)
        assert tracked(service, header) == 401

    def test_for_a_key_that_is_new_to_the_instance_is_none(
        self, service: Service, keep: Any, database: Client
    ) -> None:
        header = keep()
        revoke(database, header)
        assert tracked(service, header) == 401
        assert tracked(service, keep()) == 201

    def test_of_the_last_use_is_noted_once_a_minute(
        self, service: Service, spy: Spy, keep: Any, database: Client, clock: Clock
    ) -> None:
        header = keep()
        for _ in range(4):
            tracked(service, header)
            clock.go_on(seconds=20)
        assert kept_document(database)["last_used_at"] == NOW + timedelta(seconds=60)
        spy.forget()
        # Notes and records, then records alone.
        tracked(service, header, commit_hash="bbbbbb")
        clock.go_on(seconds=19)
        tracked(service, header, commit_hash="cccccc")
        assert spy.methods.count("commit") == 2

    def test_of_the_last_use_is_noted_in_a_second_or_not_at_all(
        self, service: Service, spy: Spy, keep: Any, database: Client
    ) -> None:
        header = keep()
        spy.fail("commit", Before(PermissionDenied("injected")))
        assert tracked(service, header) == 201
        timeout = next(call.timeout for call in spy.calls if call.method == "commit")
        assert timeout is not None
        assert timeout <= 1
        assert kept_document(database)["last_used_at"] is None


class TestLookUp:
    def test_is_one_read_a_minute(
        self, service: Service, spy: Spy, keep: Any, clock: Clock
    ) -> None:
        header = keep()
        for _ in range(3):
            service.get("/v1/health", headers=header)
            service.post(TRACK, {}, headers=header)
            clock.go_on(seconds=19)
        assert spy.methods.count("batch_get_documents") == 1
        clock.go_on(seconds=3)
        service.post(TRACK, {}, headers=header)
        assert spy.methods.count("batch_get_documents") == 2

    def test_of_a_made_up_id_is_one_read_a_minute_too(
        self, service: Service, spy: Spy, keep: Any
    ) -> None:
        keep()
        unknown = {"X-API-Key": key_of(99)[1]}
        for _ in range(5):
            assert tracked(service, unknown) == 401
        # The second one asked whether there is any key at all.
        assert spy.methods == ["batch_get_documents", "run_query"]

    def test_that_finds_any_key_is_enough_for_requests_without_one(
        self, service: Service, spy: Spy, keep: Any
    ) -> None:
        keep()
        for _ in range(5):
            assert tracked(service, {}) == 401
        assert spy.methods == ["run_query"]

    def test_of_what_has_not_the_form_of_a_key_is_no_read(
        self, service: Service, spy: Spy, keep: Any
    ) -> None:
        keep()
        text = key_of(1)[1]
        for wrong in ("x", "clk_", text[4:], text.upper(), f"{text}\xe9", "clk_" + "a" * 5_000):
            assert tracked(service, {"X-API-Key": wrong}) == 401
        assert "batch_get_documents" not in spy.methods

    def test_remembers_a_bounded_number_of_made_up_ids(
        self, service: Service, spy: Spy, keep: Any
    ) -> None:
        keep()
        for number in [*range(100, 1_300), 100]:
            service.post(TRACK, data=b"", headers={"X-API-Key": key_of(number)[1]})
        # The first one had to go, or 1,200 were kept.
        assert spy.methods.count("batch_get_documents") == 1_201

    def test_that_firestore_does_not_answer_is_no_ones_fault(
        self, store: EmbeddedFirestore, keep: Any
    ) -> None:
        header = keep()
        spy = Spy(store.client())
        spy.fail("batch_get_documents", *[Before(ServiceUnavailable("injected"))] * 1_000)
        service = Service(lambda: spy.client, Settings(), timing=FakeTime().timing)
        response = service.post(TRACK, REPORT, headers=header)
        assert_problem(response, 503, "unavailable")


def test_a_kept_key_is_enough_to_be_configured(service: Service, keep: Any) -> None:
    assert_problem(service.post(TRACK, REPORT, headers={}), 503, "no_key_configured")
    keep(Scope.READ)
    assert_problem(service.post(TRACK, REPORT, headers={}), 401, "unauthenticated")


def test_keys_of_the_environment_need_no_firestore(spy: Spy) -> None:
    service = Service(lambda: spy.client, Settings(api_keys={"ci": "s3cret"}))
    service.post(TRACK, data=b"", headers={"X-API-Key": "s3cret"})
    assert spy.methods == ["commit"]  # the note of a rejection


class TestASlowFirestore:
    """Firestore is slow: a call takes four seconds, by a clock of the test's own."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", TRACK),
            ("POST", f"{TRACK}/batch"),
            ("POST", "/v1/contributions"),
            ("POST", "/v1/assets"),
            ("GET", "/v1/contributions?contributor=test@example.com"),
            ("GET", "/v1/contributors?sort=recent"),
            ("GET", "/v1/assets/seeker71/Coherence-Network/contributions"),
            ("DELETE", "/v1/contributions/seeker71/Coherence-Network@abc123"),
            # Seven calls one after the other, and two in a row without an end of their own.
            ("GET", "/v1/health/tracking"),
            ("GET", "/v1/health/tracking?repository=octo/one"),
            ("GET", "/v1/assets?sort=name&limit=1"),
        ],
    )
    @pytest.mark.parametrize("presented", ["a key", "a made-up key", "no key"])
    def test_of_a_request_has_one_end_through_all_its_calls(
        self, store: EmbeddedFirestore, keep: Any, method: str, path: str, presented: str
    ) -> None:
        header = keep(Scope.ADMIN)
        if presented != "a key":
            header = {"X-API-Key": key_of(99)[1]} if presented == "a made-up key" else {}
        time = FakeTime()

        def let_pass(timeout: float) -> None:
            time.now += min(timeout, 4.0)
            if timeout < 4.0:
                raise DeadlineExceeded("injected")

        spy = Spy(store.client(), on_call=let_pass)
        service = Service(lambda: spy.client, Settings(), timing=time.timing)
        service.services.connections = Connections(monotonic=time.monotonic)
        commit = {"contributor_email": "test@example.com", "commit_hash": "abc123"}
        body = {
            TRACK: REPORT,
            f"{TRACK}/batch": {"repository": "octo/one", "commits": [commit]},
            "/v1/contributions": {
                "contributor_id": AUTHOR_ID,
                "asset_id": ASSET_ID,
                "cost_amount": 1,
            },
            "/v1/assets": {"description": "d", "type": "CODE", "name": "n"},
        }.get(path)
        options: dict[str, Any] = {"json": body} if method == "POST" else {}
        response = service.request(method, path, headers=header, **options)
        assert response.status_code in {200, 201, 401, 404, 503}
        assert time.elapsed <= BUDGET

    def test_that_the_client_takes_is_its_own(self, store: EmbeddedFirestore, keep: Any) -> None:
        header = keep()
        time = FakeTime()
        service = Service(store.client, Settings(), timing=time.timing)
        # By the same clock, each part of the body takes five seconds.
        service.services.connections = Connections(monotonic=time.monotonic)
        parts = [b"{", json.dumps(REPORT).encode()[1:]]

        class Slow:
            def read(self, _size: int = -1) -> bytes:
                time.now += 5.0
                return parts.pop(0) if parts else b""

        response = service.request(
            "POST",
            TRACK,
            headers=header | {"Transfer-Encoding": "chunked"},
            content_type="application/json",
            environ_overrides={"wsgi.input": Slow()},
        )
        assert response.status_code == 201
        assert time.elapsed > BUDGET
