"""Walking through whatever documents there are, as a person does in the Firestore console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.auth.exceptions import DefaultCredentialsError
from google.cloud.firestore import Client, CollectionReference

_PAGE = 100
_TIMEOUT = 30.0  # seconds


class NoCredentialsError(Exception):
    """This machine cannot prove who it is to Google Cloud; the text says what to do."""


@dataclass(frozen=True)
class Collection:
    """A collection at the root of the database."""

    _reference: CollectionReference

    @property
    def name(self) -> str:
        return str(self._reference.id)

    def count(self) -> int:
        """How many documents it holds."""
        return int(self._reference.count().get(timeout=_TIMEOUT)[0][0].value)

    def documents(self, limit: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The first `limit` documents by id, read a page at a time."""
        query = self._reference.order_by("__name__")
        page = query.limit(min(limit, _PAGE)).get(timeout=_TIMEOUT)
        while page:
            for snapshot in page:
                yield snapshot.id, snapshot.to_dict()
            limit -= len(page)
            if not limit:
                return
            page = query.start_after(page[-1]).limit(min(limit, _PAGE)).get(timeout=_TIMEOUT)


def collections(client: Client) -> Iterator[Collection]:
    """The collections at the root of the database, by name."""
    for reference in sorted(client.collections(timeout=_TIMEOUT), key=lambda c: str(c.id)):
        yield Collection(reference)


def emulator_client(host: str, *, project: str) -> Client:
    """A client on the emulator at `host` (`address:port`)."""
    # The client takes it from the environment alone, and gRPC would ask a proxy.
    os.environ["FIRESTORE_EMULATOR_HOST"] = host
    os.environ["no_grpc_proxy"] = host.rpartition(":")[0]  # noqa: SIM112 - gRPC's own spelling
    return Client(project=project)


def cloud_client(*, project: str) -> Client:
    """A client on Firestore in the cloud, with the default credentials of this machine.

    Raises `NoCredentialsError` where there are none.
    """
    os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
    try:
        return Client(project=project)
    except DefaultCredentialsError as error:
        raise NoCredentialsError(
            f"No credentials: run `gcloud auth application-default login` ({error})"
        ) from None
