"""What the OpenAPI document says of requests is what the models take, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from shared.commands.openapi.declared import body_of, operations
from shared.commands.openapi.schemas import ref
from shared.domain.contribution import Commit
from shared.domain.errors import InvalidInput
from shared.domain.fields import parse
from shared.web.json_text import parse_json
from tests.http import documented

BODIES: list[type[BaseModel]] = [Commit, *filter(None, map(body_of, operations()))]
MODELS = {model.__name__: model for model in BODIES}

EMAIL, REPOSITORY, HASH = "a@b", "o/r", "abc123"
COMMIT = {"contributor_email": EMAIL, "commit_hash": HASH}
PERSON = {"name": "Ada", "email": EMAIL}
BY_IDS = {"contributor_id": "x", "asset_id": "y", "cost_amount": 1}

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("Commit", COMMIT),
    (
        "Commit",
        {**COMMIT, "contributor_email": "1+dependabot[bot]@users.noreply.github.com"},
    ),
    ("Commit", {**COMMIT, "contributor_email": "user@host.(none)"}),
    ("Commit", {**COMMIT, "contributor_email": "jürgen@bücher.example"}),
    ("Commit", {**COMMIT, "contributor_email": "\u200ba@b\U000e0041"}),
    ("Commit", {**COMMIT, "contributor_email": "\U0001f600@b"}),
    ("Commit", {**COMMIT, "commit_hash": "A" * 64}),
    ("Commit", {**COMMIT, "contributor_name": None, "co_authors": [], "cost_amount": None}),
    ("Commit", {**COMMIT, "contributor_name": "  "}),
    ("Commit", {**COMMIT, "cost_amount": 0}),
    ("Commit", {**COMMIT, "cost_amount": 10_000_000}),
    ("Commit", {**COMMIT, "cost_amount": "10000000.000000"}),
    ("Commit", {**COMMIT, "cost_amount": "0.000001"}),
    ("Commit", {**COMMIT, "timestamp": "2024-02-29T23:59:59.123456789+05:30"}),
    ("Commit", {**COMMIT, "url": "http://[::1]:8080/a?b#c"}),
    ("Commit", {**COMMIT, "co_authors": [{"email": EMAIL}] * 50}),
    ("Commit", {**COMMIT, "metadata": {"files_changed": 3.0, "deep": {"a": [{"b": [1]}]}}}),
    ("CommitReport", {**COMMIT, "repository": REPOSITORY}),
    ("CommitReport", {**COMMIT, "repository": "Old-/.github"}),
    ("Batch", {"repository": REPOSITORY, "commits": [COMMIT] * 500}),
    ("NewContributor", {**PERSON, "type": "HUMAN"}),
    ("NewContributor", {**PERSON, "contributor_type": "AGENT", "hourly_rate": "12.5"}),
    ("NewContributor", {**PERSON, "type": "SYSTEM", "wallet_address": "0xabc"}),
    ("NewAsset", {"description": "d", "type": "code"}),
    ("NewAsset", {"description": "d", "asset_type": "A_1", "name": "n" * 256}),
    ("NewContribution", BY_IDS),
    ("NewContribution", {**BY_IDS, "corrects": "z", "timestamp": "0001-01-01T00:00:00Z"}),
    ("Void", {}),
    ("Void", {"reason": "r" * 1024}),
]
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("Commit", {"commit_hash": HASH}),
    ("Commit", {**COMMIT, "contributor_mail": EMAIL}),
    ("Commit", {**COMMIT, "contributor_email": "a"}),
    ("Commit", {**COMMIT, "contributor_email": "a@b@c"}),
    ("Commit", {**COMMIT, "contributor_email": "a b@c"}),
    ("Commit", {**COMMIT, "contributor_email": "\u200b@b"}),
    ("Commit", {**COMMIT, "contributor_email": "a@\ufe0f\u00ad"}),
    ("Commit", {**COMMIT, "contributor_email": "\U000e0041@b"}),
    ("Commit", {**COMMIT, "contributor_email": "a" * 253 + "@b"}),
    ("Commit", {**COMMIT, "contributor_email": None}),
    ("Commit", {**COMMIT, "commit_hash": "abc12"}),
    ("Commit", {**COMMIT, "commit_hash": "a" * 65}),
    ("Commit", {**COMMIT, "commit_hash": "abcdeg"}),
    ("Commit", {**COMMIT, "commit_hash": 123456}),
    ("Commit", {**COMMIT, "contributor_name": "a\x07b"}),
    ("Commit", {**COMMIT, "contributor_name": "n" * 257}),
    ("Commit", {**COMMIT, "cost_amount": -0.01}),
    ("Commit", {**COMMIT, "cost_amount": 10_000_000.5}),
    ("Commit", {**COMMIT, "cost_amount": "10000000.000001"}),
    ("Commit", {**COMMIT, "cost_amount": "10000001"}),
    ("Commit", {**COMMIT, "cost_amount": "1.0000001"}),
    ("Commit", {**COMMIT, "cost_amount": "1e3"}),
    ("Commit", {**COMMIT, "cost_amount": True}),
    ("Commit", {**COMMIT, "url": "ftp://example.com/"}),
    ("Commit", {**COMMIT, "co_authors": [{"email": EMAIL}] * 51}),
    ("Commit", {**COMMIT, "co_authors": [{"name": "Ada"}]}),
    ("Commit", {**COMMIT, "co_authors": [{"email": EMAIL, "role": "r"}]}),
    ("Commit", {**COMMIT, "metadata": []}),
    ("Commit", {**COMMIT, "metadata": None}),
    ("Commit", {**COMMIT, "metadata": {"": 1}}),
    ("Commit", {**COMMIT, "metadata": {"__a__": 1}}),
    ("Commit", {**COMMIT, "metadata": {"lines_added": -1}}),
    ("Commit", {**COMMIT, "metadata": {"lines_added": "3"}}),
    ("Commit", {**COMMIT, "metadata": {"lines_deleted": 1.5}}),
    ("Commit", {**COMMIT, "metadata": {"files_changed": True}}),
    ("CommitReport", COMMIT),
    ("CommitReport", {**COMMIT, "repository": "o"}),
    ("CommitReport", {**COMMIT, "repository": "o/.."}),
    ("CommitReport", {**COMMIT, "repository": "o/r/s"}),
    ("CommitReport", {**COMMIT, "repository": "o" * 40 + "/r"}),
    ("Batch", {"repository": REPOSITORY, "commits": []}),
    ("Batch", {"repository": REPOSITORY, "commits": [COMMIT] * 501}),
    ("Batch", {"commits": [COMMIT]}),
    ("NewContributor", PERSON),
    ("NewContributor", {**PERSON, "type": "HUMAN", "contributor_type": "HUMAN"}),
    ("NewContributor", {**PERSON, "type": "human"}),
    ("NewContributor", {**PERSON, "type": "HUMAN", "name": " "}),
    ("NewContributor", {**PERSON, "type": "HUMAN", "name": None}),
    ("NewAsset", {"description": "d"}),
    ("NewAsset", {"description": "d", "type": "1A"}),
    ("NewAsset", {"description": "d", "type": "A" * 33}),
    ("NewAsset", {"description": "d", "type": "CODE", "asset_type": "CODE"}),
    ("NewAsset", {"description": "", "type": "CODE"}),
    ("NewContribution", {**BY_IDS, "cost_amount": None}),
    ("NewContribution", {**BY_IDS, "asset_id": "y" * 65}),
    ("Void", {"reason": "r" * 1025}),
    ("Void", {"because": "r"}),
]
# Rules that stand in descriptions, with a word of it.
IN_WORDS: list[tuple[str, dict[str, Any], str]] = [
    ("Commit", {**COMMIT, "cost_amount": 0.0000001}, "6 decimals"),
    ("Commit", {**COMMIT, "metadata": {"a": {"": 1}}}, "no key that is empty"),
    ("Commit", {**COMMIT, "metadata": {"a": {"__b__": 1}}}, "two underscores"),
    ("Commit", {**COMMIT, "metadata": {"a": [[1]]}}, "no list directly in a list"),
    ("Commit", {**COMMIT, "metadata": {"a": 2**63}}, "integers of 64 bits"),
    ("Commit", {**COMMIT, "metadata": {"a": "b" * 16 * 1024}}, "16 KiB"),
    ("Commit", {**COMMIT, "metadata": {"a": [{"b": [{"c": [{"d": [{}]}]}]}]}}, "8 levels"),
    ("Commit", {**COMMIT, "timestamp": "0001-01-01T00:00:00+01:00"}, "year 1 to 9999"),
    ("Void", {"reason": "a\x00b"}, "NUL"),
]


@pytest.mark.parametrize(("model", "value"), TAKEN)
def test_a_request_that_the_service_takes_is_valid(model: str, value: dict[str, Any]) -> None:
    assert _accepts(MODELS[model], value)
    assert documented.faults(value, ref(MODELS[model])) == []


@pytest.mark.parametrize(("model", "value"), REFUSED)
def test_a_request_that_the_service_refuses_is_not_valid(model: str, value: dict[str, Any]) -> None:
    assert not _accepts(MODELS[model], value)
    assert documented.faults(value, ref(MODELS[model])) != []


@pytest.mark.parametrize(("model", "value", "words"), IN_WORDS)
def test_what_a_schema_cannot_say_is_said_in_words(
    model: str, value: dict[str, Any], words: str
) -> None:
    assert not _accepts(MODELS[model], value)
    assert words in json.dumps(documented.DOCUMENT)


def _accepts(model: type[BaseModel], value: dict[str, Any]) -> bool:
    try:
        parse(model, parse_json(json.dumps(value).encode()))
    except InvalidInput:
        return False
    return True
