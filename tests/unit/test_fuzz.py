"""Whatever is sent: errors of the ledger's own, or the right answer, and never a crash.

Deterministic and bounded; a found case is written down as an example of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from werkzeug.test import TestResponse

from shared.domain.asset import NewAsset
from shared.domain.contribution import Batch, Commit, CommitReport, NewContribution, Void
from shared.domain.contributor import NewContributor
from shared.domain.errors import InvalidInput, MalformedRequest
from shared.domain.fields import parse
from shared.embedded import open_embedded
from shared.web.json_text import parse_json
from shared.web.settings import Settings
from tests.contract.books import assert_balanced
from tests.http.framework import KEY, REPORT, Service

MODELS = (CommitReport, Commit, Batch, NewContribution, NewContributor, NewAsset, Void)
PUSH = Path(__file__).parents[1] / "data" / "webhooks" / "push-first-commit.json"
SECRET = "hook-s3cret"
REFUSALS = {400, 401, 403, 404, 405, 409, 413, 415, 422}

# Text that has made programs stumble, beside any other.
awkward = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\ud800",
        "\u2028",
        "\ufeff",
        "İ",
        "ﬁ",
        "..",
        "/",
        "__x__",
        "~",
        "%2F",
        "a@b",
        "a@b@c",
        "@",
        "o/r",
        "O/R@ABCDEF",
        "abcdef",
        "1e9",
        "-0",
        "NaN",
        "9" * 30,
        "2024-05-01T00:00:00Z",
        "9999-12-31T23:59:59.999999-23:59",
        "https://[",
        "https://x",
        "{}",
        "refs/heads/master",
    ]
)
text = awkward | st.text(max_size=12)
number = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([2**63, -(2**63)])
)
leaf = st.none() | st.booleans() | number | text
value = st.recursive(
    leaf,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@contextmanager
def running() -> Iterator[Service]:
    """A service on an empty ledger, whose books are checked in the end."""
    with open_embedded(None, project="demo-fuzz") as store:
        configured = Settings(api_keys={"ci": "s3cret"}, webhook_secrets={"main": SECRET})
        yield Service(store.client, configured)
        assert_balanced(store.client())


def assert_sound(response: TestResponse, *fine: int) -> None:
    """An answer as it should be, or a refusal as it should be."""
    body = json.loads(response.get_data())
    if response.status_code not in fine:
        assert response.status_code in REFUSALS, body
        assert response.headers["Content-Type"] == "application/problem+json"
        assert body["status"] == response.status_code


@st.composite
def mutated(draw: st.DrawFn, document: Any, *, changes: int = 3) -> Any:
    """A JSON document in which some members or items are replaced, added or gone."""
    changed = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, changes))):
        holder = draw(st.sampled_from(holders(changed)))
        if isinstance(holder, dict):
            key = draw(st.sampled_from([*holder, draw(text)]))
            if draw(st.booleans()) or key not in holder:
                holder[key] = draw(value)
            else:
                del holder[key]
        else:
            holder.insert(draw(st.integers(0, len(holder))), draw(value))
    return changed


def holders(document: Any) -> list[Any]:
    """The document's objects and lists, itself included."""
    found, pending = [], [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict | list):
            found.append(item)
            pending.extend(item.values() if isinstance(item, dict) else item)
    return found or [{}]


@st.composite
def scratched(draw: st.DrawFn, bodies: Sequence[bytes]) -> bytes:
    """A body in which some bytes are others, or missing, or there twice."""
    body = bytearray(draw(st.sampled_from(bodies)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        body[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(body)


class TestParsing:
    """From the bytes of a body to what is recorded."""

    @settings(max_examples=600)
    @given(
        st.sampled_from(MODELS),
        scratched([json.dumps(REPORT).encode(), b"[]", b'{"a": [1e5, "\\u00e9", {}]}'])
        | mutated(REPORT).map(lambda document: json.dumps(document).encode())
        | value.map(lambda document: json.dumps(document).encode())
        | st.binary(max_size=60),
    )
    @example(CommitReport, b"[" * 100_000)
    @example(CommitReport, b'{"a":' * 100_000)
    @example(CommitReport, b"9" * 100_000)
    @example(CommitReport, b'"\\ud800"')
    def test_raises_nothing_but_errors_of_the_ledger(
        self, model: type[BaseModel], body: bytes
    ) -> None:
        said = "nothing"
        try:
            # What was taken can be shown, and so stored.
            parse(model, parse_json(body)).model_dump_json()
        except (InvalidInput, MalformedRequest) as error:
            said = error.detail
        assert 0 < len(said.encode()) < 20_000

    def test_of_mutated_reports_records_or_refuses(self) -> None:
        with running() as service:

            @settings(max_examples=250)
            @given(mutated(REPORT), st.booleans())
            def send(report: Any, several: bool) -> None:
                path = "/v1/contributions/github"
                if several:
                    path += "/batch"
                    report = {"repository": "octo/one", "commits": [report, report]}
                body = json.dumps(report).encode()
                assert_sound(service.post(path, data=body), 200, 201)

            send()


class TestWebhook:
    """Behind the signature, and in front of it."""

    def deliver(self, service: Service, body: bytes, event: str, signature: str) -> TestResponse:
        headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": signature}
        return service.post("/v1/webhooks/github", data=body, headers=headers)

    def test_takes_or_refuses_whatever_is_signed(self) -> None:
        push = json.loads(PUSH.read_text(encoding="utf-8"))
        # The parts that are read, so that more of the changes touch them.
        essence = {name: push[name] for name in ("ref", "commits", "head_commit", "deleted")} | {
            "repository": {
                name: push["repository"][name] for name in ("full_name", "default_branch")
            }
        }
        with running() as service:

            @settings(max_examples=400)
            @given(
                mutated(essence).map(lambda document: json.dumps(document).encode())
                | mutated(push).map(lambda document: json.dumps(document).encode())
                | value.map(lambda document: json.dumps(document).encode())
                | scratched([json.dumps(essence).encode()])
                | st.binary(max_size=60),
                st.sampled_from(["push", "push", "push", "ping", "star", ""]),
            )
            def deliver(body: bytes, event: str) -> None:
                signature = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
                assert_sound(self.deliver(service, body, event, f"sha256={signature}"), 200, 202)

            deliver()

    def test_refuses_whatever_is_not_signed(self) -> None:
        body = PUSH.read_bytes()
        header = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=80)
        with running() as service:

            @given(header | header.map(lambda end: f"sha256={end}"))
            def deliver(signature: str) -> None:
                response = self.deliver(service, body, "push", signature)
                assert response.status_code == 401

            deliver()
            assert service.get("/v1/contributions").get_json() == []


class TestPaths:
    """Paths and queries as a server hands them over: any bytes."""

    def test_lead_to_an_answer_or_a_problem(self) -> None:
        raw = st.binary(max_size=30).map(lambda path: path.decode("latin-1"))
        segment = st.one_of(
            awkward.filter(lambda part: part.isprintable()).map(
                lambda part: part.encode().decode("latin-1")
            ),
            raw,
            st.sampled_from(
                ["test@example.com", "octo", "one", "octo/one@abc123", "contributions"]
            ),
        )
        collection = st.sampled_from(["contributions", "contributors", "assets", "health", "x"])
        path = st.tuples(collection, st.lists(segment, max_size=3)).map(
            lambda parts: "/v1/" + "/".join([parts[0], *parts[1]])
        )
        name = st.sampled_from(
            ["limit", "page_token", "sort", "since", "contributor", "repository", "commit_hash"]
        )
        query = st.lists(st.tuples(name, raw | segment), max_size=3).map(
            lambda pairs: "&".join(f"{name}={text}" for name, text in pairs)
        )
        with running() as service:
            service.track(repository="octo/one")

            @settings(max_examples=500)
            @given(
                path | raw.map(lambda end: f"/{end}"),
                query | raw,
                st.sampled_from(["GET", "GET", "GET", "DELETE", "HEAD", "PUT"]),
                st.booleans(),
            )
            def ask(path: str, query: str, method: str, with_key: bool) -> None:
                response = service.request(
                    method,
                    "/",
                    headers=KEY if with_key else {},
                    environ_overrides={"PATH_INFO": path, "QUERY_STRING": query},
                )
                if method == "HEAD":
                    assert response.status_code in REFUSALS | {200}
                else:
                    assert_sound(response, 200)

            ask()


class TestPageTokens:
    """A token grants nothing, so anybody may make one up whose digest is right."""

    LISTS: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("list_contributions", "/v1/contributions", {}),
        ("list_contributions", "/v1/contributions", {"repository": "octo/one"}),
        ("list_contributors", "/v1/contributors", {}),
        ("list_contributors", "/v1/contributors", {"sort": "total_cost"}),
        ("list_contributors", "/v1/contributors", {"sort": "name"}),
        ("list_assets", "/v1/assets", {"sort": "recent"}),
        ("list_assets", "/v1/assets", {"sort": "name"}),
        ("list_assets", "/v1/assets", {"sort": "contributions"}),
    )

    def ask(self, service: Service, number: int, payload: str) -> TestResponse:
        operation, path, query = self.LISTS[number]
        scope = json.dumps([operation, {}, query], sort_keys=True)
        digest = hashlib.sha256(f"{scope}\n{payload}".encode()).hexdigest()[:12]
        token = base64.urlsafe_b64encode(f"{digest}{payload}".encode()).decode()
        return service.get(
            path,
            headers=KEY,
            query_string=query | {"page_token": token},
        )

    def test_that_are_made_up_page_on_or_are_refused(self) -> None:
        place = st.sampled_from(
            [
                "octo:one@abc123",
                "abbc9bee-8e88-5880-a7cf-6b8cc3fc7188",
                "by-id@abbc9bee-8e88-5880-a7cf-6b8cc3fc7188",
                "__x__",
                "..",
                "a/b",
            ]
        )
        good = st.none() | number | st.sampled_from(["2024-05-01T00:00:00Z", "x"])
        payload = (
            st.tuples(good, place).map(json.dumps)
            | value.map(json.dumps)
            | st.text(string.printable, max_size=30)
        )
        with running() as service:
            service.track(repository="octo/one")

            @settings(max_examples=400)
            @given(st.integers(0, len(self.LISTS) - 1), payload)
            @example(0, "[" * 50_000)
            @example(0, '[["x"], "octo:one@abc123"]')
            @example(3, '[9223372036854775808, "octo:one@abc123"]')
            @example(3, "[" + "9" * 5_000 + ', "a"]')
            def ask(number: int, payload: str) -> None:
                assert_sound(self.ask(service, number, payload), 200)

            ask()
