"""How an RPC fails: the gRPC status that the client library turns into its own exceptions."""

from __future__ import annotations

from typing import NoReturn

import grpc


class StatusError(grpc.RpcError):  # type: ignore[misc]
    """A failed call: `NOT_FOUND` reaches the caller as `google.api_core.exceptions.NotFound`."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        """The status code of the call."""
        return self._code

    def details(self) -> str:
        """The text that goes with the code."""
        return self._details

    def trailing_metadata(self) -> tuple[()]:
        """Nothing: there is no wire, hence no trailers."""
        return ()

    def result(self) -> NoReturn:
        """Raise: an interceptor hands a failed call on as a finished one."""
        raise self


def invalid_argument(details: str) -> StatusError:
    """The request is wrong whatever is stored."""
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, details)


def not_found(details: str) -> StatusError:
    """A document that must exist does not."""
    return StatusError(grpc.StatusCode.NOT_FOUND, details)


def already_exists(details: str) -> StatusError:
    """A document that must not exist does."""
    return StatusError(grpc.StatusCode.ALREADY_EXISTS, details)


def failed_precondition(details: str) -> StatusError:
    """The store is not in the state that the request requires."""
    return StatusError(grpc.StatusCode.FAILED_PRECONDITION, details)


def unimplemented(details: str) -> StatusError:
    """The embedded store has no such feature; Firestore and its emulator have."""
    return StatusError(grpc.StatusCode.UNIMPLEMENTED, details)


def unavailable(details: str) -> StatusError:
    """Nothing was stored; the same call may succeed later."""
    return StatusError(grpc.StatusCode.UNAVAILABLE, details)


def internal(details: str) -> StatusError:
    """It is unknown whether something was stored; repeating the call does not help."""
    return StatusError(grpc.StatusCode.INTERNAL, details)


def cancelled(details: str) -> StatusError:
    """The store was closed; repeating the call does not help."""
    return StatusError(grpc.StatusCode.CANCELLED, details)
