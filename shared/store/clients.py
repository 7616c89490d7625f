"""Firestore clients: on the emulator and in the cloud, opened the same way.

What a client has to know is handed to it. Its library would take the emulator's address from the
environment alone, and changing that while threads run ends the process sooner or later: glibc
moves the environment while C code of another thread (gRPC's) reads it.
https://www.gnu.org/software/libc/manual/html_node/Environment-Access.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import google.auth
import grpc
from google.api_core.exceptions import DeadlineExceeded
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from grpc.experimental import ChannelOptions

# Of every channel, as the library has them for its own.
# https://github.com/grpc/grpc/blob/master/include/grpc/impl/channel_arg_names.h
_OPTIONS = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A connection on which nothing comes any more is given up this long after a ping of the
    # keep-alive (20 s otherwise), or after one that measures the line (60 s otherwise).
    ("grpc.keepalive_timeout_ms", 2_000),
    ("grpc.http2.ping_timeout_ms", 2_000),
    # An attempt to connect that hangs has so long (20 s otherwise, also after Firestore is back).
    ("grpc.min_reconnect_backoff_ms", 2_000),
    # Left to itself it waits longer each time, up to two minutes, also after Firestore is back.
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # A channel that takes the place of another has a connection of its own.
    ("grpc.use_local_subchannel_pool", 1),
    # What a read brings is taken by the thread that asked, where another one would hand over each
    # document. It has to read to the end: what it leaves in the middle stays in memory.
    # https://grpc.io/docs/guides/performance/#python
    (ChannelOptions.SingleThreadedUnaryStream, 1),
]
# A proxy knows the way to other machines, not to this one.
_NO_PROXY = ("grpc.enable_http_proxy", 0)


class NoCredentialsError(Exception):
    """This machine cannot prove who it is to Google Cloud; the text says what to do."""


def open_client(*, project: str | None, emulator_host: str | None) -> Client:
    """A client on the emulator at `address:port` where one is named, else on the cloud.

    Without a project it is that of the environment or of the default credentials.
    """
    if emulator_host:
        return emulator_client(emulator_host, project=project)
    return cloud_client(project=project)


def emulator_client(host: str, *, project: str | None) -> Client:
    """A client on the emulator at `host` (`address:port`)."""
    client = Client(project=project, credentials=AnonymousCredentials())

    def connect() -> grpc.Channel:
        return grpc.insecure_channel(host, options=[*_OPTIONS, _NO_PROXY])

    return _over(connect, client, host)


def cloud_client(*, project: str | None) -> Client:
    """A client on Firestore in the cloud, with the default credentials of this machine.

    Raises `NoCredentialsError` where there are none.
    """
    try:
        credentials, own = _default_credentials()
    except DefaultCredentialsError as error:
        raise NoCredentialsError(
            f"No credentials: run `gcloud auth application-default login` ({error})"
        ) from None
    client = Client(project=project or own, credentials=credentials)

    def connect() -> grpc.Channel:
        return FirestoreGrpcTransport.create_channel(credentials=credentials, options=_OPTIONS)

    return _over(connect, client, None)


def _default_credentials() -> tuple[Credentials, str | None]:
    found: tuple[Credentials, str | None] = google.auth.default(scopes=Client.SCOPE)
    return found


def _over(connect: Callable[[], grpc.Channel], client: Client, emulator_host: str | None) -> Client:
    """The client with such channels, in place of the one that it would open at its first call."""
    # Decides whether calls bear the emulator's credential; the environment may name one, too.
    client._emulator_host = emulator_host
    client._firestore_api_internal = _Api(connect)
    return client


class _Api:
    """The client's RPCs, over another channel where nothing comes over the one any more.

    A connection may be dead without being closed, and what measures it is not always under way:
    then gRPC finds out after half a minute, at its next keep-alive. More of those Firestore would
    not take. https://github.com/grpc/grpc/blob/master/doc/keepalive.md
    """

    def __init__(self, connect: Callable[[], grpc.Channel]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        self._answers = 0
        self._over = FirestoreClient(transport=FirestoreGrpcTransport(channel=self._connect()))

    def __getattr__(self, name: str) -> Any:
        over, answers = self._over, self._answers
        found = getattr(over, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            try:
                answer = found(*arguments, **named)
            except DeadlineExceeded:
                with self._lock:
                    # What else is under way over it goes on there.
                    if over is self._over and answers == self._answers:
                        self._open()
                raise
            self._answers += 1
            return answer

        return call
