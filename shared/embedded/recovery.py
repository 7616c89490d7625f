"""Opening a journal: read it, verify it, and rewrite it where it holds more than is needed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.embedded import journal
from shared.embedded.codec import decode_document, decode_time
from shared.embedded.errors import JournalCorruptError, JournalVersionError
from shared.embedded.journal import HEADER, HEADER_CHECKSUM, Journal
from shared.embedded.messages import DocumentPb, micros


@dataclass
class Recovered:
    """What a journal held.

    Attributes:
        documents: by name.
        commit_micros: when the latest commit was, in microseconds since 1970.
        torn_bytes: length of an unfinished last line. It was dropped: a commit is answered only
            when its line is complete.
    """

    documents: dict[str, DocumentPb] = field(default_factory=dict)
    commit_micros: int = 0
    checksum: int = HEADER_CHECKSUM
    superseded: int = 0
    torn_bytes: int = 0


def open_journal(path: Path) -> tuple[Journal, Recovered]:
    """Read a journal, or begin one, and compact it.

    Raises:
        JournalCorruptError: a complete line is not what was written.
        JournalVersionError: the format is unknown.
    """
    path.with_suffix(".new").unlink(missing_ok=True)  # of a compaction that did not finish
    recovered = read_journal(path)
    if recovered.superseded or recovered.torn_bytes:
        recovered.checksum = _compact(path, recovered)
    return Journal(path, checksum=recovered.checksum), recovered


def read_journal(path: Path) -> Recovered:
    """Read a journal and leave it as it is; nothing, where there is none.

    Raises:
        JournalCorruptError: a complete line is not what was written.
        JournalVersionError: the format is unknown.
    """
    if not path.exists():
        return Recovered(superseded=1)
    recovered = Recovered()
    with path.open("rb") as file:
        _check_header(path, file.readline())
        for number, line in enumerate(file, start=2):
            if not line.endswith(b"\n"):
                recovered.torn_bytes = len(line)
                break
            unsealed = journal.unseal(line, recovered.checksum)
            if unsealed is None:
                raise JournalCorruptError(path, line=number, reason="the checksum does not match")
            commit, recovered.checksum = unsealed
            try:
                _replay(commit, recovered)
            except (ValueError, KeyError, TypeError) as error:
                raise JournalCorruptError(path, line=number, reason=str(error)) from error
    return recovered


def _check_header(path: Path, line: bytes) -> None:
    if line == HEADER:
        return
    try:
        header = json.loads(line)
        known = header["format"] == journal.FORMAT
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise JournalCorruptError(path, line=1, reason="this is no journal of a Firestore store")
    raise JournalVersionError(path, line=1, reason=f"format version {header.get('version')}")


def _replay(text: bytes, recovered: Recovered) -> None:
    commit = json.loads(text)
    documents = recovered.documents
    for form in commit["documents"]:
        document = decode_document(form)
        recovered.superseded += document.name in documents
        documents[document.name] = document
    for name in commit.get("deleted", ()):
        recovered.superseded += 1
        documents.pop(name, None)
    recovered.commit_micros = micros(decode_time(commit["time"]))


def _compact(path: Path, recovered: Recovered) -> int:
    """Replace the journal by one line a document, in one step; returns the last checksum."""
    replacement = path.with_suffix(".new")
    checksum = HEADER_CHECKSUM
    with replacement.open("xb") as file:
        replacement.chmod(0o600)
        file.write(HEADER)
        for commit in _snapshot(recovered):
            line, checksum = journal.seal(commit, checksum)
            file.write(line)
        file.flush()
        os.fsync(file.fileno())
    replacement.replace(path)
    _sync_directory(path.parent)
    return checksum


def _snapshot(recovered: Recovered) -> Iterator[bytes]:
    """The commits that rebuild the documents. The first, empty, keeps the latest commit time."""
    time = recovered.commit_micros
    yield journal.encode_commit(commit_micros=time, documents=())
    for name in sorted(recovered.documents):
        yield journal.encode_commit(commit_micros=time, documents=[recovered.documents[name]])


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
