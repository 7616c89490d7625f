"""The log: one JSON object a line, in the fields that Cloud Logging knows.

Never a key, a signature or an address in it; a contributor stands there as a salted hash, and a
path as its pattern, since a path can hold an address.
https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPMethod
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Request

_METHODS = frozenset(HTTPMethod)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/.*)?", re.ASCII)
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


def _write_line(line: str) -> None:
    # One write for the whole line: threads share the stream.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Log:
    """Writes the log of one process. `salt` makes hashes comparable between processes."""

    salt: str = field(default="", repr=False)
    project: str | None = None
    write: Callable[[str], None] = _write_line
    _salt: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_salt", self.salt.encode() or secrets.token_bytes(32))

    def pseudonym(self, email: str) -> str:
        """What stands in the log for an address."""
        return hmac.digest(self._salt, email.encode(), hashlib.sha256).hex()[:16]

    def request(
        self,
        request: Request,
        *,
        request_id: str,
        function: str,
        path: str,
        status: int,
        seconds: float,
        outcome: str,
        facts: Mapping[str, Any],
    ) -> None:
        """One line for a request that was answered."""
        # Anything may be sent as one, an address too.
        method = request.method if request.method in _METHODS else "UNKNOWN"
        line: dict[str, Any] = {
            "severity": "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO",
            "message": f"{method} {path} {status} {outcome}",
            "httpRequest": {
                "requestMethod": method,
                "requestUrl": path,
                "status": status,
                "latency": f"{seconds:.6f}s",
            },
            "function": function,
            "request_id": request_id,
            "outcome": outcome,
            **facts,
        }
        trace = trace_of(request)
        if trace and self.project:
            line["logging.googleapis.com/trace"] = f"projects/{self.project}/traces/{trace}"
        self.write(json.dumps(line, ensure_ascii=True, separators=(",", ":")))


def request_id_of(request: Request) -> str:
    """The client's request id where it is harmless, otherwise one of our own."""
    given = request.headers.get("X-Request-Id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex


def trace_of(request: Request) -> str | None:
    """The trace that a request belongs to, as Google's front end or a client names it."""
    for header, pattern in (
        ("X-Cloud-Trace-Context", _CLOUD_TRACE),
        ("traceparent", _TRACE_PARENT),
    ):
        match = pattern.fullmatch(request.headers.get(header, ""))
        if match:
            return match[1]
    return None


def where_raised(error: BaseException) -> str:
    """Class and place of an unexpected error. Not its text, which may quote what was sent."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return type(error).__name__
    module = place.tb_frame.f_globals.get("__name__", "?")
    return f"{type(error).__name__} in {module}:{place.tb_lineno}"
