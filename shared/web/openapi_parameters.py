"""What a request carries beside its body, and what an answer does: parameters and headers."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from shared.domain.fields import CommitHash, Email, GivenTime, RepositoryName, Text
from shared.domain.sort import Sort
from shared.web.openapi_examples import (
    ASSET_ID,
    COMMIT_HASH,
    CONTRIBUTION,
    CONTRIBUTOR_ID,
    IDEMPOTENCY_KEY,
    REPOSITORY,
    VOID,
)
from shared.web.pages import DEFAULT_LIMIT, MAX_LIMIT, MAX_PUBLIC_LIMIT

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_FLAG: Schema = {"type": "boolean", "default": False}


def _of(field: Any) -> Schema:
    return TypeAdapter(field).json_schema()


def _query(name: str, schema: Schema, about: str, **more: Any) -> Schema:
    return {"name": name, "in": "query", "description": about, "schema": schema, **more}


def _path(name: str, schema: Schema, about: str, example: str) -> Schema:
    place = {"name": name, "in": "path", "required": True}
    return {**place, "description": about, "schema": schema, "example": example}


def _header(name: str, schema: Schema, about: str, **more: Any) -> Schema:
    return {"name": name, "in": "header", "description": about, "schema": schema, **more}


PARAMETERS: dict[str, Schema] = {
    # Paths
    "contribution_id": _path(
        "id", _TEXT, "Its UUID, an imported id, or `owner/repo@commit`.", CONTRIBUTION["id"]
    ),
    "contributor_key": _path(
        "key",
        _TEXT,
        "Their UUID, an imported id, or their email, which needs an API key.",
        CONTRIBUTOR_ID,
    ),
    "asset_key": _path(
        "key",
        _TEXT,
        "Its UUID, an imported id, or `owner/repo`; the slash may be percent-encoded.",
        ASSET_ID,
    ),
    "asset": _path(
        "asset",
        {"type": "string", "pattern": "^([0-9a-fA-F-]{36}|[^/]+/[^/]+)$"},
        "Its UUID, an imported id, or `owner/repo`; the slash may be percent-encoded.",
        ASSET_ID,
    ),
    # Filters
    "contributor": _query(
        "contributor",
        {"anyOf": [_UUID, _of(Email)]},
        "Credited to this person, as author or co-author: their UUID, an imported id, or their "
        "email, which needs an API key.",
        example=CONTRIBUTOR_ID,
    ),
    "repository": _query(
        "repository", _of(RepositoryName), "Of this repository.", example=REPOSITORY
    ),
    "commit_hash": _query(
        "commit_hash",
        _of(CommitHash),
        "Of the commit with exactly this hash. Goes with `include_voided`, and with either "
        "`repository` or the parameters of a page.",
        example=COMMIT_HASH,
    ),
    "since": _query("since", _of(GivenTime), "With a `timestamp` of this time or later."),
    "until": _query("until", _of(GivenTime), "With a `timestamp` before this time."),
    "include_voided": _query("include_voided", _FLAG, "Voided ones too."),
    # Pages
    "sort": _query(
        "sort",
        {"type": "string", "enum": [sort.value for sort in Sort], "default": Sort.CREATED.value},
        "Names from A to Z (those of contributors with an API key only), otherwise the newest or "
        "largest first. While a list is being read, contributions move in all orders but "
        f"`{Sort.CREATED.value}` and `{Sort.NAME.value}`.",
    ),
    "limit": _query(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        f"How many a page holds; without an API key at most {MAX_PUBLIC_LIMIT}.",
    ),
    "page_token": _query(
        "page_token",
        _TEXT,
        "Where the page begins: part of the `Link` of the page before, and good for the same "
        "list with the same filters only.",
    ),
    # Others
    "reason": _query("reason", _of(Text), "Why; here or in the body.", example=VOID["reason"]),
    "strict": _query("strict", _FLAG, "Answer 503 unless tracking is `receiving`."),
    "Idempotency-Key": _header(
        "Idempotency-Key",
        {"type": "string", "pattern": "^[ -~]{1,255}$"},
        "Chosen by the client. The same request with the same key is recorded once; another one "
        "with that key is a 422.",
        example=IDEMPOTENCY_KEY,
    ),
    "X-Hub-Signature-256": _header(
        "X-Hub-Signature-256",
        {"type": "string", "pattern": "^sha256=[0-9a-f]{64}$"},
        "GitHub's HMAC of the body with a secret that the service is configured with. "
        "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
        required=True,
        example="sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
    "X-GitHub-Event": _header(
        "X-GitHub-Event",
        _TEXT,
        "The kind of event; `push` and `ping` are of interest.",
        example="push",
    ),
    "X-GitHub-Delivery": _header(
        "X-GitHub-Delivery", _TEXT, "GitHub's id of the delivery, for the log."
    ),
}

HEADERS: dict[str, Schema] = {
    "Link": {
        "description": 'With `rel="next"`: the next page, where there is one.',
        "schema": _TEXT,
    },
    "Idempotency-Replayed": {
        "description": "`true`: it was there before, and nothing was changed.",
        "schema": {"const": "true"},
    },
    "Idempotency-Differs": {
        "description": "The fields, separated by commas, in which the request says something "
        "else than the contribution that stays as it was.",
        "schema": _TEXT,
    },
    "Retry-After": {
        "description": "Seconds after which to send the same request again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {
        "description": "The methods that the path has.",
        "required": True,
        "schema": _TEXT,
    },
    "WWW-Authenticate": {
        "description": "The scheme to authenticate with.",
        "required": True,
        "schema": {"const": "Bearer"},
    },
    "X-Request-Id": {
        "description": "The request's own `X-Request-Id` where it had one, otherwise a new one; "
        "the log has it too.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
}


def parameter_refs(*names: str) -> list[Schema]:
    """References to parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def header_refs(*names: str) -> Schema:
    """References to headers, by their names; every answer has `X-Request-Id`."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, "X-Request-Id")}
