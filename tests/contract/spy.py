"""What goes over the wire between a client and Firestore: noted, and made to fail on demand."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from google.cloud.firestore import Client


class Crash(BaseException):
    """The process ends here: nothing that handles errors may get hold of it."""


@dataclass(frozen=True)
class Before:
    """The call fails without having been carried out."""

    error: BaseException


@dataclass(frozen=True)
class After:
    """The call is carried out, and its answer is lost."""

    error: BaseException


@dataclass
class Rpc:
    """One call: its method, the time it was given, and what it wrote or read."""

    method: str
    timeout: float | None
    retry: Any
    writes: int = 0
    documents: int = 0
    # How many documents were asked for by name; those that do not exist are billed too.
    asked: int = 0
    # What a count came to.
    counted: int = 0
    carried_out: bool = False


@dataclass
class Spy:
    """Stands where a client has its API; `on_call` gets the timeout of each call as it begins."""

    client: Client
    on_call: Callable[[float], None] = lambda _: None
    calls: list[Rpc] = field(default_factory=list)
    _faults: dict[str, deque[Before | After | None]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def __post_init__(self) -> None:
        self._api = self.client._firestore_api
        self.client._firestore_api_internal = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def fail(self, method: str, *faults: Before | After | None) -> None:
        """Let the next calls of a method fail, in order; None lets one pass."""
        self._faults[method].extend(faults)

    @property
    def methods(self) -> list[str]:
        """The methods called so far, in order."""
        return [call.method for call in self.calls]

    def forget(self) -> None:
        """Begin to note anew."""
        self.calls.clear()

    def commit(self, request: Any, **options: Any) -> Any:
        writes = request["writes"] if isinstance(request, dict) else request.writes
        call = self._note("commit", options, writes=len(writes))
        return self._carry_out(call, lambda: self._api.commit(request=request, **options))

    def batch_get_documents(self, request: Any, **options: Any) -> Iterator[Any]:
        call = self._note("batch_get_documents", options)
        call.asked = len(request["documents"])
        return self._stream(call, request, options, "found")

    def run_query(self, request: Any, **options: Any) -> Iterator[Any]:
        call = self._note("run_query", options)
        return self._stream(call, request, options, "document")

    def run_aggregation_query(self, request: Any, **options: Any) -> Iterator[Any]:
        call = self._note("run_aggregation_query", options)
        responses = self._api.run_aggregation_query(request=request, **options)
        found = self._carry_out(call, lambda: list(responses))
        [operation] = request["structured_aggregation_query"].aggregations
        if "count" in operation:
            [value] = found[0].result.aggregate_fields.values()
            call.counted = value.integer_value
        return iter(found)

    def _note(self, method: str, options: dict[str, Any], *, writes: int = 0) -> Rpc:
        call = Rpc(method, options.get("timeout"), options.get("retry"), writes)
        self.calls.append(call)
        return call

    def _stream(self, call: Rpc, request: Any, options: Any, part: str) -> Iterator[Any]:
        method = getattr(self._api, call.method)
        responses = self._carry_out(call, lambda: list(method(request=request, **options)))
        call.documents = sum(part in response for response in responses)
        return iter(responses)

    def _carry_out(self, call: Rpc, carry_out: Callable[[], Any]) -> Any:
        if call.timeout is not None:
            self.on_call(call.timeout)
        faults = self._faults[call.method]
        fault = faults.popleft() if faults else None
        if isinstance(fault, Before):
            raise fault.error
        response = carry_out()
        call.carried_out = True
        if isinstance(fault, After):
            raise fault.error
        return response
