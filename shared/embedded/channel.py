"""A gRPC channel that ends in this process, so that the real client runs over it unchanged.

Everything above the wire is the client library's own: encoding, retries, timeouts, the mapping
of statuses to exceptions. A call is answered in the caller's thread, and waits for nothing longer
than some seconds, so its timeout is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NoReturn

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from shared.embedded.rpc import FirestoreRpc, Handler
from shared.embedded.status import unimplemented

Codec = Callable[[Any], Any]

# What is left of a call that succeeded.
_FINISHED = SimpleNamespace(
    code=lambda: grpc.StatusCode.OK, details=str, initial_metadata=tuple, trailing_metadata=tuple
)


class _Unary(grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]
    def __init__(self, handler: Handler, serialize: Codec, deserialize: Codec) -> None:
        self._answer: Codec = lambda request: deserialize(handler(serialize(request)))

    def __call__(self, request: Any, *_: Any, **__: Any) -> Any:
        return self._answer(request)

    def with_call(self, request: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
        return self._answer(request), _FINISHED

    def future(self, *_: Any, **__: Any) -> NoReturn:
        raise unimplemented("The embedded store answers synchronous calls only.")


class _Streaming(grpc.UnaryStreamMultiCallable):  # type: ignore[misc]
    def __init__(self, handler: Handler, serialize: Codec, deserialize: Codec) -> None:
        self._answer: Codec = lambda request: map(deserialize, handler(serialize(request)))

    def __call__(self, request: Any, *_: Any, **__: Any) -> Iterator[Any]:
        yield from self._answer(request)


class EmbeddedChannel(grpc.Channel):  # type: ignore[misc]
    """Routes each method to its handler; a method without one is UNIMPLEMENTED."""

    def __init__(self, rpc: FirestoreRpc) -> None:
        self._rpc = rpc

    # The client names the codecs, and its interceptors give them by place.
    def unary_unary(self, method: str, *codecs: Any, **_: Any) -> grpc.UnaryUnaryMultiCallable:
        """The callable of a method with one response."""
        return _Unary(self._handler(method), *codecs[:2])

    def unary_stream(self, method: str, *codecs: Any, **_: Any) -> grpc.UnaryStreamMultiCallable:
        """The callable of a method with a stream of responses."""
        return _Streaming(self._handler(method), *codecs[:2])

    def stream_unary(self, method: str, *_: Any, **__: Any) -> Any:
        """A callable that refuses: streamed requests are for other programs."""
        return self._handler(method)

    stream_stream = stream_unary

    def _handler(self, method: str) -> Handler:
        name = method.rpartition("/")[2]

        def refuse(*_: Any, **__: Any) -> NoReturn:
            raise unimplemented(f"The embedded store does not implement {name}.")

        return self._rpc.handlers.get(name, refuse)

    def close(self, *_: Any, **__: Any) -> None:
        """Do nothing: it is always connected, and the store may have other clients."""

    subscribe = unsubscribe = __exit__ = close

    def __enter__(self) -> EmbeddedChannel:
        return self


def connect(rpc: FirestoreRpc, *, project: str, database: str | None = None) -> Client:
    """A client whose calls `rpc` answers; it needs no credentials and no environment."""
    client = Client(project=project, database=database, credentials=AnonymousCredentials())
    transport = FirestoreGrpcTransport(channel=EmbeddedChannel(rpc))
    # Where the client keeps the API that it would build over the network at its first call.
    client._firestore_api_internal = FirestoreClient(transport=transport)
    return client
