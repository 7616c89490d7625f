"""How an RPC fails: the gRPC status that the client library turns into its own exceptions."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

import grpc


class StatusError(grpc.RpcError):  # type: ignore[misc]
    """A failed call: `NOT_FOUND` reaches the caller as `google.api_core.exceptions.NotFound`."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> tuple[()]:
        """Nothing: there is no wire, hence no trailers."""
        return ()

    def result(self) -> NoReturn:
        """Raise: an interceptor hands a failed call on as a finished one."""
        raise self


# The request is wrong whatever is stored.
invalid_argument = partial(StatusError, grpc.StatusCode.INVALID_ARGUMENT)
# A document that must exist does not, or one that must not does.
not_found = partial(StatusError, grpc.StatusCode.NOT_FOUND)
already_exists = partial(StatusError, grpc.StatusCode.ALREADY_EXISTS)
# The store is not in the state that the request requires.
failed_precondition = partial(StatusError, grpc.StatusCode.FAILED_PRECONDITION)
# The ledger never asks this; Firestore and its emulator know it.
unimplemented = partial(StatusError, grpc.StatusCode.UNIMPLEMENTED)
# Nothing was stored; the same call may succeed later.
unavailable = partial(StatusError, grpc.StatusCode.UNAVAILABLE)
# Repeating the call does not help: a fault of ours, a damaged file, a store that was closed.
internal = partial(StatusError, grpc.StatusCode.INTERNAL)
data_loss = partial(StatusError, grpc.StatusCode.DATA_LOSS)
cancelled = partial(StatusError, grpc.StatusCode.CANCELLED)
