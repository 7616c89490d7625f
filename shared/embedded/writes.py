"""What a Commit does to the documents it names: all of its writes, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.embedded import field_paths, limits, names, status, transforms
from shared.embedded.messages import (
    Document,
    DocumentPb,
    Timestamp,
    WritePb,
    WriteResult,
    timestamp,
)


@dataclass(frozen=True)
class Outcome:
    """What a write leaves (None: no document), if that is new, its answer, what is kept of it."""

    document: DocumentPb | None
    changed: bool
    result: Any
    content: bytes = b""


def check_writes(writes: Sequence[WritePb], *, database: str) -> None:
    """Refuse writes that are wrong whatever is stored."""
    targets = set()
    for write in writes:
        name = target(write)
        names.check_document(name, database=database)
        if write.WhichOneof("operation") == "delete":
            if write.HasField("update_mask") or write.update_transforms:
                raise status.invalid_argument("a delete must not specify a mask or transforms.")
        else:
            limits.admit_fields(write.update.fields)
            for path in write.update_mask.field_paths:
                field_paths.parse(path)
            transforms.check(write.update_transforms)
        targets.add(name)
    if len(targets) < len(writes):
        raise status.unimplemented("The embedded store takes one write a document in a Commit.")


def target(write: WritePb) -> str:
    """The name of the document that a write is about."""
    match write.WhichOneof("operation"):
        case "update":
            return str(write.update.name)
        case "delete":
            return str(write.delete)
        case _:
            raise status.invalid_argument("A write updates or deletes a document.")


def apply_writes(
    writes: Sequence[WritePb], before: Sequence[DocumentPb | None], *, commit_micros: int
) -> list[Outcome]:
    """Evaluate checked writes, each on the document that it is about, which stays as it is.

    A write is used up: what it makes or replaces a document with becomes the document.

    A write that leaves its document as it was keeps the document's update time. The request time
    of transforms has the precision of milliseconds, as documented for REQUEST_TIME.

    Raises:
        StatusError: of the first write whose precondition does not hold.
    """
    now, request_time = timestamp(commit_micros), timestamp(commit_micros // 1000 * 1000)
    outcomes = []
    for write, present in zip(writes, before, strict=True):
        _check_precondition(write, present)
        result = WriteResult()
        if write.WhichOneof("operation") == "delete":
            outcomes.append(Outcome(None, present is not None, result))
            continue
        document = _updated(write, present, now)
        computed = transforms.apply(write.update_transforms, document.fields, request_time)
        if computed:
            result.transform_results.extend(computed)
        content = _content(document)
        # As bytes: to messages NaN is not itself, and 0.0 is -0.0.
        changed = present is None or content != present.SerializeToString(deterministic=True)
        if changed and present is not None:
            document.update_time.CopyFrom(now)
            content = _content(document)
        result.update_time.CopyFrom(document.update_time)
        outcomes.append(Outcome(document, changed, result, content))
    return outcomes


def _content(document: DocumentPb) -> bytes:
    """What is kept of a document: at most 1 MiB, which is near to Firestore's own count."""
    content: bytes = document.SerializeToString(deterministic=True)
    if len(content) > limits.MAX_DOCUMENT_BYTES:
        raise status.invalid_argument("A document is larger than 1,048,576 bytes.")
    return content


def _check_precondition(write: WritePb, present: DocumentPb | None) -> None:
    condition = write.current_document
    match condition.WhichOneof("condition_type"):
        case "exists":
            if condition.exists and present is None:
                raise status.not_found(f"No document to update: {target(write)}")
            if not condition.exists and present is not None:
                raise status.already_exists(f"Document already exists: {target(write)}")
        case "update_time":
            if present is None or present.update_time != condition.update_time:
                raise status.failed_precondition("The document is not of the required update time.")


def _updated(write: WritePb, present: DocumentPb | None, now: Timestamp) -> DocumentPb:
    """The document as the update leaves it, before its transforms and its update time."""
    masked = write.HasField("update_mask")
    document = Document(name=write.update.name) if masked else write.update
    if masked and present is not None:
        document.CopyFrom(present)
    document.create_time.CopyFrom(now if present is None else present.create_time)
    document.update_time.CopyFrom(now if present is None else present.update_time)
    if not masked:
        return document
    for path in map(field_paths.parse, write.update_mask.field_paths):
        value = field_paths.get(write.update.fields, path)
        if value is None:
            field_paths.remove(document.fields, path)
        else:
            field_paths.put(document.fields, path, value)
    return document
