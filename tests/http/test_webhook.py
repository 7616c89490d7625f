"""GitHub's own webhook: captured deliveries, signed here as GitHub signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import DeadlineExceeded
from google.cloud.firestore import Client
from werkzeug.test import TestResponse

from functions.github_webhook import ANSWER_WITHIN_S
from shared.domain.contributor import ContributorType
from shared.embedded import EmbeddedFirestore
from shared.store.deadline import Timing
from shared.web.large_bodies import LARGE, LargeBodies
from shared.web.settings import Settings
from tests.contract.books import assert_balanced, documents
from tests.contract.spy import Before, Spy
from tests.http.framework import KEY, NOW, Service
from tests.http.problems import assert_problem

CAPTURED = Path(__file__).parents[1] / "data" / "webhooks"
PATH = "/v1/webhooks/github"
SECRET = "correct horse"
OLD_SECRET = "battery staple"
HASH = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
REPOSITORY = "Codertocat/Hello-World"
AUTHOR = "21031067+codertocat@users.noreply.github.com"
MIB = 1024 * 1024
# No time goes by: a machine that is slow today must not end a large push.
UNHURRIED = Timing(monotonic=lambda: 0.0)

Deliver = Callable[..., TestResponse]


def settings_with(**changes: Any) -> Settings:
    secrets = {"new": SECRET, "old": OLD_SECRET}
    return Settings(**{"api_keys": {"ci": "s3cret"}, "webhook_secrets": secrets} | changes)


@pytest.fixture
def service(store: EmbeddedFirestore) -> Service:
    """A service with two webhook secrets."""
    return Service(store.client, settings_with())


@pytest.fixture
def deliver(service: Service) -> Deliver:
    return partial(delivered, service)


def captured(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((CAPTURED / f"{name}.json").read_text(encoding="utf-8"))
    return payload


def pushed(*commits: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The captured push with other commits, each given by what differs from the captured one."""
    payload = captured("push-first-commit")
    [first] = payload["commits"]
    return payload | {"commits": [first | commit for commit in commits]} | changes


def forked() -> dict[str, Any]:
    """A push to a fork."""
    push = pushed({})
    return push | {"repository": push["repository"] | {"fork": True}}


def target(target_type: str | None, target_id: str | None) -> dict[str, str | None]:
    """The headers that say where a hook was set."""
    prefix = "X-GitHub-Hook-Installation-Target-"
    return {f"{prefix}Type": target_type, f"{prefix}ID": target_id}


def numbered(count: int) -> dict[str, Any]:
    return pushed(*({"id": f"{number:040x}"} for number in range(count)))


def signature(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def delivered(
    service: Service,
    payload: Any,
    *,
    event: str = "push",
    secret: str = SECRET,
    headers: Mapping[str, str | None] | None = None,
    **options: Any,
) -> TestResponse:
    """What a delivery is answered; a header that is None is left out."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent: dict[str, str | None] = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": signature(body, secret),
        **(headers or {}),
    }
    there = {name: value for name, value in sent.items() if value is not None}
    return service.post(options.pop("path", PATH), data=body, headers=there, **options)


def outcomes(response: TestResponse) -> dict[str, str]:
    """What became of each commit, by the first digits of its hash."""
    assert response.status_code == 200, response.get_data(as_text=True)
    return {one["commit_hash"][:6]: one["outcome"] for one in response.get_json()["outcomes"]}


def last_line(service: Service) -> dict[str, Any]:
    """What was logged last."""
    line: dict[str, Any] = json.loads(service.logged[-1])
    return line


class TestPush:
    def test_records_a_captured_push(self, deliver: Deliver, database: Client) -> None:
        response = deliver(captured("push-first-commit"))
        assert response.status_code == 200
        answer = response.get_json()
        [outcome] = answer.pop("outcomes")
        assert answer == {
            "status": "recorded",
            "counts": {"recorded": 1, "replayed": 0, "conflict": 0, "voided": 0, "invalid": 0},
            "skipped": [],
            "notice": None,
        }
        [(document_id, contribution)] = assert_balanced(database).items()
        assert document_id == f"codertocat:hello-world@{HASH}"
        assert outcome == {
            "commit_hash": HASH,
            "outcome": "recorded",
            "id": contribution["id"],
            "cost_amount": "0.25",
            "coherence_score": 0.8,
        }
        assert contribution["contributor_email"] == AUTHOR
        assert contribution["contributor_name"] == "Codertocat"
        assert contribution["repository"] == REPOSITORY
        assert contribution["timestamp"].isoformat() == "2019-05-15T15:19:25+00:00"
        assert contribution["url"] == f"https://github.com/{REPOSITORY}/commit/{HASH}"
        assert contribution["metadata"] == {
            "files_changed": 1,
            "has_tests": False,
            "has_docs": True,
        }
        assert contribution["recorded_by"] == "webhook:new"

    def test_is_taken_at_the_functions_own_url(self, deliver: Deliver) -> None:
        response = deliver(captured("push-first-commit"), at="github_webhook", path="/")
        assert outcomes(response) == {"611372": "recorded"}

    def test_delivered_again_is_a_replay(self, deliver: Deliver, database: Client) -> None:
        push = captured("push-first-commit")
        answers = [deliver(push) for _ in range(3)]
        assert [outcomes(answer)["611372"] for answer in answers] == [
            "recorded",
            "replayed",
            "replayed",
        ]
        assert len(assert_balanced(database)) == 1

    def test_records_commits_that_other_branches_have(self, deliver: Deliver) -> None:
        assert outcomes(deliver(pushed({"distinct": False}))) == {"611372": "recorded"}

    def test_skips_merges_and_says_so(self, deliver: Deliver, database: Client) -> None:
        merge = {"id": "b" * 40, "message": "Merge pull request #1 from octo/x\n\nThe title"}
        answer = deliver(pushed({}, merge))
        assert outcomes(answer) == {"611372": "recorded"}
        skipped = [{"commit_hash": "b" * 40, "reason": "a merge commit"}]
        assert answer.get_json()["skipped"] == skipped
        assert len(assert_balanced(database)) == 1

    def test_of_merges_only_records_nothing(self, deliver: Deliver, database: Client) -> None:
        answer = deliver(pushed({"message": "Merge branch 'x'"}))
        assert outcomes(answer) == {}
        assert len(answer.get_json()["skipped"]) == 1
        assert documents(database, "contributions") == {}

    def test_an_author_without_an_address_blocks_nobody(
        self, deliver: Deliver, database: Client
    ) -> None:
        nameless = {"id": "a" * 40, "author": {"name": "x", "email": None}}
        odd = {"id": "b" * 40, "author": {"name": "x", "email": "no address"}}
        answer = deliver(pushed(nameless, {}, odd))
        assert outcomes(answer) == {"aaaaaa": "invalid", "611372": "recorded", "bbbbbb": "invalid"}
        assert answer.get_json()["outcomes"][0]["errors"] == [
            {"pointer": "/contributor_email", "message": "must hold one @ with text on both sides"}
        ]
        assert len(assert_balanced(database)) == 1

    @pytest.mark.parametrize(
        ("shown", "moment"),
        [
            ("2008-05-05T03:20:11+25:00", "2008-05-04T02:20:11+00:00"),
            ("2008-05-05T03:20:11-51:80", "2008-05-07T07:40:11+00:00"),
            ("10889-01-01T00:00:00Z", None),
            ("0000-01-01T00:00:00Z", None),
            ("2024-02-30T00:00:00Z", None),
            ("", None),
            (None, None),
            (1714564800, None),
        ],
    )
    def test_records_a_commit_whatever_its_time_is(
        self, shown: object, moment: str | None, deliver: Deliver, database: Client
    ) -> None:
        assert outcomes(deliver(pushed({"timestamp": shown}))) == {"611372": "recorded"}
        [contribution] = assert_balanced(database).values()
        assert contribution["timestamp"].isoformat() == (moment or NOW.isoformat())

    @pytest.mark.parametrize(
        "url", ["", "x" * 3000, "https://x/" + "x" * 2048, "ftp://x/y", "https://x/a b", 5, {}]
    )
    def test_records_a_commit_whatever_its_url_is(
        self, url: object, deliver: Deliver, database: Client
    ) -> None:
        assert outcomes(deliver(pushed({"url": url}))) == {"611372": "recorded"}
        [contribution] = assert_balanced(database).values()
        assert contribution.get("url") is None

    @pytest.mark.parametrize(
        "thrown_away",
        [
            rb'"message": "Import\u0000notes"',
            rb'"modified": ["src/\ud800.py"]',
            b'"modified": ["src/\xff.py"]',
            b'"tree_id": "a", "tree_id": "b"',
            b'"size": ' + b"9" * 70,
            b'"size": -Infinity',
            b'"size": 1e' + b"9" * 40,
            b'"committer": {"name": "\xff", "name": ""}',
            # What is kept without it, or cleaned.
            b'"timestamp": "a", "timestamp": "b"',
            rb'"url": "https://github.com/\ud800"',
            b'"author": {"email": "dev@example.com", "name": "D\\u0000\\ud800\xff"}',
            rb'"message": "S\n\nCo-authored-by: \ud800 <a@b>\nCo-authored-by: x <\u0000@b>"',
        ],
    )
    def test_does_not_judge_what_it_throws_away(
        self, thrown_away: bytes, deliver: Deliver, database: Client
    ) -> None:
        body = json.dumps(pushed({"marked": 1}, {"id": "b" * 40})).encode()
        body = body.replace(b'"marked": 1', thrown_away)
        for name in (b'"message"', b'"modified"', b'"timestamp"', b'"url"', b'"author"'):
            # Instead of what the captured commit has there.
            if thrown_away.startswith(name):
                first = body.index(name, body.index(b'"commits"'))
                body = body[:first] + name[:-1] + b'_"' + body[first + len(name) :]
        assert set(outcomes(deliver(body)).values()) == {"recorded"}
        assert len(assert_balanced(database)) == 2

    @pytest.mark.parametrize(
        ("kept", "pointer"),
        [
            (b'"id": "c"', "/commit_hash"),
            (b'"message": "b"', "/message"),
            (b'"author": {}', "/author"),
            (b'"modified": []', "/modified"),
        ],
    )
    def test_holds_a_doubled_value_that_is_kept_against_that_commit_alone(
        self, kept: bytes, pointer: str, deliver: Deliver, database: Client
    ) -> None:
        body = json.dumps(pushed({"marked": 1}, {"id": "b" * 40})).encode()
        answer = deliver(body.replace(b'"marked": 1', kept)).get_json()
        [bad, good] = answer["outcomes"]
        assert (bad["outcome"], good["outcome"]) == ("invalid", "recorded")
        assert {"pointer": pointer, "message": "an object holds the same key twice"} in bad[
            "errors"
        ]
        assert len(assert_balanced(database)) == 1

    def test_credits_the_co_authors_of_the_last_paragraph(
        self, deliver: Deliver, database: Client
    ) -> None:
        message = (
            "Subject\n\nCo-authored-by: Not <not@example.com>\n\n"
            "Co-authored-by: Ann <Ann@Example.com>\nCo-authored-by: Claude <noreply@anthropic.com>"
        )
        deliver(pushed({"message": message}))
        [contribution] = assert_balanced(database).values()
        assert [(c["email"], c["role"], c["share_micros"]) for c in contribution["credits"]] == [
            (AUTHOR, "author", 125_000),
            ("ann@example.com", "co_author", 125_000),
            ("noreply@anthropic.com", "co_author", 0),
        ]
        assert documents(database, "contributors")["ann@example.com"]["name"] == "Ann"

    def test_names_the_tools_that_the_last_paragraph_names(
        self, deliver: Deliver, database: Client
    ) -> None:
        message = (
            "Subject\n\nAssisted-by: Codex\n\nGenerated-By: Gemini 3.1 Pro\n"
            "assisted-by: Ada <ada@example.com>\nAssisted-by:\n"
            "Assisted-by: Claude Code\n Opus 4.6\nCo-authored-by: Claude <noreply@anthropic.com>"
        )
        deliver(pushed({"message": message}))
        [contribution] = assert_balanced(database).values()
        assert contribution["assistance"] == [
            {"agent": "Gemini", "model": "gemini-3.1-pro"},
            {"agent": "Claude", "model": "claude-opus-4.6"},
        ]

    def test_tells_bots_and_agents_by_their_addresses(
        self, deliver: Deliver, database: Client
    ) -> None:
        authors = [
            "49699333+dependabot[bot]@users.noreply.github.com",
            "cursoragent@cursor.com",
            "dependabot[bot]@example.com",
        ]
        deliver(
            pushed(
                *(
                    {"id": f"{n:040x}", "author": {"name": "A human", "email": email}}
                    for n, email in enumerate(authors)
                )
            )
        )
        people = documents(database, "contributors")
        assert [people[email]["contributor_type"] for email in authors] == ["BOT", "AGENT", "HUMAN"]

    def test_goes_by_an_operators_own_rules(
        self, store: EmbeddedFirestore, database: Client
    ) -> None:
        settings = settings_with(contributor_types={"*@corp.example": ContributorType.BOT})
        author = {"name": "CI", "email": "CI@corp.example"}
        delivered(Service(store.client, settings), pushed({"author": author}))
        [person] = documents(database, "contributors").values()
        assert person["contributor_type"] == "BOT"

    def test_of_as_many_commits_as_github_lists_says_that_there_may_be_more(
        self, store: EmbeddedFirestore, database: Client
    ) -> None:
        service = Service(store.client, settings_with(), timing=UNHURRIED)
        notice = "GitHub lists at most 2048 commits of a push; backfill the rest"
        answer = delivered(service, numbered(2048)).get_json()
        assert answer["counts"]["recorded"] == 2048
        assert answer["notice"] == notice
        assert last_line(service)["notice"] == notice
        [asset] = documents(database, "assets").values()
        assert (asset["contribution_count"], asset["total_cost_micros"]) == (2048, 2048 * 250_000)
        assert delivered(service, numbered(10)).get_json()["notice"] is None
        assert "notice" not in last_line(service)

    @pytest.mark.parametrize("first", ["batch", "webhook"])
    def test_and_a_batch_give_each_commit_once(
        self, first: str, service: Service, deliver: Deliver, database: Client
    ) -> None:
        push = pushed({}, {"id": "b" * 40})

        def batch() -> TestResponse:
            commits = [
                {"contributor_email": AUTHOR, "commit_hash": h, "cost_amount": "1.00"}
                for h in (HASH, "b" * 40, "c" * 40)
            ]
            body = {"repository": REPOSITORY.lower(), "commits": commits}
            return service.post("/v1/contributions/github/batch", body, headers=KEY)

        ways: list[Callable[[], TestResponse]] = [batch, lambda: deliver(push)]
        recorded, replayed = ways if first == "batch" else reversed(ways)
        assert set(outcomes(recorded()).values()) == {"recorded"}
        later = outcomes(replayed())
        assert {later["611372"], later["bbbbbb"]} == {"replayed"}
        contributions = assert_balanced(database)
        assert len(contributions) == 3
        expected = {"batch": ("ci", 1_000_000), "webhook": ("webhook:new", 250_000)}[first]
        contribution = contributions[f"codertocat:hello-world@{HASH}"]
        assert (contribution["recorded_by"], contribution["cost_micros"]) == expected


class TestIgnored:
    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (captured("push-tag"), "not a branch"),
            (captured("push-tag-deleted"), "not a branch"),
            (
                captured("push-tag-deleted") | {"ref": "refs/heads/master"},
                "the branch was deleted, or holds no new commit",
            ),
            (pushed({}, ref="refs/heads/feature"), "not a tracked branch"),
        ],
    )
    def test_pushes_that_bring_nothing_are_answered_with_the_reason(
        self, payload: Any, reason: str, deliver: Deliver, database: Client
    ) -> None:
        response = deliver(payload)
        assert response.status_code == 202
        assert response.get_json() == {"status": "ignored", "reason": reason}
        assert list(database.collections()) == []

    def test_tracked_branches_are_those_of_the_setting(
        self, store: EmbeddedFirestore, database: Client
    ) -> None:
        environment = {
            "LEDGER_WEBHOOK_SECRETS": f"new={SECRET}",
            "LEDGER_TRACKED_BRANCHES": "main, release/*",
        }
        service = Service(store.client, Settings.from_environment(environment))
        assert delivered(service, pushed({})).status_code == 202
        for number, branch in enumerate(("main", "release/1")):
            commit = {"id": f"{number:040x}"}
            push = pushed(commit, ref=f"refs/heads/{branch}")
            assert delivered(service, push).status_code == 200
        assert len(assert_balanced(database)) == 2

    @pytest.mark.parametrize(
        ("target_type", "target_id"),
        [
            ("organization", "7"),
            ("integration", "7"),
            ("business", "7"),
            # Set on another repository than this one.
            ("repository", "7"),
        ],
    )
    def test_a_fork_s_sync_is_no_work_of_the_fork(
        self, target_type: str, target_id: str, deliver: Deliver, database: Client
    ) -> None:
        response = deliver(forked(), headers=target(target_type, target_id))
        assert response.status_code == 202
        assert response.get_json() == {"status": "ignored", "reason": "a fork"}
        assert list(database.collections()) == []

    @pytest.mark.parametrize(
        ("target_type", "target_id"),
        [("repository", "186853002"), ("repository", None), (None, None)],
    )
    def test_a_hook_set_on_the_fork_itself_is_meant(
        self, target_type: str | None, target_id: str | None, deliver: Deliver
    ) -> None:
        response = deliver(forked(), headers=target(target_type, target_id))
        assert outcomes(response) == {"611372": "recorded"}

    def test_an_organisation_s_hook_records_what_is_no_fork(self, deliver: Deliver) -> None:
        headers = target("organization", "7")
        assert outcomes(deliver(pushed({}), headers=headers)) == {"611372": "recorded"}

    def test_a_ping_is_answered(self, deliver: Deliver) -> None:
        response = deliver(captured("ping"), event="ping")
        assert (response.status_code, response.get_json()) == (200, {"status": "pong"})

    @pytest.mark.parametrize("event", ["star", "pull_request", "PUSH", "", None])
    def test_other_events_are_ignored(self, event: str | None, deliver: Deliver) -> None:
        response = deliver(captured("star"), headers={"X-GitHub-Event": event})
        assert response.status_code == 202
        assert response.get_json() == {
            "status": "ignored",
            "reason": "only push events are recorded",
        }


class TestSignature:
    def test_of_a_second_secret_is_good_while_secrets_are_rotated(
        self, deliver: Deliver, database: Client
    ) -> None:
        deliver(captured("push-first-commit"), secret=OLD_SECRET)
        [contribution] = documents(database, "contributions").values()
        assert contribution["recorded_by"] == "webhook:old"

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Hub-Signature-256": None},
            {"X-Hub-Signature-256": ""},
            {"X-Hub-Signature-256": "sha256="},
            {"X-Hub-Signature-256": f"sha256={'0' * 64}"},
            {"X-Hub-Signature-256": "sha256=ÿþ"},
            # An API key is no substitute.
            {"X-Hub-Signature-256": None, **KEY},
        ],
    )
    def test_that_is_wrong_or_missing_is_refused(
        self, headers: dict[str, str | None], deliver: Deliver, database: Client
    ) -> None:
        response = deliver(captured("push-first-commit"), headers=headers)
        assert_problem(response, 401, "unauthenticated")
        assert list(database.collections()) == []

    def test_by_sha_1_alone_is_refused(self, deliver: Deliver) -> None:
        body = json.dumps(captured("push-first-commit")).encode()
        digest = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        for name in ("X-Hub-Signature", "X-Hub-Signature-256"):
            headers = {"X-Hub-Signature-256": None, name: f"sha1={digest}"}
            assert_problem(deliver(body, headers=headers), 401, "unauthenticated")

    @pytest.mark.parametrize("change", [b" ", b"\n"])
    def test_is_of_the_bytes_as_they_came(self, change: bytes, deliver: Deliver) -> None:
        body = json.dumps(captured("push-first-commit")).encode()
        headers = {"X-Hub-Signature-256": signature(body)}
        assert_problem(deliver(body + change, headers=headers), 401, "unauthenticated")

    @pytest.mark.parametrize(
        ("body", "options"),
        [
            (b"{", {}),
            (b"\xff", {}),
            (b"", {}),
            (b"payload=%7B%7D", {"content_type": "application/x-www-form-urlencoded"}),
            (b"{}", {"event": "ping"}),
        ],
    )
    def test_is_looked_at_before_anything_else(
        self, body: bytes, options: dict[str, Any], deliver: Deliver
    ) -> None:
        response = deliver(body, secret="wrong", **options)
        assert_problem(response, 401, "unauthenticated")

    def test_without_any_secret_configured_is_refused_with_the_reason(
        self, store: EmbeddedFirestore, database: Client
    ) -> None:
        service = Service(store.client, settings_with(webhook_secrets={}))
        for event, secret in (("push", SECRET), ("ping", SECRET), ("push", "")):
            push = captured("push-first-commit")
            response = delivered(service, push, event=event, secret=secret)
            problem = assert_problem(response, 503, "no_secret_configured")
            assert "LEDGER_WEBHOOK_SECRETS" in problem["detail"]
        assert list(database.collections()) == []


class TestBody:
    def test_as_a_form_is_refused_with_what_to_change(self, deliver: Deliver) -> None:
        response = deliver(b"payload=%7B%7D", content_type="application/x-www-form-urlencoded")
        problem = assert_problem(response, 415, "unsupported_media_type")
        assert problem["detail"] == (
            "In the webhook's settings on GitHub, choose content type application/json"
        )

    def test_may_name_its_character_set(self, deliver: Deliver) -> None:
        content_type = "application/json; charset=utf-8"
        response = deliver(captured("push-first-commit"), content_type=content_type)
        assert response.status_code == 200

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 400, "malformed"),
            (b"[]", 422, "invalid"),
            (b"{}", 422, "invalid"),
            (json.dumps(captured("ping")).encode(), 422, "invalid"),
            (json.dumps(captured("star")).encode(), 422, "invalid"),
            (b'{"repository": {"full_name": "a/b"}, "ref": NaN}', 422, "invalid"),
        ],
    )
    def test_that_is_no_push_is_refused(
        self, body: bytes, status: int, code: str, deliver: Deliver
    ) -> None:
        assert_problem(deliver(body), status, code)

    def test_of_25_mebibytes_is_taken_and_no_larger_one(
        self, deliver: Deliver, database: Client
    ) -> None:
        body = json.dumps(captured("push-first-commit")).encode().ljust(25 * MIB)
        assert_problem(deliver(body + b" "), 413, "too_large")
        assert list(database.collections()) == []
        assert deliver(body).status_code == 200


class TestLog:
    def test_tells_the_delivery_and_what_became_of_it(
        self, service: Service, deliver: Deliver
    ) -> None:
        nameless = {"id": "a" * 40, "author": {"name": "x", "email": None}}
        deliver(pushed({}, nameless))
        line = last_line(service)
        assert line["delivery"] == "72d3162e-cc78-11e3-81ab-4c9367dc0958"
        assert line["caller"] == "webhook:new"
        assert line["repository"] == REPOSITORY
        assert line["counts"] == {"recorded": 1, "invalid": 1}

    @pytest.mark.parametrize("given", [None, "", "x" * 65, "a@example.com", "1\t2"])
    def test_holds_no_delivery_that_is_not_like_github_s(
        self, given: str | None, service: Service, deliver: Deliver
    ) -> None:
        deliver(captured("ping"), event="ping", headers={"X-GitHub-Delivery": given})
        assert last_line(service)["delivery"] == "unknown"

    def test_holds_no_address_and_no_secret(self, service: Service, deliver: Deliver) -> None:
        push = captured("push-first-commit")
        deliver(push)
        deliver(push, secret="wrong")
        deliver(pushed({"author": {"email": "a b@example.com"}}))
        logged = "\n".join(service.logged)
        assert len(service.logged) == 3
        for hidden in (
            "@",
            "codertocat@",
            SECRET,
            OLD_SECRET,
            signature(json.dumps(push).encode()),
        ):
            assert hidden not in logged.lower()


class TestTime:
    """Firestore hangs: each call takes all the time it is given, by a clock of the test's own."""

    @pytest.fixture
    def hung(self, store: EmbeddedFirestore) -> tuple[Service, Spy, list[float]]:
        now = [1000.0]

        def let_pass(seconds: float) -> None:
            now[0] += seconds

        spy = Spy(store.client(), on_call=let_pass)
        timing = Timing(monotonic=lambda: now[0], sleep=let_pass, uniform=lambda _least, most: most)
        return Service(lambda: spy.client, settings_with(), timing=timing), spy, now

    @pytest.mark.parametrize("method", ["batch_get_documents", "commit"])
    def test_is_up_before_github_hangs_up(
        self, method: str, hung: tuple[Service, Spy, list[float]], database: Client
    ) -> None:
        service, spy, now = hung
        spy.fail(method, *[Before(DeadlineExceeded("hung"))] * 100)
        response = delivered(service, captured("push-first-commit"))
        assert_problem(response, 503, "unavailable")
        assert ANSWER_WITHIN_S <= 8
        assert now[0] - 1000.0 <= ANSWER_WITHIN_S
        assert spy.calls
        assert documents(database, "contributions") == {}

    def test_that_ran_out_in_the_middle_is_made_up_for_by_a_redelivery(
        self, store: EmbeddedFirestore, hung: tuple[Service, Spy, list[float]], database: Client
    ) -> None:
        service, spy, _ = hung
        spy.on_call = lambda _: None
        # Too much for one request to Firestore.
        url = "https://github.com/Codertocat/Hello-World/commit/?" + "x" * 1900
        push = pushed(*({"id": f"{number:040x}", "url": url} for number in range(510)))
        # The first of its Commits is carried out.
        spy.fail("commit", None, *[Before(DeadlineExceeded("hung"))] * 100)
        assert_problem(delivered(service, push), 503, "unavailable")
        recorded = len(assert_balanced(database))
        assert 0 < recorded < 510
        healthy = Service(store.client, settings_with(), timing=UNHURRIED)
        again = delivered(healthy, push).get_json()
        assert again["counts"]["replayed"] == recorded
        assert again["counts"]["recorded"] == 510 - recorded
        assert len(assert_balanced(database)) == 510


def test_a_large_push_waits_its_turn_once_its_signature_is_verified(
    service: Service, deliver: Deliver
) -> None:
    service.services.large_bodies = LargeBodies(1, patience=0)
    large = pushed({}, filler="x" * LARGE)
    with service.services.large_bodies.turn(LARGE):
        assert_problem(deliver(large), 503, "unavailable")
        assert_problem(deliver(large, secret="wrong"), 401, "unauthenticated")
        assert deliver(pushed({})).status_code == 200
    assert deliver(large).status_code == 200


class Breaking:
    """A large body that ends in something else than the end that was announced."""

    def __init__(self, body: bytes, error: Exception | None) -> None:
        self._body = BytesIO(body)
        self._error = error

    def read(self, size: int = -1) -> bytes:
        part = self._body.read(size)
        if not part and self._error:
            raise self._error
        return part


@pytest.mark.parametrize(
    ("body", "headers", "error", "status"),
    [
        pytest.param(b"{}", {"X-Hub-Signature-256": f"sha256={'0' * 64}"}, None, 401, id="forged"),
        pytest.param(b"{}", {}, ConnectionResetError(), 400, id="breaks off"),
        pytest.param(b"{}", {}, TimeoutError(), 408, id="stalls"),
        pytest.param(b"[" * LARGE, {}, None, 422, id="is nested without end"),
        pytest.param(b"{}", {"Content-Type": "text/plain"}, None, 415, id="is no JSON"),
        pytest.param(b"{}", {}, None, 422, id="is no push"),
    ],
)
def test_the_room_of_a_large_body_is_given_back_whatever_becomes_of_it(
    service: Service, body: bytes, headers: dict[str, str], error: Exception | None, status: int
) -> None:
    body = body.ljust(LARGE + LARGE // 2)
    service.services.large_bodies = LargeBodies(1, patience=0, room=2 * LARGE)
    usual = {
        "Content-Type": "application/json",
        "Transfer-Encoding": "chunked",
        "X-GitHub-Event": "push",
        "X-Hub-Signature-256": signature(body),
    }
    # Not for two of them.
    for _ in range(2):
        response = service.request(
            "POST",
            PATH,
            headers=usual | headers,
            environ_overrides={"wsgi.input": Breaking(body, error)},
        )
        assert_problem(response, status, response.get_json()["code"])
