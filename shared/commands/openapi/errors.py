"""The error answers of the OpenAPI document: which ones an operation gives, and what they say."""

from __future__ import annotations

from typing import Any

from shared.commands.openapi.parameters import headers_of
from shared.commands.openapi.schemas import ref
from shared.domain import errors
from shared.web.answer import PROBLEM_JSON, ProblemHeaders, problem
from shared.web.described import Problem
from shared.web.operations import Access, Operation

Schema = dict[str, Any]

_SAMPLES = (
    errors.MalformedRequest("The body is not JSON: Expecting value at line 1 column 1"),
    errors.Unauthenticated("Send an API key as X-API-Key or as Authorization: Bearer"),
    errors.Forbidden("This credential lacks the scope admin"),
    errors.NotFound("Contributor"),
    errors.MethodNotAllowed(["GET", "HEAD"]),
    errors.Conflict("An asset with this name exists as 5f1b7c1e-3f0a-5d0e-9a53-0c1d2e3f4a5b"),
    errors.PayloadTooLarge(65536),
    errors.UnsupportedMedia("Send Content-Type: application/json"),
    errors.InvalidInput.at("/cost_amount", "must be from 0 to 10,000,000"),
    errors.Unavailable("Firestore did not answer in time; nothing is lost, try again"),
)


def error_responses() -> dict[str, Schema]:
    """The response of each kind of error, by the name of its class."""
    return {type(error).__name__: _response(error) for error in _SAMPLES}


def _response(error: errors.LedgerError) -> Schema:
    answer = problem(error)
    has = {*answer.headers, "X-Request-Id"}
    return {
        "description": (type(error).__doc__ or "").partition("\n")[0],
        "headers": {n: told for n, told in headers_of(ProblemHeaders).items() if n in has},
        "content": {PROBLEM_JSON: {"schema": ref(Problem.__name__), "example": answer.body}},
    }


def errors_of(operation: Operation) -> dict[str, Schema]:
    """The error responses of an operation by status."""
    kinds: set[type[errors.LedgerError]] = {*operation.errors, errors.InvalidInput}
    if operation.access is not Access.OPEN:
        kinds |= {errors.Unauthenticated, errors.Unavailable}
    if operation.access in {Access.READ, Access.RECORD, Access.ADMIN}:
        kinds.add(errors.Forbidden)
    if operation.pattern.groupindex:
        kinds.add(errors.NotFound)
    if operation.body:
        kinds |= {errors.MalformedRequest, errors.PayloadTooLarge, errors.UnsupportedMedia}
    return {
        str(kind.status.value): {"$ref": f"#/components/responses/{kind.__name__}"}
        for kind in sorted(kinds, key=lambda kind: kind.status)
    }
