"""Every way in which the ledger says no: one base class, one exception for each kind.

The HTTP status and the machine-readable code stand on the class, the evidence on the instance;
nobody has to parse a message. No message holds an email address or a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input.

    `pointer` is a JSON pointer into the body (https://www.rfc-editor.org/rfc/rfc6901), or the
    name of a query parameter or header behind `?` or `:`.
    """

    pointer: str
    message: str


class LedgerError(Exception):
    """Base of all errors that reach a caller; `detail` is written for the caller to read."""

    status: HTTPStatus = HTTPStatus.INTERNAL_SERVER_ERROR
    code: str = "internal"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class InvalidInput(LedgerError):
    """The input was understood and breaks a rule; `faults` says where and how."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid"

    def __init__(self, faults: Iterable[Fault], *, detail: str | None = None) -> None:
        self.faults = tuple(faults)
        super().__init__(
            detail or "; ".join(f"{f.pointer or 'body'}: {f.message}" for f in self.faults)
        )

    @classmethod
    def at(cls, pointer: str, message: str) -> InvalidInput:
        """The error for a single fault."""
        return cls([Fault(pointer, message)])


class MalformedRequest(LedgerError):
    """The body or a header cannot be read at all."""

    status = HTTPStatus.BAD_REQUEST
    code = "malformed"


class Unauthenticated(LedgerError):
    """No credential was given, or it is not a valid one."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthenticated"


class Forbidden(LedgerError):
    """The credential is valid and does not allow this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(LedgerError):
    """There is no such thing; the detail is `<Thing> not found`."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"

    def __init__(self, thing: str) -> None:
        super().__init__(f"{thing} not found")


class MethodNotAllowed(LedgerError):
    """The path exists, the method does not; `allowed` are those that do."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__(f"Allowed here: {', '.join(self.allowed)}")


class Conflict(LedgerError):
    """What the ledger already holds does not go with this request."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class AuthorConflict(Conflict):
    """The commit is recorded for another author."""

    code = "author_conflict"


class WasVoided(Conflict):
    """The commit's contribution, `contribution_id`, was voided."""

    code = "voided"

    def __init__(self, detail: str, *, contribution_id: str) -> None:
        super().__init__(detail)
        self.contribution_id = contribution_id


class PayloadTooLarge(LedgerError):
    """The body is larger than `limit` bytes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The body may hold at most {limit} bytes")


class TooSlow(LedgerError):
    """The body did not come in the time that it has."""

    status = HTTPStatus.REQUEST_TIMEOUT
    code = "too_slow"

    def __init__(self) -> None:
        super().__init__("The body came too slowly; nothing was recorded")


class UnsupportedMedia(LedgerError):
    """The body is not plain `application/json`."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "unsupported_media_type"


class Unavailable(LedgerError):
    """The ledger cannot answer now, nothing is lost, and the same request may be sent again.

    `retry_after` is the time to wait in whole seconds.
    """

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 2, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after = retry_after


class BeingBuilt(Unavailable):
    """A version without months and parts wrote here, and they are not yet counted."""

    code = "being_built"

    def __init__(self) -> None:
        super().__init__(
            "This is counted anew after an upgrade, when all functions are deployed and an "
            "operator runs reconcile --repair",
            retry_after=60,
        )


class OutcomeUnknown(Unavailable):
    """The ledger did not say whether it recorded, and the same request could count twice.

    `safely` says with what it could be sent any number of times.
    """

    code = "outcome_unknown"

    def __init__(self, *, safely: str) -> None:
        super().__init__(
            "Firestore did not say in time whether this was recorded: look before you send it "
            f"again, or send it with {safely}, which makes that safe"
        )
