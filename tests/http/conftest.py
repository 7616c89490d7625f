"""The service of a test, on a ledger in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client

from shared.embedded import EmbeddedFirestore, open_embedded
from tests.http.framework import Service


@pytest.fixture
def store() -> Iterator[EmbeddedFirestore]:
    """An empty database."""
    with open_embedded(None, project="demo-http") as store:
        yield store


@pytest.fixture
def database(store: EmbeddedFirestore) -> Client:
    """A client that looks at what the service keeps."""
    return store.client()


@pytest.fixture
def service(store: EmbeddedFirestore) -> Service:
    """The service with the key `ci=s3cret`, and public reads."""
    return Service(store.client)
