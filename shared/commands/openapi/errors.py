"""The error answers of the OpenAPI document: which ones an operation gives, and what they say."""

from __future__ import annotations

from typing import Any

from shared.commands.openapi.headers import header_refs
from shared.commands.openapi.schemas import ref
from shared.domain.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    LedgerError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from shared.web.answer import PROBLEM_JSON, problem
from shared.web.operations import Access, Operation

Schema = dict[str, Any]

_SAMPLES: tuple[LedgerError, ...] = (
    MalformedRequest("The body is not JSON: Expecting value at line 1 column 1"),
    Unauthenticated("Send an API key as X-API-Key or as Authorization: Bearer"),
    Forbidden("This credential lacks the scope admin"),
    NotFound("Contributor"),
    MethodNotAllowed(["GET", "HEAD"]),
    Conflict("An asset with this name exists as 5f1b7c1e-3f0a-5d0e-9a53-0c1d2e3f4a5b"),
    PayloadTooLarge(65536),
    UnsupportedMedia("Send Content-Type: application/json"),
    InvalidInput.at("/cost_amount", "must be from 0 to 10,000,000"),
    Unavailable("Firestore did not answer in time; nothing is lost, try again"),
)


def error_responses() -> dict[str, Schema]:
    """The response of each kind of error, by the name of its class."""
    return {type(error).__name__: _response(error) for error in _SAMPLES}


def _response(error: LedgerError) -> Schema:
    answer = problem(error)
    first_line, *_ = (type(error).__doc__ or "").split("\n")
    return {
        "description": first_line,
        "headers": header_refs(*answer.headers),
        "content": {PROBLEM_JSON: {"schema": ref("Problem"), "example": answer.body}},
    }


def errors_of(operation: Operation) -> dict[str, Schema]:
    """The error responses of an operation by status."""
    kinds: set[type[LedgerError]] = {*operation.errors, InvalidInput}
    if operation.access is not Access.OPEN:
        kinds |= {Unauthenticated, Unavailable}
    if operation.access in {Access.READ, Access.RECORD, Access.ADMIN}:
        kinds.add(Forbidden)
    if operation.pattern.groupindex:
        kinds.add(NotFound)
    if operation.body:
        kinds |= {MalformedRequest, PayloadTooLarge, UnsupportedMedia}
    return {
        str(kind.status.value): {"$ref": f"#/components/responses/{kind.__name__}"}
        for kind in sorted(kinds, key=lambda kind: kind.status)
    }
