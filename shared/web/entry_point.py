"""A deployed function: finds the operation, checks the caller, calls the handler, answers.

functions-framework hands over every method on every path and turns a crash into an HTML page, so
routing and errors are settled here, for all functions in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from http import HTTPMethod, HTTPStatus
from importlib import import_module
from types import ModuleType
from typing import Any
from urllib.parse import unquote

from flask import current_app, has_app_context
from flask import request as flask_request
from werkzeug.wrappers import Request, Response

from shared.domain.email import mask_text
from shared.domain.errors import LedgerError, MethodNotAllowed, NotFound, Unavailable
from shared.web.answer import PREFLIGHT, Answer, is_preflight, problem
from shared.web.call import Call
from shared.web.incoming import IncomingBody
from shared.web.logs import request_id_of, where_raised
from shared.web.operations import Access, Operation, operations_of
from shared.web.queries import query_of
from shared.web.services import Services, services_from_environment

EntryPoint = Callable[[Request], Response]

# Half a surrogate pair, which no decoded path holds.
OWN_SLASH = "\udc2f"

_WRITES = {Access.RECORD, Access.ADMIN, Access.SIGNED}


def entry_point(function: ModuleType, services: Services | None = None) -> EntryPoint:
    """The function that functions-framework serves; its module holds the handlers.

    Raises `SettingsError` at once where the environment is wrong, so that it never starts.
    """
    endpoint = _Endpoint(function, services or services_from_environment())

    # functions-framework takes nothing but a plain function.
    def serve(request: Request) -> Response:
        return endpoint.serve(request)

    # What the first request needs. Loaded now, it is loaded before the server forks, and with the
    # processor that Cloud Run adds to a start.
    accesses = {operation.access for operation in endpoint.operations}
    if accesses - {Access.OPEN}:
        import_module("shared.store.ledger")
    if accesses & {Access.RECORD, Access.SIGNED}:
        import_module("shared.store.group_commit")
    if has_app_context():
        # The framework has a page of its own for /robots.txt, /favicon.ico and paths with a line
        # break in them.
        current_app.register_error_handler(HTTPStatus.NOT_FOUND, lambda _: serve(flask_request))
    return serve


class _Endpoint:
    def __init__(self, function: ModuleType, services: Services) -> None:
        self.function = function.__name__.rpartition(".")[2]
        self.operations = operations_of(function)
        self.services = services

    def serve(self, request: Request) -> Response:
        # What is noted of its time ends with its context.
        return copy_context().run(self._serve, request)

    def _serve(self, request: Request) -> Response:
        self.services.timing.begin_request()
        began = time.monotonic()
        request_id = request_id_of(request)
        facts: dict[str, Any] = {}
        operation: Operation | None = None
        answer: Answer[Any]
        body = IncomingBody(
            request,
            self.services.connections,
            self.services.large_bodies,
            waited=self.services.timing.postpone,
        )
        try:
            # A preflight asks for what it says, without the credential that it asks for.
            preflight = is_preflight(request)
            method = HTTPMethod.GET if preflight else request.method
            operation, parameters = match(self.operations, method, path_of(request))
            if preflight:
                answer = Answer(None, PREFLIGHT, status=HTTPStatus.NO_CONTENT)
            else:
                answer = self._answer(request, body, operation, parameters, facts)
        except LedgerError as error:
            facts |= {"code": error.code}
            answer = problem(error)
        except Exception as error:  # noqa: BLE001 - the last resort
            facts |= {"code": "internal", "error": where_raised(error)}
            answer = problem(LedgerError("An unexpected error; nothing was acknowledged"))
        finally:
            body.release()
        # The framework's own has ended when a stream has.
        asked = Request(request.environ)

        def note() -> None:
            self.services.log.request(
                asked,
                request_id=request_id,
                function=self.function,
                path=operation.path if operation else "unknown",
                status=answer.status.value,
                seconds=time.monotonic() - began,
                outcome=answer.outcome,
                facts=facts,
            )

        if not answer.STREAMS:
            note()
        answer.headers["X-Request-Id"] = request_id
        # Nothing more is read than what is there: left to itself, the framework would read it all.
        close = not body.is_done()
        response = answer.response(streamed=close)
        of_a_read = operation is not None and operation.access is Access.READ
        kept_s = answer.KEPT_S if of_a_read else None
        self.services.headers.complete(request, response, kept_s=kept_s)
        if answer.STREAMS:
            response.call_on_close(note)
        self.services.connections.send(request, response, close=close, in_parts=answer.STREAMS)
        return response

    def _answer(
        self,
        request: Request,
        body: IncomingBody,
        operation: Operation,
        parameters: Mapping[str, str],
        facts: dict[str, Any],
    ) -> Answer[Any]:
        caller = self.services.authenticator.admit(request, operation.access)
        if caller:
            facts["caller"] = caller.name
        try:
            self.services.authenticator.authorize(caller, operation.access)
            # A POST has none, and takes no notice of any.
            query = {} if operation.method == "POST" else query_of(request, operation)
            call = Call(request, operation, parameters, query, caller, self.services, body, facts)
            answer = operation.handler(call, **parameters)
        except Unavailable as error:
            facts["reason"] = error.detail
            raise
        except LedgerError as error:
            # Somebody with a valid credential who gets nothing recorded wants to see why.
            if operation.access in _WRITES and "caller" in facts:
                facts["reason"] = mask_text(error.detail)
                self._note(error.code, error.detail, facts)
            raise
        if answer.rejection:
            code, reason = answer.rejection
            # It quotes what was sent as a commit's hash.
            facts |= {"code": code, "reason": mask_text(reason)}
            self._note(code, reason, facts)
        return answer

    def _note(self, code: str, reason: str, facts: Mapping[str, Any]) -> None:
        self.services.rejections.note(code=code, reason=reason, repository=facts.get("repository"))


def path_of(request: Request) -> str:
    """The path, without a slash at its end; one that is encoded belongs to a key.

    One in an address stands in it as `OWN_SLASH`, so that no part of the address is taken for one
    of the path: whoever is called `a/aliases/b@c` can be split off.
    """
    raw = request.environ.get("RAW_URI", request.path).partition("?")[0]
    path = request.path
    if "%2f" in raw.lower() and "@" in path and raw.startswith("/"):
        path = "/" + "/".join(map(_segment, raw.lstrip("/").split("/")))
    trailing = raw.endswith("/") and not raw.endswith("//")
    return path.removesuffix("/") or "/" if trailing else path


def _segment(raw: str) -> str:
    text = unquote(raw)
    return text.replace("/", OWN_SLASH) if "@" in text else text


def match(
    operations: Iterable[Operation], method: str, path: str
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
            return operation, {n: v.replace(OWN_SLASH, "/") for n, v in found.groupdict().items()}
        path_taken = operation.path
        allowed += ["GET", "HEAD"] if operation.method == "GET" else [operation.method]
    if allowed:
        raise MethodNotAllowed(sorted(allowed))
    raise NotFound("Path")
