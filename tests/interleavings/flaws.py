"""Mistakes that the ledger could have, planted between the requests and the store.

Each sends what the ledger would send if it had the mistake. They are made anew for each run.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from shared.embedded import messages
from shared.embedded.status import StatusError
from tests.interleavings.store import Send, Wire

_TOTALS = ("assets/", "contributors/", "participations/")
_PARTS = "participations/"
# What a Commit is told that was not carried out, and is taken to be.
CARRIED_OUT = messages.CommitResponse().SerializeToString()
_MONTH = re.compile(r"(\d{4}-)(\d\d)")
_LOST = {grpc.StatusCode.ABORTED, grpc.StatusCode.UNAVAILABLE}


def _next_month(month: re.Match[str]) -> str:
    return f"{month[1]}{int(month[2]) % 12 + 1:02}"


def path_of(write: Any) -> str:
    return str(write.update.name).partition("/documents/")[2]


def _of_totals(write: Any) -> bool:
    return path_of(write).startswith(_TOTALS)


def _stored(request: Any, send: Send) -> dict[str, Any]:
    """The fields of the documents that are written, by name: as they are now."""
    names = [write.update.name for write in request.writes if write.update.name]
    read = messages.BatchGetDocumentsRequest(database=request.database, documents=names)
    answers = send("BatchGetDocuments", read.SerializeToString())
    found = [messages.BatchGetDocumentsResponse.FromString(answer).found for answer in answers]
    return {document.name: document.fields for document in found}


class Flaw:
    """Changes the Commits, and lets the rest pass."""

    def __call__(self, method: str, wire: bytes, send: Send) -> Any:
        if method != "Commit":
            return send(method, wire)
        return self.commit(messages.CommitRequest.FromString(wire), send)

    def commit(self, request: Any, send: Send) -> Any:
        self.change(request, send)
        return self.send(request, send)

    def send(self, request: Any, send: Send) -> Any:
        return send("Commit", request.SerializeToString())

    def change(self, request: Any, send: Send) -> None:
        for write in request.writes:
            self.change_write(write)

    def change_write(self, write: Any) -> None:
        """Leave it as it is."""


class LostIncrement(Flaw):
    """Totals are read, added to, and written."""

    def change(self, request: Any, send: Send) -> None:
        stored = _stored(request, send)
        for write in filter(_of_totals, request.writes):
            if fields := stored.get(write.update.name):
                for transform in list(write.update_transforms):
                    name = transform.field_path
                    # Those of months stand in a map.
                    if transform.HasField("increment") and name in fields:
                        total = fields[name].integer_value + transform.increment.integer_value
                        write.update.fields[name].integer_value = total
                        write.update_mask.field_paths.append(name)
                        write.update_transforms.remove(transform)


class ReplayCounted(Flaw):
    """Where a contribution is there already, it is counted again."""

    def commit(self, request: Any, send: Send) -> Any:
        try:
            return self.send(request, send)
        except StatusError as error:
            if error.code() is grpc.StatusCode.ALREADY_EXISTS:
                counted = messages.CommitRequest(
                    database=request.database, writes=filter(_of_totals, request.writes)
                )
                self.send(counted, send)
            raise


class ReplayTakenForRecorded(Flaw):
    """That a contribution is there already is taken for success."""

    code = frozenset({grpc.StatusCode.ALREADY_EXISTS})

    def commit(self, request: Any, send: Send) -> Any:
        try:
            return self.send(request, send)
        except StatusError as error:
            if error.code() in self.code:
                return CARRIED_OUT
            raise


class FailureTakenForSuccess(ReplayTakenForRecorded):
    """A Commit that was not carried out is acknowledged."""

    code = frozenset(_LOST)


class VoidedTwice(Flaw):
    """A contribution is voided whatever became of it since it was read."""

    field = "voided_by"

    def change_write(self, write: Any) -> None:
        if self.field in write.update.fields and write.current_document.HasField("update_time"):
            write.current_document.exists = True


class CorrectedTwice(VoidedTwice):
    """A contribution is corrected whatever became of it since it was read."""

    field = "corrected_by"


class RepairedBlindly(VoidedTwice):
    """A total is repaired whatever was recorded since it was read."""

    field = "total_cost_micros"


class AccountOpenedTwice(Flaw):
    """A new account replaces one that somebody else has opened meanwhile."""

    def change_write(self, write: Any) -> None:
        guarded = write.current_document
        if _of_totals(write) and guarded.HasField("exists") and not guarded.exists:
            write.ClearField("current_document")


class TornBatch(Flaw):
    """Contributions are written first, and counted in a second Commit."""

    def commit(self, request: Any, send: Send) -> Any:
        def part(*, totals: bool) -> Any:
            return messages.CommitRequest(
                database=request.database,
                writes=[write for write in request.writes if _of_totals(write) is totals],
            )

        first = part(totals=False)
        if not first.writes or len(first.writes) == len(request.writes):
            return self.send(request, send)
        answer = self.send(first, send)
        self.send(part(totals=True), send)
        return answer


class GuardLostAfterRetry(Flaw):
    """A Commit that is tried again no longer asks whether the contribution is there."""

    def __init__(self) -> None:
        self._failed: set[int] = set()

    def commit(self, request: Any, send: Send) -> Any:
        request_number = threading.get_ident()
        if request_number in self._failed:
            for write in request.writes:
                if not _of_totals(write) and not write.current_document.exists:
                    write.ClearField("current_document")
        try:
            return self.send(request, send)
        except StatusError as error:
            if error.code() in _LOST:
                self._failed.add(request_number)
            raise


class RevocationUndone(Flaw):
    """That a key was used is noted by writing all of it as it was read."""

    def change(self, request: Any, send: Send) -> None:
        for write in request.writes:
            noted = [transform.field_path for transform in write.update_transforms]
            if noted == ["last_used_at"]:
                for name, value in _stored(request, send)[write.update.name].items():
                    write.update.fields[name].CopyFrom(value)
                write.ClearField("update_mask")


class MonthOffByOne(Flaw):
    """What counts in an asset's month goes into the month behind it."""

    def change_write(self, write: Any) -> None:
        if path_of(write).startswith("assets/"):
            for transform in write.update_transforms:
                transform.field_path = _MONTH.sub(_next_month, transform.field_path)


class PartWithoutTotal(Flaw):
    """Nothing is added to the part of somebody who has one already, and nothing taken out."""

    def change(self, request: Any, send: Send) -> None:
        stored = _stored(request, send)
        kept = [
            write
            for write in request.writes
            if write.update.name not in stored or not path_of(write).startswith(_PARTS)
        ]
        del request.writes[:]
        request.writes.extend(kept)


class StaleName(Flaw):
    """An account is opened under a name whatever that leads to by now."""

    def change(self, request: Any, send: Send) -> None:
        kept = [write for write in request.writes if "/repositories/" not in write.delete]
        del request.writes[:]
        request.writes.extend(kept)


class StaleNumber(Flaw):
    """A number is somebody's, whoever else has said it since that was looked up."""

    def change_write(self, write: Any) -> None:
        if path_of(write).startswith("repositories/number@"):
            write.ClearField("current_document")


FLAWS: Mapping[str, Callable[[], Wire]] = {
    "lost-increment": LostIncrement,
    "replay-counted": ReplayCounted,
    "replay-taken-for-recorded": ReplayTakenForRecorded,
    "failure-taken-for-success": FailureTakenForSuccess,
    "voided-twice": VoidedTwice,
    "corrected-twice": CorrectedTwice,
    "repaired-blindly": RepairedBlindly,
    "account-opened-twice": AccountOpenedTwice,
    "torn-batch": TornBatch,
    "guard-lost-after-retry": GuardLostAfterRetry,
    "revocation-undone": RevocationUndone,
    "month-off-by-one": MonthOffByOne,
    "part-without-total": PartWithoutTotal,
    "stale-name": StaleName,
    "stale-number": StaleNumber,
}
