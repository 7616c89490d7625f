"""A bad network between the functions and Firestore: two proxies on loopback, one behind the other.

`TcpProxy` knows connections: it refuses them, keeps silent, or cuts them in the middle of an
answer. `GrpcProxy` knows calls: it answers some of them with a status of its own, without
carrying them out or after it has.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import grpc

LOCAL = "127.0.0.1"

# https://www.rfc-editor.org/rfc/rfc9113#section-4.1
_FRAME_HEADER = 9
_DATA_FRAME = 0
# Closing a socket with this option sends a reset.
_RESET = struct.pack("ii", 1, 0)
_BUFFER = 65536
_CALLS_AT_ONCE = 32
# A server that finds a client's keep-alive too frequent has it wait longer from then on.
# https://github.com/grpc/grpc/blob/master/doc/keepalive.md
_TAKE_EVERY_PING = [("grpc.http2.max_ping_strikes", 0)]


class _Connection:
    """One connection of a client's, and the one to Firestore that belongs to it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        # Open at both ends, and nothing comes through any more.
        self.dead = False

    def end(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                # Wakes whoever waits for it; closing alone does not.
                end.shutdown(socket.SHUT_RD)
            end.close()


class TcpProxy:
    """Passes bytes on to `upstream`, until it is told otherwise. Its port stays the same."""

    def __init__(self, upstream: str) -> None:
        host, _, port = upstream.rpartition(":")
        self._upstream = (host, int(port))
        self._lock = threading.Lock()
        self._connections: list[_Connection] = []
        self._silent = False
        self.cuts = 0
        self._listener = self._listen(0)
        self.host = f"{LOCAL}:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()

    def refuse(self) -> None:
        """Refuse connections from now on, and end those that there are."""
        # Closed alone, it would go on to listen for as long as somebody waits in `accept`.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._end_all()

    def fall_silent(self) -> None:
        """Take connections and bytes, and pass nothing on."""
        self._silent = True
        with self._lock:
            for connection in self._connections:
                connection.dead = True

    def cut_answers(self, number: int) -> None:
        """Reset the connection in the middle of each of the next answers; `cuts` are left."""
        self.cuts = number

    def heal(self, *, reset: bool = True) -> None:
        """Pass everything on again, over new connections; the old ones are reset, or stay dead."""
        self._silent = False
        self.cuts = 0
        if reset:
            self._end_all()
        if self._listener.fileno() < 0:
            self._listener = self._listen(int(self.host.rpartition(":")[2]))

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((LOCAL, port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                connection = _Connection(client, socket.create_connection(self._upstream))
                with self._lock:
                    connection.dead = self._silent
                    self._connections.append(connection)
                for pump in (self._pass_requests, self._pass_answers):
                    threading.Thread(target=pump, args=(connection,), daemon=True).start()

    def _pass_requests(self, connection: _Connection) -> None:
        with suppress(OSError):
            while data := connection.client.recv(_BUFFER):
                if not connection.dead:
                    connection.server.sendall(data)
        connection.end()

    def _pass_answers(self, connection: _Connection) -> None:
        with suppress(OSError), connection.server.makefile("rb") as answers:
            while header := answers.read(_FRAME_HEADER):
                payload = answers.read(int.from_bytes(header[:3]))
                if header[3] == _DATA_FRAME and self.cuts:
                    self.cuts -= 1
                    connection.client.sendall(header + payload[: len(payload) // 2])
                    break
                if not connection.dead:
                    connection.client.sendall(header + payload)
        connection.end()

    def _end_all(self) -> None:
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.end()


@dataclass(frozen=True)
class Fault:
    """What becomes of a call: this status, or no answer at all where it is None.

    `carried_out` says that the call is passed on all the same, and its answer is lost. One that
    Firestore itself refuses keeps its status, and the fault waits for the next.
    """

    status: grpc.StatusCode | None
    carried_out: bool = False


class GrpcProxy(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Passes calls on to `upstream` as bytes, but for those that are to fail."""

    def __init__(self, upstream: str) -> None:
        direct = [("grpc.enable_http_proxy", 0)]
        self._channel = grpc.insecure_channel(upstream, options=direct)
        self._server = grpc.server(ThreadPoolExecutor(_CALLS_AT_ONCE), options=_TAKE_EVERY_PING)
        self._server.add_generic_rpc_handlers([self])
        self._faults: deque[Fault] = deque()
        self.host = f"{LOCAL}:{self._server.add_insecure_port(f'{LOCAL}:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=None).wait()
        self._channel.close()

    def fail(self, fault: Fault, *, times: int) -> None:
        """Let the next calls fail like this."""
        self._faults.extend([fault] * times)

    def heal(self) -> None:
        """Pass everything on again."""
        self._faults.clear()

    @property
    def pending(self) -> int:
        """How many calls are still to fail."""
        return len(self._faults)

    def service(self, details: Any) -> Any:
        """Called by grpc for each call: what handles it."""

        def handle(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
            return self._handle(details.method, requests, context)

        return grpc.stream_stream_rpc_method_handler(handle)

    def _handle(self, method: str, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        fault = self._next_fault(lambda fault: not fault.carried_out)
        if fault:
            _answer_with(fault, context)
        upstream = self._channel.stream_stream(method)(
            requests, metadata=context.invocation_metadata(), timeout=context.time_remaining()
        )
        # Firestore's commits are answered with one message, so they are carried out by then.
        lost = self._next_fault(lambda fault: fault.carried_out and method.endswith("/Commit"))
        try:
            answers = list(upstream) if lost else upstream
            if lost:
                _answer_with(lost, context)
            yield from answers
        except grpc.RpcError as error:
            if lost:
                self._faults.appendleft(lost)
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())

    def _next_fault(self, applies: Callable[[Fault], bool]) -> Fault | None:
        with suppress(IndexError):
            if applies(self._faults[0]):
                return self._faults.popleft()
        return None


def _answer_with(fault: Fault, context: Any) -> None:
    if fault.status is None:
        given_up = threading.Event()
        if context.add_callback(given_up.set):
            given_up.wait()
    context.abort(fault.status or grpc.StatusCode.CANCELLED, "injected")
