"""Every operation of the HTTP interface: method, path, function, and who may call it.

`firebase.json` says which function answers a path; this says what the function does there. A
test holds the two together, and the OpenAPI document is made from this table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

KIB = 1024

# What a parameter of a path takes; any text, slashes included, unless it says otherwise.
_PARAMETERS = {
    # One segment that is a UUID, or two that are a repository: `octo/contributions` is one.
    "asset": r"[0-9a-fA-F-]{36}|[^/]+/[^/]+",
}


class Access(Enum):
    """What a caller needs."""

    OPEN = "open"
    READ = "read"
    RECORD = "record"
    ADMIN = "admin"
    SIGNED = "signed"


@dataclass(frozen=True)
class Operation:
    """One method on one path. `main` marks what the function also does at its own URL's `/`."""

    name: str
    function: str
    method: str
    path: str
    access: Access
    main: bool = False
    body_limit: int = 64 * KIB

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern, with a group for each parameter."""
        path = re.sub(
            r"\\\{(\w+)\\\}",
            lambda name: f"(?P<{name[1]}>{_PARAMETERS.get(name[1], '.+')})",
            re.escape(self.path),
        )
        return re.compile(path + (r"|/" if self.main else ""), re.DOTALL)


_BATCH_LIMIT = 4 * KIB * KIB
# https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
_WEBHOOK_LIMIT = 25 * KIB * KIB

# Of several paths that fit, the first one counts.
OPERATIONS = (
    Operation(
        "track_commit",
        "track_github",
        "POST",
        "/v1/contributions/github",
        Access.RECORD,
        main=True,
    ),
    Operation(
        "track_batch",
        "track_github",
        "POST",
        "/v1/contributions/github/batch",
        Access.RECORD,
        body_limit=_BATCH_LIMIT,
    ),
    Operation(
        "receive_webhook",
        "github_webhook",
        "POST",
        "/v1/webhooks/github",
        Access.SIGNED,
        main=True,
        body_limit=_WEBHOOK_LIMIT,
    ),
    Operation(
        "list_contributions", "contributions", "GET", "/v1/contributions", Access.READ, main=True
    ),
    Operation(
        "create_contribution",
        "contributions",
        "POST",
        "/v1/contributions",
        Access.ADMIN,
        main=True,
    ),
    Operation("get_contribution", "contributions", "GET", "/v1/contributions/{id}", Access.READ),
    Operation(
        "void_contribution", "contributions", "DELETE", "/v1/contributions/{id}", Access.ADMIN
    ),
    Operation(
        "list_contributors", "contributors", "GET", "/v1/contributors", Access.READ, main=True
    ),
    Operation(
        "create_contributor", "contributors", "POST", "/v1/contributors", Access.ADMIN, main=True
    ),
    Operation(
        "list_contributor_contributions",
        "contributors",
        "GET",
        "/v1/contributors/{key}/contributions",
        Access.READ,
    ),
    Operation("get_contributor", "contributors", "GET", "/v1/contributors/{key}", Access.READ),
    Operation("list_assets", "assets", "GET", "/v1/assets", Access.READ, main=True),
    Operation("create_asset", "assets", "POST", "/v1/assets", Access.ADMIN, main=True),
    Operation(
        "list_asset_contributions", "assets", "GET", "/v1/assets/{asset}/contributions", Access.READ
    ),
    Operation("get_asset", "assets", "GET", "/v1/assets/{key}", Access.READ),
    Operation("alive", "health", "GET", "/v1/health", Access.OPEN, main=True),
    Operation("ready", "health", "GET", "/v1/health/ready", Access.OPEN),
    Operation("tracking", "health", "GET", "/v1/health/tracking", Access.OPEN),
    Operation("openapi", "health", "GET", "/v1/openapi.json", Access.OPEN),
)


def operations_of(function: str) -> tuple[Operation, ...]:
    """The operations that one deployed function answers."""
    return tuple(operation for operation in OPERATIONS if operation.function == function)
