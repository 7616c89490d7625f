"""The OpenAPI document: the routes, the models and the errors, put together.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from functools import cache
from typing import Any

from shared.web.answer import JSON
from shared.web.openapi_errors import error_responses, errors_of
from shared.web.openapi_operations import DETAILS, Body, Success
from shared.web.openapi_parameters import HEADERS, PARAMETERS, header_refs, parameter_refs
from shared.web.openapi_plain_schemas import ref
from shared.web.openapi_schemas import component_schemas
from shared.web.routes import OPERATIONS, Access, Operation

Schema = dict[str, Any]

VERSION = "1.0.0"

_ABOUT = """\
Keeps who contributed what to which repository, at what cost and with which coherence score.

* Money is decimal text with 2 to 6 decimals, times are UTC in RFC 3339 with a `Z`.
* Every error is a problem as in RFC 9457, also on paths that are not here (404) and for methods \
that a path does not have (405 with `Allow`). A failure that nobody foresaw is a 500 with the code \
`internal`; nothing of that request was acknowledged.
* HEAD goes wherever GET does. A query parameter that a GET or DELETE does not know is a 422.
* Without an API key every email address is masked (`t***@example.com`). The service may be \
configured to let nobody read without one.
* An answer may gain fields. A body may not: an unknown field is a 422, as are a NUL in a string \
and a key given twice. White space around a text is dropped before it is looked at.
"""

_TAGS = {
    "track-github": "Commits, as a workflow reports them.",
    "github-webhook": "Commits, as GitHub itself reports them.",
    "contributions": "What was recorded, and recording by ids.",
    "contributors": "Who contributed.",
    "assets": "What they contributed to.",
    "health": "Whether all this works.",
}

_SCHEMES: Schema = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "A key of this service. Recording commits takes the scope `record`, reading "
        "addresses `read`, creating, voiding and recording by ids `admin`.",
    },
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of this service, or the OIDC token of a GitHub Actions workflow, "
        "which may record commits of its own repository. "
        "https://docs.github.com/en/actions/concepts/security/openid-connect",
    },
}
_WITH_A_KEY: list[Schema] = [{"ApiKey": []}, {"Bearer": []}]
_SECURITY: dict[Access, list[Schema]] = {
    Access.OPEN: [],
    Access.SIGNED: [],
    Access.READ: [{}, *_WITH_A_KEY],
    Access.RECORD: _WITH_A_KEY,
    Access.ADMIN: _WITH_A_KEY,
}


@cache
def document() -> Schema:
    """The document, made once for a process; not to be changed."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Contribution ledger", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": about} for name, about in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": component_schemas(),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": error_responses(),
            "securitySchemes": _SCHEMES,
        },
    }


def _operation(operation: Operation) -> Schema:
    details = DETAILS[operation.name]
    about = [details.about, _own_url(operation)]
    if details.body:
        about.append(f"The body may hold {operation.body_limit // 1024} KiB.")
    described: Schema = {
        "operationId": operation.name,
        "tags": [operation.function.replace("_", "-")],
        "summary": details.summary,
        "description": " ".join(filter(None, about)) or details.summary,
        "parameters": parameter_refs(*details.parameters),
        "responses": {
            **{str(status): _success(s) for status, s in details.successes.items()},
            **errors_of(
                operation,
                ledger=details.ledger,
                body=details.body is not None,
                others=details.errors,
            ),
        },
        "security": _SECURITY[operation.access],
    }
    if details.body:
        described["requestBody"] = _body(details.body)
    return described


def _own_url(operation: Operation) -> str:
    return "At the function's own URL it is also `/`." if operation.main else ""


def _body(body: Body) -> Schema:
    shown = {name: {"value": value} for name, value in body.examples.items()}
    return {
        "required": body.required,
        "content": {JSON: {"schema": ref(body.schema), "examples": shown}},
    }


def _success(success: Success) -> Schema:
    return {
        "description": success.about,
        "headers": header_refs(*success.headers),
        "content": {JSON: {"schema": success.schema, "example": success.example}},
    }
