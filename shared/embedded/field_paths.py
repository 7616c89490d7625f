"""Field paths such as ``a.b.`odd name` `` and what is done along them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from shared.embedded.messages import Document, DocumentPb, FieldMap, ValuePb
from shared.embedded.names import is_reserved
from shared.embedded.status import invalid_argument

FieldPath = tuple[str, ...]

NAME: FieldPath = ("__name__",)

# https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1#documentmask
_SEGMENT = re.compile(r"(?:([a-zA-Z_][a-zA-Z_0-9]*)|`((?:[^`\\]|\\.)+)`)(\.|\Z)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@lru_cache(maxsize=4096)
def parse(path: str) -> FieldPath:
    """Split a path into names, quotes and escapes resolved."""
    names: list[str] = []
    at = 0
    while match := _SEGMENT.match(path, at):
        simple, quoted, end = match.groups()
        names.append(simple if simple is not None else _ESCAPED.sub(r"\1", quoted))
        if not end:
            break
        at = match.end()
    else:
        raise invalid_argument(f'Invalid property path "{path}".')
    if names[0] != NAME[0] and any(map(is_reserved, names)):
        raise invalid_argument(f"Invalid reserved name in field path {path}")
    return tuple(names)


def get(fields: FieldMap, path: FieldPath) -> ValuePb | None:
    """The value at a path, or None where a step is missing or is no map."""
    for name in path[:-1]:
        value = fields.get(name)
        if value is None or value.WhichOneof("value_type") != "map_value":
            return None
        fields = value.map_value.fields
    return fields.get(path[-1])


def put(fields: FieldMap, path: FieldPath, value: ValuePb) -> None:
    """Set the value at a path; whatever stands in the way becomes a map."""
    for name in path[:-1]:
        step = fields[name]
        if step.WhichOneof("value_type") != "map_value":
            step.map_value.SetInParent()
        fields = step.map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(fields: FieldMap, path: FieldPath) -> None:
    """Delete the value at a path; nothing happens where there is none."""
    for name in path[:-1]:
        step = fields.get(name)
        if step is None or step.WhichOneof("value_type") != "map_value":
            return
        fields = step.map_value.fields
    if path[-1] in fields:
        del fields[path[-1]]


def project(document: DocumentPb, paths: Iterable[FieldPath]) -> DocumentPb:
    """A copy of a document with the values at these paths only."""
    times = {"create_time": document.create_time, "update_time": document.update_time}
    reduced = Document(name=document.name, **times)
    for path in paths:
        value = get(document.fields, path)
        if value is not None:
            put(reduced.fields, path, value)
    return reduced
