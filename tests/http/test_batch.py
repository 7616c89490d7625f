"""Batches over HTTP: an outcome for each commit, and one bad commit never blocks the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.cloud.firestore import Client

from tests.contract.books import assert_balanced
from tests.http.framework import KEY, Service
from tests.http.problems import assert_problem

PATH = "/v1/contributions/github/batch"


def commit(number: int, **changes: Any) -> dict[str, Any]:
    fields = {
        "contributor_email": "ada@example.com",
        "commit_hash": f"{number:06x}",
        "cost_amount": 1,
    }
    return fields | changes


def send(service: Service, commits: Any, **options: Any) -> Any:
    return service.post(PATH, {"repository": "octo/repo", "commits": commits}, **options)


def test_each_commit_has_its_outcome_in_order(service: Service, database: Client) -> None:
    send(service, [commit(1), commit(2), commit(3)])
    service.request("DELETE", "/v1/contributions/octo/repo@000003", headers=KEY)
    answer = send(
        service,
        [
            commit(1),
            commit(4),
            commit(2, contributor_email="thief@example.com"),
            commit(3),
            commit(5, cost_amount=-1),
            commit(4),
        ],
    )
    assert answer.status_code == 200
    body = answer.get_json()
    assert [outcome["outcome"] for outcome in body["outcomes"]] == [
        "replayed",
        "recorded",
        "conflict",
        "voided",
        "invalid",
        "replayed",
    ]
    assert body["counts"] == {
        "recorded": 1,
        "replayed": 2,
        "conflict": 1,
        "voided": 1,
        "invalid": 1,
    }
    hashes = [outcome["commit_hash"] for outcome in body["outcomes"]]
    assert hashes == ["000001", "000004", "000002", "000003", "000005", "000004"]
    assert len(assert_balanced(database)) == 4


def test_a_recorded_commit_is_named_with_its_cost_and_score(service: Service) -> None:
    [outcome] = send(service, [commit(0xABCDEF, commit_hash="ABCDEF")]).get_json()["outcomes"]
    contribution = service.get("/v1/contributions/octo/repo@abcdef").get_json()
    assert outcome == {
        "commit_hash": "abcdef",
        "outcome": "recorded",
        "id": contribution["id"],
        "cost_amount": "1.00",
        "coherence_score": 0.5,
    }


def test_a_replay_that_says_something_else_names_the_fields(service: Service) -> None:
    send(service, [commit(1), commit(2, author_email="ada@old.example"), commit(3)])
    answer = send(
        service,
        [
            commit(1, cost_amount=7, co_authors=[{"email": "bea@example.com"}], assistance=["Amp"]),
            commit(2, contributor_email="ada@old.example"),
            commit(3),
        ],
    )
    outcomes = answer.get_json()["outcomes"]
    assert [outcome["outcome"] for outcome in outcomes] == ["replayed"] * 3
    assert outcomes[0]["differs"] == ["cost_amount", "co_authors", "assistance"]
    assert outcomes[1]["differs"] == ["contributor_email"]
    assert "differs" not in outcomes[2]


@pytest.mark.parametrize(
    ("bad", "pointer"),
    [
        (commit(1, contributor_email="nobody"), "/contributor_email"),
        (commit(1, commit_hash="xyz"), "/commit_hash"),
        (commit(1, metadata={"lines_added": "many"}), "/metadata"),
        (commit(1, timestamp="yesterday"), "/timestamp"),
        (commit(1, assistance=[{"model": "x"}]), "/assistance/0/agent"),
        (commit(1, misspelt=True), "/misspelt"),
        ({}, "/contributor_email"),
        (None, ""),
        ([], ""),
        ("abc123", ""),
    ],
)
def test_a_bad_commit_says_what_is_wrong_and_blocks_nothing(
    service: Service, database: Client, bad: Any, pointer: str
) -> None:
    answer = send(service, [commit(7), bad, commit(8)])
    assert answer.status_code == 200
    outcomes = answer.get_json()["outcomes"]
    assert [one["outcome"] for one in outcomes] == ["recorded", "invalid", "recorded"]
    assert pointer in [fault["pointer"] for fault in outcomes[1]["errors"]]
    assert len(assert_balanced(database)) == 2


@pytest.mark.parametrize(
    ("bad", "pointer", "message"),
    [
        (rb'{"contributor_name": "A\u0000"}', "/contributor_name", "control characters"),
        (rb'{"contributor_name": "\ud800"}', "/contributor_name", "control characters"),
        (b'{"contributor_name": "M\xfcller"}', "/contributor_name", "control characters"),
        (b'{"contributor_email": "m\xfcller@x.y"}', "/contributor_email", "control characters"),
        (b'{"commit_hash": "a", "commit_hash": "b"}', "/commit_hash", "the same key twice"),
        (b'{"cost_amount": ' + b"1" * 70 + b"}", "/cost_amount", "more than 64 characters"),
        (b'{"cost_amount": NaN}', "/cost_amount", "NaN is not a number"),
        (b'{"cost_amount": 1e' + b"9" * 40 + b"}", "/cost_amount", "exponent is out of range"),
        (rb'{"metadata": {"a": ["\ud800"]}}', "/metadata", "half of a surrogate pair"),
        (rb'{"metadata": {"a\u0000": 1}}', "/metadata", "no NUL"),
        (b'{"metadata": {"a": 1, "a": 2}}', "/metadata", "the same key twice"),
        (b'{"metadata": {"a": ' + b"1" * 70 + b"}}", "/metadata", "more than 64 characters"),
        (b'{"co_authors": [{"email": "a@b", "email": "c@d"}]}', "/co_authors/0/email", "twice"),
        (rb'{"url": "https://x/\ud800"}', "/url", "control characters"),
        (rb'{"a\u0000": 1}', "/a\ufffd", "not permitted"),
        (rb'{"\ud800": 1}', "", "half of a surrogate pair"),
        (b'{"misspelt": 1, "misspelt": 2}', "/misspelt", "twice"),
        (b"NaN", "", "must be a JSON object"),
    ],
)
def test_a_commit_that_cannot_be_told_or_kept_blocks_nothing(
    service: Service, database: Client, bad: bytes, pointer: str, message: str
) -> None:
    good = [json.dumps(commit(number)).encode() for number in (7, 8)]
    if bad.startswith(b"{"):
        fields = commit(1).items()
        rest = {name: value for name, value in fields if name != pointer.removeprefix("/")}
        bad = json.dumps(rest).encode().removesuffix(b"}") + b", " + bad.removeprefix(b"{")
    items = b",".join([good[0], bad, good[1]])
    answer = service.post(PATH, data=b'{"repository": "octo/repo", "commits": [' + items + b"]}")
    assert answer.status_code == 200
    outcomes = answer.get_json()["outcomes"]
    assert [one["outcome"] for one in outcomes] == ["recorded", "invalid", "recorded"]
    assert [pointer] == [fault["pointer"] for fault in outcomes[1]["errors"]]
    assert message in outcomes[1]["errors"][0]["message"]
    assert len(assert_balanced(database)) == 2


def test_a_hash_with_half_a_character_is_not_echoed(service: Service, database: Client) -> None:
    answer = send(service, [commit(1, commit_hash="\ud800"), commit(2)])
    assert answer.get_json()["outcomes"][0]["commit_hash"] is None
    assert len(assert_balanced(database)) == 1


@pytest.mark.parametrize("body", [b'{"repository": "o/r", "repository": "o/x", "commits": [{}]}'])
def test_a_batch_whose_repository_cannot_be_told_is_422(service: Service, body: bytes) -> None:
    problem = assert_problem(service.post(PATH, data=body), 422, "invalid")
    assert problem["errors"] == [
        {"pointer": "/repository", "message": "an object holds the same key twice"}
    ]


def test_500_commits_are_taken(service: Service, database: Client) -> None:
    counts = send(service, [commit(number) for number in range(500)]).get_json()["counts"]
    assert counts["recorded"] == 500
    assert len(assert_balanced(database)) == 500


@pytest.mark.parametrize(
    "commits", [[], [commit(number) for number in range(501)], {}, None, "abc123"]
)
def test_none_and_501_and_what_is_no_list_are_422(
    service: Service, database: Client, commits: Any
) -> None:
    assert_problem(send(service, commits), 422, "invalid")
    assert assert_balanced(database) == {}


def test_a_batch_needs_a_repository_and_a_key(service: Service, database: Client) -> None:
    body = {"repository": "octo", "commits": [commit(1)]}
    assert_problem(service.post(PATH, body), 422, "invalid")
    assert_problem(send(service, [commit(1)], headers={}), 401, "unauthenticated")
    assert assert_balanced(database) == {}


def test_a_hash_that_is_none_is_echoed_without_addresses(service: Service) -> None:
    [outcome] = send(service, [commit(1, commit_hash="ada@example.com")]).get_json()["outcomes"]
    assert (outcome["outcome"], outcome["commit_hash"]) == ("invalid", "a***@example.com")


@pytest.mark.parametrize(
    ("commits", "message"),
    [
        ([], "must not be empty"),
        ([{}] * 501, "must have at most 500 items"),
        ({}, "must be a list"),
        (None, "must be a list"),
    ],
)
def test_what_is_wrong_with_a_batch_is_said_in_json_s_words(
    service: Service, commits: Any, message: str
) -> None:
    problem = assert_problem(send(service, commits), 422, "invalid")
    assert problem["errors"] == [{"pointer": "/commits", "message": message}]
