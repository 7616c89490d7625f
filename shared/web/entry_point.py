"""A deployed function: finds the operation, checks the caller, calls the handler, answers.

functions-framework hands over every method on every path and turns a crash into an HTML page, so
routing and errors are settled here, for all functions in the same way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from shared.domain.errors import LedgerError, MethodNotAllowed, NotFound
from shared.web.answer import Answer, problem
from shared.web.call import Call
from shared.web.routes import Operation, operations_of
from shared.web.services import Services, services_from_environment

EntryPoint = Callable[[Request], Response]
Handler = Callable[[Call], Answer]

_log = logging.getLogger("ledger")


def entry_point(
    function: str, handlers: Mapping[str, Handler], services: Services | None = None
) -> EntryPoint:
    """The function that functions-framework serves; `handlers` are by operation name.

    Raises `SettingsError` at once where the environment is wrong, so that it never starts.
    """
    services = services or services_from_environment()
    operations = operations_of(function)

    def serve(request: Request) -> Response:
        try:
            answer = _answer(request, operations, handlers, services)
        except LedgerError as error:
            answer = problem(error)
        except Exception as error:  # noqa: BLE001 - the last resort, logged without its text
            _log.error("unexpected %s", type(error).__name__)
            answer = problem(LedgerError("An unexpected error; nothing was acknowledged"))
        return answer.response()

    return serve


def _answer(
    request: Request,
    operations: tuple[Operation, ...],
    handlers: Mapping[str, Handler],
    services: Services,
) -> Answer:
    operation, parameters = match(operations, request.method, request.path)
    caller = services.authenticator.admit(request, operation.access)
    return handlers[operation.name](Call(request, operation, parameters, caller, services))


def match(
    operations: tuple[Operation, ...], method: str, path: str
) -> tuple[Operation, dict[str, Any]]:
    """The operation for a method and a path; raises `NotFound` or `MethodNotAllowed`."""
    # RFC 9110 has HEAD wherever there is GET; the server leaves the body out.
    wanted = "GET" if method == "HEAD" else method
    allowed: list[str] = []
    path_taken = None
    for operation in operations:
        found = operation.pattern.fullmatch(path)
        if not found or path_taken not in {None, operation.path}:
            continue
        if operation.method == wanted:
            return operation, found.groupdict()
        path_taken = operation.path
        allowed += ["GET", "HEAD"] if operation.method == "GET" else [operation.method]
    if allowed:
        raise MethodNotAllowed(sorted(allowed))
    raise NotFound("Path")
