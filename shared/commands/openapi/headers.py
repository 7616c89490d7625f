"""The headers of answers in the OpenAPI document."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

HEADERS: dict[str, Schema] = {
    "Link": {
        "description": 'With `rel="next"`: the next page, where there is one.',
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true`: it was there before, and nothing was changed.",
        "schema": {"const": "true"},
    },
    "Idempotency-Differs": {
        "description": "The fields, separated by commas, in which the request says something "
        "else than the contribution that stays as it was.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which to send the same request again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Allow": {
        "description": "The methods that the path has.",
        "required": True,
        "schema": {"type": "string"},
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


def header_refs(*names: str) -> Schema:
    """References to headers, by their names; every answer has `X-Request-Id`."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, "X-Request-Id")}
