"""One request, as a function sees it: what was asked, by whom, and what there is to answer with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request

from shared.domain.api_key import Scope
from shared.domain.errors import Forbidden, InvalidInput, MalformedRequest, Unauthenticated
from shared.domain.repository import Repository
from shared.web.body import read_body, require_json
from shared.web.caller import Caller
from shared.web.json_text import parse_json, parse_json_of_many
from shared.web.routes import Operation
from shared.web.services import Services

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?", re.ASCII)


@dataclass(frozen=True)
class Call:
    """A request that was matched to an operation and whose caller is known."""

    request: Request
    operation: Operation
    parameters: Mapping[str, str]
    caller: Caller | None
    services: Services
    # What the log says about this request, beside its answer.
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def sees_addresses(self) -> bool:
        """Whether the caller may read email addresses in full."""
        return self.caller is not None and self.caller.may(Scope.READ)

    def require_addresses(self, what: str) -> None:
        """Raises `Unauthenticated`, or `Forbidden` with a key that may not, for such a caller."""
        if not self.sees_addresses:
            refusal = Forbidden if self.caller else Unauthenticated
            raise refusal(f"{what} needs an API key with the scope read")

    @property
    def recorded_by(self) -> str:
        """The name that goes into the ledger with what this call records."""
        return self.caller.name if self.caller else "anonymous"

    def json(self) -> Any:
        """The body as JSON; raises the errors of `shared.web.body` and `shared.web.json_text`."""
        return self._noted(parse_json(self.body()))

    def body(self) -> bytes:
        """The body that is declared as JSON, not yet parsed."""
        require_json(self.request)
        return read_body(self.request, self.operation.body_limit)

    def json_of_many(self, body: bytes) -> Any:
        """What stands in a body as JSON, each of its items good or bad by itself."""
        return self._noted(parse_json_of_many(body))

    def _noted(self, value: Any) -> Any:
        if isinstance(value, dict):
            self._note_repository(value.get("repository"))
        return value

    def json_if_any(self) -> Any:
        """The body as JSON, or an empty object where there is no body."""
        body = read_body(self.request, self.operation.body_limit)
        if not body:
            return {}
        require_json(self.request)
        return parse_json(body)

    def query(self, *allowed: str) -> dict[str, str]:
        """The query parameters; raises `InvalidInput` for one not allowed, or given twice."""
        try:
            given = self.request.args
        except UnicodeDecodeError:
            raise MalformedRequest("The query is not UTF-8") from None
        query: dict[str, str] = {}
        for name, values in given.lists():
            if name not in allowed:
                allow = ", ".join(allowed) or "none"
                raise InvalidInput.at("?", f"an unknown query parameter; there are: {allow}")
            if len(values) > 1:
                raise InvalidInput.at(f"?{name}", "is given more than once")
            query[name] = values[0]
        return query

    def authorize(self, repository: Repository) -> None:
        """Raises `Forbidden` where the caller's credential is not for this repository."""
        if self.caller:
            self.caller.require_repository(repository)

    def _note_repository(self, name: object) -> None:
        # Before it is validated, so that a rejection can say whose it was.
        try:
            self.facts["repository"] = Repository.parse(str(name)).full_name
        except ValueError:
            return

    def url(self) -> str:
        """The URL that the client asked for, without its query."""
        headers = self.request.headers
        # Behind Firebase Hosting, the client knows the service by the forwarded name.
        host = headers.get("X-Forwarded-Host") or self.request.host
        scheme = headers.get("X-Forwarded-Proto") or self.request.scheme
        path = quote(self.request.path)
        if not _HOST.fullmatch(host) or scheme not in {"http", "https"}:
            return path
        return f"{scheme}://{host}{path}"
