"""One request, as a function sees it: what was asked, by whom, and what there is to answer with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel
from werkzeug.wrappers import Request

from shared.domain.api_key import Caller, Scope
from shared.domain.errors import Forbidden, InvalidInput, Unauthenticated
from shared.domain.fields import parse
from shared.domain.number import Claim
from shared.domain.repository import Repository
from shared.web.incoming import IncomingBody, require_json
from shared.web.json_text import parse_json, parse_json_of_many
from shared.web.operations import Operation
from shared.web.services import Services

if TYPE_CHECKING:
    from shared.store.deadline import Deadline

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True)
class Call:
    """A request that was matched to an operation and whose caller is known.

    `parameters` are those of the path; the `query` holds nothing that the operation does not know.
    """

    request: Request
    operation: Operation
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    caller: Caller | None
    services: Services
    incoming: IncomingBody
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

    def read(self, model: type[_M]) -> _M:
        """The body as this model; raises what reading and parsing it raise, and `InvalidInput`."""
        return self.parse(model, self.body())

    def body(self) -> bytearray:
        """The body that is declared as JSON, not yet parsed."""
        require_json(self.request)
        return self.incoming.read(self.operation.body_limit)

    def parse(self, model: type[_M], body: bytearray) -> _M:
        """What stands in a body, as this model."""
        return self._as(model, parse_json(body))

    def parse_many(self, model: type[_M], body: bytearray) -> _M:
        """What stands in a body whose items are good or bad each by itself, as this model."""
        return self._as(model, parse_json_of_many(body))

    def _as(self, model: type[_M], value: Any) -> _M:
        try:
            return parse(model, value)
        except InvalidInput:
            # So that the rejection says whose it was.
            if isinstance(value, dict):
                self._note_repository(value.get("repository"))
            raise

    def read_if_any(self, model: type[_M]) -> _M:
        """The body as this model, which has nothing in it where there is no body."""
        body = self.incoming.read(self.operation.body_limit)
        if not body:
            return model()
        require_json(self.request)
        return self.parse(model, body)

    def deadline(self, *, within: float | None = None) -> Deadline:
        """The end of the time that the ledger has from now on, in seconds where not its own."""
        return self.services.timing.deadline(within)

    def authorize(self, repository: Repository) -> None:
        """Raises `Forbidden` where the caller's credential is not for this repository."""
        self.facts["repository"] = repository.full_name
        if self.caller:
            self.caller.require_repository(repository)

    def claim(self, number: int | None) -> Claim | None:
        """GitHub's number of the repository, on the word of the caller, who may have sent one.

        That of a token stands in it.
        """
        caller = self.caller
        if caller is not None and caller.is_token:
            number = caller.number
        if caller is None or number is None:
            return None
        return Claim(number, caller.name, caller.repositories, proven=caller.is_token)

    def _note_repository(self, name: object) -> None:
        try:
            self.facts["repository"] = Repository.parse(str(name)).full_name
        except ValueError:
            return

    def url(self) -> str:
        """Where this is found, without its query; relative where the settings do not say.

        Never told from the request's own headers: the answer may be kept, and shown to others.
        """
        public = self.services.settings.public_url
        if public and self.request.path == "/":
            # At the function's own URL, which is not where the public finds it.
            return f"{public}{self.operation.path}"
        return f"{public or ''}{quote(self.request.path)}"
