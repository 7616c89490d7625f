"""The writes of one Commit, built on the protobuf messages themselves.

It stands in for the client's own `WriteBatch`, with the same methods and the same result. That one
wraps every field of every document in several Python objects, which took half of the processor
time of recording a commit, and most of that of a batch; `make bench` measures it.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#write
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import (
    DELETE_FIELD,
    SERVER_TIMESTAMP,
    ArrayUnion,
    Client,
    DocumentReference,
    Increment,
    Maximum,
    Minimum,
)
from google.cloud.firestore_v1.types import CommitRequest, DocumentTransform
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

_REQUEST_TIME = DocumentTransform.FieldTransform.ServerValue.REQUEST_TIME
_NUMERIC = {Increment: "increment", Minimum: "minimum", Maximum: "maximum"}


class WriteBatch:
    """Writes to be carried out together, in the order given.

    Fields have plain names, and values that JSON knows, times, `Increment`, `Minimum`, `Maximum`,
    `ArrayUnion` and `SERVER_TIMESTAMP`, whose fields may be paths. Anything else is a `TypeError`,
    and an integer beyond 64 bits a `ValueError`. A change takes `DELETE_FIELD` too.
    """

    def __init__(self, client: Client) -> None:
        self._request = CommitRequest.pb()(database=client._database_string)
        # What carries them out.
        self.request = CommitRequest.wrap(self._request)

    def __len__(self) -> int:
        return len(self._request.writes)

    def create(self, reference: DocumentReference, fields: Mapping[str, Any]) -> None:
        """Make a document; it must not exist."""
        self._write(reference, fields).current_document.exists = False

    def set(self, reference: DocumentReference, fields: Mapping[str, Any]) -> None:
        """Make a document, or replace it."""
        self._write(reference, fields)

    def update(
        self,
        reference: DocumentReference,
        fields: Mapping[str, Any],
        *,
        unchanged_since: Timestamp | None = None,
    ) -> None:
        """Change some fields of a document; it must exist, and be as it was when it was read."""
        write = self.merge(reference, fields)
        if unchanged_since is None:
            write.current_document.exists = True
        else:
            write.current_document.update_time.CopyFrom(unchanged_since)

    def merge(self, reference: DocumentReference, fields: Mapping[str, Any]) -> Any:
        """Change some fields of a document, which is made where there is none."""
        write = self._write(reference, fields)
        write.update_mask.field_paths.extend(write.update.fields)
        gone = (name for name, value in fields.items() if value is DELETE_FIELD)
        write.update_mask.field_paths.extend(gone)
        # With transforms alone the mask is empty, and has to be there all the same.
        write.update_mask.SetInParent()
        return write

    def delete(self, reference: DocumentReference, *, unchanged_since: Timestamp) -> None:
        """Take a document away; it must be as it was when it was read."""
        write = self._request.writes.add(delete=reference._document_path)
        write.current_document.update_time.CopyFrom(unchanged_since)

    def forbid(self, reference: DocumentReference) -> None:
        """Change nothing; the document must not exist."""
        write = self._request.writes.add(delete=reference._document_path)
        write.current_document.exists = False

    def _write(self, reference: DocumentReference, fields: Mapping[str, Any]) -> Any:
        write = self._request.writes.add()
        write.update.name = reference._document_path
        stored = write.update.fields
        for name, value in fields.items():
            if encoder := _ENCODERS.get(type(value)):
                encoder(value, stored[name])
            elif value is SERVER_TIMESTAMP:
                write.update_transforms.add(field_path=name, set_to_server_value=_REQUEST_TIME)
            elif type(value) in _NUMERIC:
                transform = write.update_transforms.add(field_path=name)
                _encode(value.value, getattr(transform, _NUMERIC[type(value)]))
            elif isinstance(value, ArrayUnion):
                union = write.update_transforms.add(field_path=name).append_missing_elements
                for item in value.values:
                    _encode(item, union.values.add())
            elif value is not DELETE_FIELD:
                _encode(value, stored[name])
        return write


def _encode(value: object, target: Any) -> None:
    """Put a value into a protobuf `Value`."""
    encoder = _ENCODERS.get(type(value)) or _encoder_of_base(type(value))
    encoder(value, target)


def _encoder_of_base(kind: type) -> Callable[[Any, Any], None]:
    for base in kind.__mro__:
        if base in _ENCODERS:
            return _ENCODERS[base]
    raise TypeError(f"{kind.__name__} cannot be stored")


def _null(_: None, target: Any) -> None:
    target.null_value = 0


def _string(value: str, target: Any) -> None:
    target.string_value = value


def _boolean(value: bool, target: Any) -> None:
    target.boolean_value = value


def _integer(value: int, target: Any) -> None:
    target.integer_value = value


def _double(value: float, target: Any) -> None:
    target.double_value = value


def _time(value: datetime, target: Any) -> None:
    target.timestamp_value.FromDatetime(value.astimezone(UTC).replace(tzinfo=None))


def _map(value: Mapping[str, Any], target: Any) -> None:
    target.map_value.SetInParent()
    fields = target.map_value.fields
    for name, item in value.items():
        _encode(item, fields[name])


def _array(value: Sequence[Any], target: Any) -> None:
    target.array_value.SetInParent()
    values = target.array_value.values
    for item in value:
        _encode(item, values.add())


# By exact type: asking `isinstance` of each in turn took a third of the time.
_ENCODERS: dict[type, Callable[[Any, Any], None]] = {
    type(None): _null,
    str: _string,
    bool: _boolean,
    int: _integer,
    float: _double,
    datetime: _time,
    dict: _map,
    list: _array,
    tuple: _array,
}
