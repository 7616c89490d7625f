"""A gRPC channel that ends in this process, so that the real client runs over it unchanged.

Everything above the wire is the client library's own: encoding, retries, timeouts, the mapping
of statuses to exceptions. A call is answered in the caller's thread before its deadline could
matter, so timeouts are accepted and not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import grpc

from shared.embedded.rpc import FirestoreRpc, Handler
from shared.embedded.status import StatusError, unimplemented

Serializer = Callable[[Any], bytes]
Deserializer = Callable[[bytes], Any]


class _FinishedCall:
    """What is left of a call that succeeded."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.OK

    def details(self) -> str:
        return ""

    def initial_metadata(self) -> tuple[()]:
        return ()

    def trailing_metadata(self) -> tuple[()]:
        return ()


class _Unary(grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]
    def __init__(self, handler: Handler, serialize: Serializer, deserialize: Deserializer) -> None:
        self._handler = handler
        self._serialize = serialize
        self._deserialize = deserialize

    def __call__(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return self.with_call(request, *args, **kwargs)[0]

    def with_call(self, request: Any, *_: Any, **__: Any) -> tuple[Any, _FinishedCall]:
        response = self._handler(self._serialize(request))
        return self._deserialize(response.SerializeToString()), _FinishedCall()

    def future(self, *_: Any, **__: Any) -> NoReturn:
        raise unimplemented("The embedded store answers synchronous calls only.")


class _Streaming(grpc.UnaryStreamMultiCallable):  # type: ignore[misc]
    def __init__(self, handler: Handler, serialize: Serializer, deserialize: Deserializer) -> None:
        self._handler = handler
        self._serialize = serialize
        self._deserialize = deserialize

    def __call__(self, request: Any, *_: Any, **__: Any) -> Iterator[Any]:
        for response in self._handler(self._serialize(request)):
            yield self._deserialize(response.SerializeToString())


class _Unimplemented(grpc.StreamStreamMultiCallable):  # type: ignore[misc]
    def __init__(self, method: str) -> None:
        self._method = method

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise _unknown(self._method)


class EmbeddedChannel(grpc.Channel):  # type: ignore[misc]
    """Routes each method to its handler; a method without one is UNIMPLEMENTED."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        self._rpc = rpc

    def unary_unary(
        self,
        method: str,
        request_serializer: Serializer,
        response_deserializer: Deserializer,
        *_: Any,
        **__: Any,
    ) -> grpc.UnaryUnaryMultiCallable:
        """The callable of a method with one response."""
        handler = self._rpc.unary.get(_method_name(method)) or _missing(method)
        return _Unary(handler, request_serializer, response_deserializer)

    def unary_stream(
        self,
        method: str,
        request_serializer: Serializer,
        response_deserializer: Deserializer,
        *_: Any,
        **__: Any,
    ) -> grpc.UnaryStreamMultiCallable:
        """The callable of a method with a stream of responses."""
        handler = self._rpc.streaming.get(_method_name(method)) or _missing(method)
        return _Streaming(handler, request_serializer, response_deserializer)

    def stream_unary(self, method: str, *_: Any, **__: Any) -> Any:
        """A callable that refuses: Firestore has no such method."""
        return _Unimplemented(method)

    def stream_stream(self, method: str, *_: Any, **__: Any) -> Any:
        """A callable that refuses: listening and streamed writes are for other programs."""
        return _Unimplemented(method)

    def subscribe(self, callback: Any, try_to_connect: bool = False) -> None:
        """Nothing to report: the channel is always connected."""

    def unsubscribe(self, callback: Any) -> None:
        """Nothing was subscribed."""

    def close(self) -> None:
        """Leave the store open: it may have other clients."""

    def __enter__(self) -> EmbeddedChannel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _method_name(method: str) -> str:
    return method.rpartition("/")[2]


def _unknown(method: str) -> StatusError:
    return unimplemented(f"The embedded store does not implement {_method_name(method)}.")


def _missing(method: str) -> Handler:
    def refuse(_: bytes) -> NoReturn:
        raise _unknown(method)

    return refuse
