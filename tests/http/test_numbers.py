"""GitHub's number of a repository on every way in, and whose word it is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import pytest
from google.cloud.firestore import Client
from werkzeug.test import TestResponse

from shared.commands.keys import create
from shared.domain.api_key import Scope
from shared.embedded import EmbeddedFirestore
from shared.web.settings import Settings
from tests.contract.books import assert_balanced, documents
from tests.http.framework import KEY, Service
from tests.http.issuer import AUDIENCE, OWNER, Issuer
from tests.http.problems import assert_problem
from tests.http.test_webhook import delivered, pushed

OLD, NEW, EVIL = "octo/old", "octo/new", "evil/x"
TRACK, BATCH = "/v1/contributions/github", "/v1/contributions/github/batch"
OF_OCTO, OF_EVIL = "battery staple", "evil horse"

# Reports a commit under a name, with a number.
Send = Callable[[str, str, int], TestResponse]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def service(issuer: Issuer, store: EmbeddedFirestore) -> Service:
    return Service(
        store.client,
        Settings(
            api_keys={"ci": "s3cret"},
            webhook_secrets={"octo": OF_OCTO, "evil": OF_EVIL},
            webhook_repositories={"octo": ("octo/*",), "evil": ("evil/*",)},
            oidc_audience=AUDIENCE,
            oidc_owners=frozenset({OWNER}),
            oidc_issuer=issuer.url,
        ),
    )


def with_key(service: Service, *patterns: str) -> dict[str, str]:
    """The header of a key for these repositories."""
    name = patterns[0].partition("/")[0]
    keys = service.services.ledger.keys
    text = create(keys, name=name, scope=Scope.RECORD, repositories=patterns, expires_at=None)
    return {"X-API-Key": text}


def by_post(service: Service, headers: dict[str, str]) -> Send:
    def send(repository: str, commit_hash: str, number: int) -> TestResponse:
        report = {
            "contributor_email": "test@example.com",
            "repository": repository,
            "repository_id": number,
            "commit_hash": commit_hash,
        }
        return service.post(TRACK, report, headers=headers)

    return send


def by_batch(service: Service, headers: dict[str, str]) -> Send:
    def send(repository: str, commit_hash: str, number: int) -> TestResponse:
        commit = {"contributor_email": "test@example.com", "commit_hash": commit_hash}
        batch = {"repository": repository, "repository_id": number, "commits": [commit]}
        return service.post(BATCH, batch, headers=headers)

    return send


def by_webhook(service: Service, secret: str) -> Send:
    def send(repository: str, commit_hash: str, number: int) -> TestResponse:
        push = pushed({"id": commit_hash})
        push["repository"] |= {"full_name": repository, "id": number}
        return delivered(service, push, secret=secret)

    return send


def by_token(service: Service, issuer: Issuer) -> Send:
    def send(repository: str, commit_hash: str, number: int) -> TestResponse:
        token = issuer.token(repository=repository, repository_id=str(number))
        # What is said beside it does not count.
        return by_post(service, {"Authorization": f"Bearer {token}"})(repository, commit_hash, 999)

    return send


def assets(database: Client) -> dict[str, tuple[str, int | None]]:
    found = documents(database, "assets")
    return {key: (asset["name"], asset["github_id"]) for key, asset in found.items()}


@pytest.fixture(params=["post", "batch", "webhook", "token"])
def send(request: pytest.FixtureRequest, service: Service, issuer: Issuer) -> Send:
    """Each way in, for octo's repositories alone."""
    match request.param:
        case "post":
            return by_post(service, with_key(service, "octo/*"))
        case "batch":
            return by_batch(service, with_key(service, "octo/*"))
        case "webhook":
            return by_webhook(service, OF_OCTO)
        case _:
            return by_token(service, issuer)


@pytest.fixture(params=["post", "batch", "webhook"])
def send_evil(request: pytest.FixtureRequest, service: Service) -> Send:
    """Each way in, for evil's repositories alone."""
    match request.param:
        case "post":
            return by_post(service, with_key(service, "evil/*"))
        case "batch":
            return by_batch(service, with_key(service, "evil/*"))
        case _:
            return by_webhook(service, OF_EVIL)


class TestARename:
    def test_is_followed_on_every_way_in(
        self, service: Service, database: Client, send: Send
    ) -> None:
        for name, commit_hash in ((OLD, "a" * 40), (NEW, "b" * 40), (OLD, "c" * 40)):
            assert send(name, commit_hash, 7).status_code in {200, 201}
        assert assets(database) == {"octo:old": (NEW, 7)}
        assert len(assert_balanced(database)) == 3
        shown = service.get(f"/v1/assets/{NEW}").get_json()
        assert (shown["name"], shown["former_names"], shown["github_id"]) == (NEW, [OLD], 7)
        listed = service.get(f"/v1/contributions?repository={OLD}").get_json()
        assert [one["repository"] for one in listed] == [NEW, NEW, OLD]

    def test_leaves_a_key_bound_to_its_name(self, service: Service) -> None:
        headers = with_key(service, OLD)
        assert by_post(service, headers)(OLD, "aaaaaa", 7).status_code == 201
        assert_problem(by_post(service, headers)(NEW, "bbbbbb", 7), 403, "forbidden")

    def test_of_a_name_taken_over_is_another_asset(
        self, service: Service, database: Client, send: Send
    ) -> None:
        send(OLD, "a" * 40, 7)
        send(OLD, "a" * 40, 8)
        assert assets(database) == {"octo:old": (OLD, 7), "octo:old~8": (OLD, 8)}
        taken = service.get(f"/v1/assets/{OLD}~8").get_json()
        assert (taken["name"], taken["contribution_count"]) == (OLD, 1)
        listed = service.get(f"/v1/assets/{OLD}~8/contributions").get_json()
        assert [one["asset_id"] for one in listed] == [taken["id"]]
        shown = service.get(f"/v1/contributions/{OLD}~8@{'a' * 40}").get_json()
        assert shown["asset_id"] == taken["id"]


class TestAStranger:
    @pytest.mark.parametrize("order", list(permutations(range(2))))
    def test_changes_nothing(
        self,
        service: Service,
        database: Client,
        send: Send,
        send_evil: Send,
        order: tuple[int, int],
    ) -> None:
        calls = [lambda: send_evil(EVIL, "a" * 40, 7), lambda: send(OLD, "a" * 40, 7)]
        for number in order:
            assert calls[number]().status_code in {200, 201}
        send(NEW, "b" * 40, 7)
        octo = {key: kept for key, kept in assets(database).items() if key.startswith("octo")}
        assert octo == {"octo:old": (NEW, 7)}
        asset = documents(database, "assets")["octo:old"]
        assert (asset["contribution_count"], asset["former_names"]) == (2, [OLD])
        assert len(assert_balanced(database)) == 3

    def test_with_a_webhook_secret_for_its_own_is_refused_elsewhere(
        self, service: Service, database: Client
    ) -> None:
        assert_problem(by_webhook(service, OF_EVIL)(OLD, "a" * 40, 7), 403, "forbidden")
        renamed = {"action": "renamed", "repository": {"full_name": OLD, "id": 7}}
        answer = delivered(service, renamed, event="repository", secret=OF_EVIL)
        assert_problem(answer, 403, "forbidden")
        assert documents(database, "contributions") == {}


class TestAToken:
    def test_replaces_what_a_key_said(
        self, service: Service, database: Client, issuer: Issuer
    ) -> None:
        by_post(service, KEY)(OLD, "aaaaaa", 5)
        by_token(service, issuer)(OLD, "bbbbbb", 7)
        assert assets(database) == {"octo:old": (OLD, 7)}

    @pytest.mark.parametrize("claim", [None, "x", "0", "-1", "07", "1e3", "9" * 30])
    def test_without_a_number_has_none(
        self, service: Service, database: Client, issuer: Issuer, claim: str | None
    ) -> None:
        token = issuer.token(repository=OLD, repository_id=claim)
        by_post(service, {"Authorization": f"Bearer {token}"})(OLD, "aaaaaa", 7)
        assert assets(database) == {"octo:old": (OLD, None)}


class TestTheWebhook:
    @pytest.mark.parametrize(
        "repository",
        [
            {"id": "7"},
            {"id": True},
            {"id": 0},
            {"id": 7.0},
            {"id": 2**53},
            {"id": None},
            # The numbers of another host are other numbers.
            {"id": 7, "html_url": "https://github.example.com/octo/old"},
            {"id": 7, "html_url": None},
        ],
        ids=json.dumps,
    )
    def test_takes_github_coms_numbers_alone(
        self, service: Service, database: Client, repository: dict[str, Any]
    ) -> None:
        push = pushed({"id": "a" * 40})
        push["repository"] |= {"full_name": OLD, **repository}
        assert delivered(service, push, secret=OF_OCTO).status_code == 200
        assert assets(database) == {"octo:old": (OLD, None)}


def renamed(name: str, action: str = "renamed", **changes: Any) -> dict[str, Any]:
    """GitHub's event of a repository that is called so now."""
    repository = {"full_name": name, "id": 7, "html_url": f"https://github.com/{name}"}
    return {"action": action, "repository": repository, "changes": changes}


FROM_OLD: dict[str, Any] = {"repository": {"name": {"from": "old"}}}


class TestTheEventOfARename:
    @pytest.mark.parametrize("number", [None, 7])
    def test_lets_the_name_lead_to_the_repository(
        self, service: Service, database: Client, number: int | None
    ) -> None:
        service.track(repository=OLD, commit_hash="aaaaaa", repository_id=number)
        for _ in range(2):
            answer = delivered(
                service, renamed(NEW, **FROM_OLD), event="repository", secret=OF_OCTO
            )
            assert (answer.status_code, answer.get_json()) == (200, {"status": "noted"})
        assert assets(database) == {"octo:old": (NEW, 7)}
        assert service.track(repository=NEW, commit_hash="aaaaaa").status_code == 200

    @pytest.mark.parametrize("kind", ["user", "organization"])
    def test_is_that_of_a_transfer_too(
        self, store: EmbeddedFirestore, database: Client, kind: str
    ) -> None:
        settings = Settings(api_keys={"ci": "s3cret"}, webhook_secrets={"all": OF_OCTO})
        service = Service(store.client, settings)
        service.track(repository=OLD, commit_hash="aaaaaa")
        owner: dict[str, Any] = {"owner": {"from": {kind: {"login": "octo"}}}}
        event = renamed("acme/old", "transferred", **owner)
        assert delivered(service, event, event="repository", secret=OF_OCTO).status_code == 200
        assert assets(database) == {"octo:old": ("acme/old", 7)}

    def test_makes_nothing_that_is_not_there(self, service: Service, database: Client) -> None:
        answer = delivered(service, renamed(NEW, **FROM_OLD), event="repository", secret=OF_OCTO)
        assert answer.get_json() == {"status": "noted"}
        assert documents(database, "assets") == documents(database, "repositories") == {}

    def test_says_nothing_of_a_repository_that_the_secret_is_not_for(
        self, service: Service, database: Client
    ) -> None:
        service.track(repository="octo/site", commit_hash="aaaaaa")
        owner: dict[str, Any] = {"owner": {"from": {"user": {"login": "octo"}}}}
        event = renamed("evil/site", "transferred", **owner)
        assert delivered(service, event, event="repository", secret=OF_EVIL).status_code == 200
        assert assets(database) == {"octo:site": ("octo/site", None)}

    @pytest.mark.parametrize(
        "event",
        [
            renamed(NEW, "archived", **FROM_OLD),
            renamed(NEW) | {"repository": {"full_name": NEW}},
            renamed(NEW) | {"action": None},
        ],
        ids=["archived", "no number", "no action"],
    )
    def test_is_ignored_where_it_is_none(self, service: Service, event: dict[str, Any]) -> None:
        answer = delivered(service, event, event="repository", secret=OF_OCTO)
        assert (answer.status_code, answer.get_json()["status"]) == (202, "ignored")

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"repository": {"name": {"from": 1}}},
            {"repository": {"name": {"from": "a/b"}}},
            {"repository": None},
            {"owner": {"from": {"user": None}}},
            {"owner": "octo"},
        ],
        ids=json.dumps,
    )
    def test_may_tell_no_former_name(
        self, service: Service, database: Client, changes: dict[str, Any]
    ) -> None:
        service.track(repository=OLD, commit_hash="aaaaaa", repository_id=7)
        event = renamed(NEW, **changes)
        assert delivered(service, event, event="repository", secret=OF_OCTO).status_code == 200
        assert assets(database) == {"octo:old": (NEW, 7)}


@pytest.mark.parametrize("number", [0, -1, "7", 7.5, True, 2**53, [7]], ids=repr)
@pytest.mark.parametrize("path", [TRACK, BATCH])
def test_a_number_that_is_none_is_refused(service: Service, path: str, number: Any) -> None:
    commit = {"contributor_email": "test@example.com", "commit_hash": "aaaaaa"}
    body = commit if path == TRACK else {"commits": [commit]}
    answer = service.post(path, body | {"repository": OLD, "repository_id": number})
    assert_problem(answer, 422, "invalid")
    assert [one["pointer"] for one in answer.get_json()["errors"]] == ["/repository_id"]
