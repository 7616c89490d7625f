"""Calls on the wire, for what the client library would never send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.cloud.firestore import Client
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1._helpers import encode_dict, encode_value

from shared.embedded import open_embedded
from shared.store.clients import emulator_client
from tests.backends import new_project


def write_index_file(folder: Path, *composites: str) -> Path:
    """Composite indexes of the collection `v`, each as in `x, k DESCENDING, tags CONTAINS`."""
    indexes = []
    for composite in composites:
        fields = []
        for part in composite.split(", "):
            path, _, mode = part.partition(" ")
            kind = "arrayConfig" if mode == "CONTAINS" else "order"
            fields.append({"fieldPath": path, kind: mode or "ASCENDING"})
        indexes.append({"collectionGroup": "v", "queryScope": "COLLECTION", "fields": fields})
    file = folder / "firestore.indexes.json"
    exempt = [{"collectionGroup": "v", "fieldPath": "secret", "indexes": []}]
    file.write_text(json.dumps({"indexes": indexes, "fieldOverrides": exempt}), encoding="utf-8")
    return file


@contextmanager
def both_backends(emulator: str, index_file: Path) -> Iterator[tuple[Client, Client]]:
    """A client on an empty database of each backend."""
    project = new_project()
    with open_embedded(None, project=project, index_file=index_file) as store:
        client = emulator_client(emulator, project=project)
        yield store.client(), client
        # An open channel would be found by the garbage collector, and warned of.
        client._firestore_api.transport.close()


def name(client: Client, path: str) -> str:
    return f"{client._database_string}/documents/{path}"


def put(client: Client, path: str, fields: dict[str, Any], **options: Any) -> types.Write:
    document = types.Document(name=name(client, path), fields=encode_dict(fields))
    if "mask" in options:
        options["update_mask"] = types.DocumentMask(field_paths=options.pop("mask"))
    if "exists" in options:
        options["current_document"] = types.Precondition(exists=options.pop("exists"))
    return types.Write(update=document, **options)


def delete(client: Client, path: str, **options: Any) -> types.Write:
    if "exists" in options:
        options["current_document"] = types.Precondition(exists=options.pop("exists"))
    return types.Write(delete=name(client, path), **options)


def transform(path: str, **kind: Any) -> types.DocumentTransform.FieldTransform:
    return types.DocumentTransform.FieldTransform(field_path=path, **kind)


def increment(path: str, by: float) -> types.DocumentTransform.FieldTransform:
    return transform(path, increment=encode_value(by))


def commit(client: Client, *writes: types.Write, **request: Any) -> types.CommitResponse:
    return client._firestore_api.commit(
        request={"database": client._database_string, "writes": list(writes), **request},
        metadata=client._rpc_metadata,
        retry=None,
    )


def run_query(client: Client, query: dict[str, Any], **request: Any) -> list[str]:
    """The ids of the result of a raw structured query."""
    parent = name(client, "").rstrip("/")
    responses = client._firestore_api.run_query(
        request={"parent": parent, "structured_query": query, **request},
        metadata=client._rpc_metadata,
        retry=None,
    )
    return [r.document.name.rsplit("/")[-1] for r in responses if r.document.name]


def ids(query: Any) -> list[str]:
    return [snapshot.id for snapshot in query.stream()]


def content(client: Client, path: str) -> dict[str, Any] | None:
    data: dict[str, Any] | None = client.document(path).get().to_dict()
    return data
