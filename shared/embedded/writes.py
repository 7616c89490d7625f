"""What a Commit does to the documents it names: all of its writes, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from shared.embedded import field_paths, limits, names, transforms
from shared.embedded.messages import (
    Document,
    DocumentPb,
    Timestamp,
    WritePb,
    WriteResult,
    micros,
    timestamp,
)
from shared.embedded.status import (
    StatusError,
    already_exists,
    failed_precondition,
    invalid_argument,
    not_found,
)

Changes = dict[str, DocumentPb | None]
Lookup = Callable[[str], DocumentPb | None]


@dataclass(frozen=True)
class Outcome:
    """What a commit changes (None: the document is gone) and what it answers for each write."""

    changes: Changes
    results: list[Any]


def check_writes(writes: Iterable[WritePb], *, database: str) -> None:
    """Refuse writes that are wrong whatever is stored."""
    earlier: dict[str, str] = {}
    for write in writes:
        name = target(write)
        names.check_document(name, database=database)
        if write.WhichOneof("operation") == "delete":
            _check_delete(write)
        else:
            limits.admit_fields(write.update.fields)
            for path in write.update_mask.field_paths:
                field_paths.parse(path)
            transforms.check(write.update_transforms)
        _check_sequence(earlier.get(name), write)
        earlier[name] = _kind(write)


def apply_writes(writes: Iterable[WritePb], lookup: Lookup, *, commit_micros: int) -> Outcome:
    """Evaluate checked writes in order, each seeing those before it.

    A write that leaves its document as it was keeps the document's update time. The request time
    of transforms has the precision of milliseconds, as documented for REQUEST_TIME.
    """
    commit_time = timestamp(commit_micros)
    request_time = timestamp(commit_micros // 1000 * 1000)
    changes: Changes = {}
    results: list[Any] = []
    written: list[str] = []
    for write in writes:
        name = target(write)
        before = lookup(name)
        present = changes.get(name, before)
        _check_precondition(write, name=name, present=present, before=before)
        result = WriteResult()
        if write.WhichOneof("operation") == "delete":
            changes[name] = None
        else:
            document = _updated(write, name=name, present=present, time=commit_time)
            computed = transforms.apply(
                write.update_transforms, document.fields, request_time=request_time
            )
            if computed:
                result.transform_results.extend(computed)
                limits.admit_fields(document.fields)
            limits.check_size(document)
            changes[name] = document
        results.append(result)
        written.append(name)
    _keep_unchanged(changes, lookup)
    for name, result in zip(written, results, strict=True):
        final = changes.get(name, lookup(name))
        if final is not None:
            result.update_time.CopyFrom(final.update_time)
    effective = {name: change for name, change in changes.items() if change is not lookup(name)}
    return Outcome(changes=effective, results=results)


def target(write: WritePb) -> str:
    """The name of the document that a write is about."""
    match write.WhichOneof("operation"):
        case "update":
            return str(write.update.name)
        case "delete":
            return str(write.delete)
        case "transform":
            raise invalid_argument("Send transforms as update_transforms of an update.")
        case _:
            raise invalid_argument("empty write operation")


def _check_delete(write: WritePb) -> None:
    if write.HasField("update_mask"):
        raise invalid_argument("a delete must not specify a document mask.")
    if write.update_transforms:
        raise invalid_argument("a delete must not specify a update transform.")


def _required_existence(write: WritePb) -> bool | None:
    condition = write.current_document
    if condition.WhichOneof("condition_type") == "exists":
        return bool(condition.exists)
    return None


def _kind(write: WritePb) -> str:
    if write.WhichOneof("operation") == "delete":
        return "delete"
    return {True: "update", False: "insert", None: "upsert"}[_required_existence(write)]


def _check_sequence(earlier: str | None, write: WritePb) -> None:
    """Refuse a write that an earlier one of the same commit, to the same document, rules out."""
    match _required_existence(write):
        case True:
            clash = earlier == "delete"
        case False:
            clash = earlier in {"insert", "update", "upsert"}
        case _:
            clash = False
    if clash:
        raise invalid_argument(
            f"Cannot {earlier} then {_kind(write)} an entity in the same request."
        )


def _check_precondition(
    write: WritePb, *, name: str, present: DocumentPb | None, before: DocumentPb | None
) -> None:
    condition = write.current_document
    match condition.WhichOneof("condition_type"):
        case "exists":
            if condition.exists and present is None:
                raise not_found(f"No document to update: {name}")
            if not condition.exists and present is not None:
                raise already_exists(f"Document already exists: {name}")
        case "update_time":
            if condition.update_time.nanos % 1000:
                raise invalid_argument("timestamp cannot have more than microseconds precision")
            if before is None or before.update_time != condition.update_time:
                raise _stale(before, condition.update_time)


def _stale(before: DocumentPb | None, required: Timestamp) -> StatusError:
    stored = 0 if before is None else micros(before.update_time)
    return failed_precondition(
        f"the stored version ({stored}) does not match the required base version "
        f"({micros(required)})"
    )


def _updated(
    write: WritePb, *, name: str, present: DocumentPb | None, time: Timestamp
) -> DocumentPb:
    """The document as the update leaves it, before its transforms."""
    created = time if present is None else present.create_time
    document = Document(name=name, create_time=created, update_time=time)
    if not write.HasField("update_mask"):
        document.MergeFrom(Document(fields=write.update.fields))
        return document
    if present is not None:
        document.MergeFrom(Document(fields=present.fields))
    for path in map(field_paths.parse, write.update_mask.field_paths):
        value = field_paths.get(write.update.fields, path)
        if value is None:
            field_paths.remove(document.fields, path)
        else:
            field_paths.put(document.fields, path, value)
    return document


def _keep_unchanged(changes: Changes, lookup: Lookup) -> None:
    """Put the stored document back where a write left its content, and its creation, alone."""
    for name, document in changes.items():
        before = lookup(name)
        if before is None or document is None or document.create_time != before.create_time:
            continue
        if _content(document) == _content(before):
            changes[name] = before


def _content(document: DocumentPb) -> bytes:
    """The fields as bytes: unlike message equality, NaN equals itself and 0.0 differs from -0.0."""
    content: bytes = Document(fields=document.fields).SerializeToString(deterministic=True)
    return content
