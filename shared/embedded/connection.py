"""The real Firestore client, on an embedded store instead of the network."""

from __future__ import annotations

from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from shared.embedded.channel import EmbeddedChannel
from shared.embedded.rpc import FirestoreRpc


def connect(rpc: FirestoreRpc, *, project: str, database: str | None = None) -> Client:
    """A client whose calls `rpc` answers; it needs no credentials and no environment."""
    client = Client(project=project, database=database, credentials=AnonymousCredentials())
    transport = FirestoreGrpcTransport(channel=EmbeddedChannel(rpc))
    # Where the client keeps the API that it would build over the network at its first call.
    client._firestore_api_internal = FirestoreClient(transport=transport)
    return client
