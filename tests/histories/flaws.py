"""Mistakes that clients can notice, planted between the requests and the store.

Each sends or hears what the ledger would if it had the mistake. They are made anew each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from itertools import count
from typing import Any

from shared.embedded import messages
from tests.interleavings import flaws
from tests.interleavings.flaws import CARRIED_OUT, Flaw, path_of
from tests.interleavings.store import Send, Wire

# Of the calls that a mistake can happen to, each so many.
_EACH = 3
# So many are carried out at first, so that people are there.
_AT_FIRST = 12


class StaleRead(Flaw):
    """What is known of an asset is answered from memory every other time."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Any] = {}

    def __call__(self, method: str, wire: bytes, send: Send) -> Any:
        if method != "BatchGetDocuments":
            return super().__call__(method, wire, send)
        [*names] = messages.BatchGetDocumentsRequest.FromString(wire).documents
        if len(names) > 1 or "/documents/assets/" not in names[0]:
            return send(method, wire)
        kept = self._kept.pop(wire, None)
        if kept is None:
            kept = self._kept[wire] = send(method, wire)
        return kept


class _Queries(Flaw):
    """Changes the queries for contributions, and what they find."""

    def __call__(self, method: str, wire: bytes, send: Send) -> Any:
        if method != "RunQuery":
            return super().__call__(method, wire, send)
        request = messages.RunQueryRequest.FromString(wire)
        [collection] = request.structured_query.from_
        if collection.collection_id != "contributions":
            return send(method, wire)
        return self.find(request.structured_query, request, send)

    def find(self, query: Any, request: Any, send: Send) -> list[bytes]:
        """What a request for a query finds."""
        found: list[bytes] = send("RunQuery", request.SerializeToString())
        return found


class TornPage(_Queries):
    """What is voided or recorded while a page is read lets a neighbour be left out of it."""

    def __init__(self) -> None:
        self._number = count(1)

    def find(self, query: Any, request: Any, send: Send) -> list[bytes]:
        found = super().find(query, request, send)
        torn = len(found) > 2 and next(self._number) % _EACH == 0
        return found[:1] + found[2:] if torn else found


class PageRepeated(_Queries):
    """A page begins with what the one before it ended with."""

    def find(self, query: Any, request: Any, send: Send) -> list[bytes]:
        found = super().find(query, request, send)
        if not query.HasField("start_at"):
            return found
        behind = [query.start_at.values[-1].reference_value]
        read = messages.BatchGetDocumentsRequest(database=request.parent[:-10], documents=behind)
        [answer] = send("BatchGetDocuments", read.SerializeToString())
        last = messages.BatchGetDocumentsResponse.FromString(answer).found
        return [messages.RunQueryResponse(document=last).SerializeToString(), *found]


class TiesSkipped(_Queries):
    """A page begins behind the time at which the one before it ended."""

    def find(self, query: Any, request: Any, send: Send) -> list[bytes]:
        del query.start_at.values[1:]
        return super().find(query, request, send)


def _field_of(condition: Any) -> str:
    return str(condition.field_filter.field.field_path)


class FilterForgotten(_Queries):
    """A list has what it was not asked for: that of a repository, or voided contributions."""

    field = "asset_id"

    def find(self, query: Any, request: Any, send: Send) -> list[bytes]:
        if query.order_by:
            filters = query.where.composite_filter.filters or [query.where]
            kept = [f for f in map(deepcopy, filters) if _field_of(f) != self.field]
            query.where.Clear()
            query.where.composite_filter.op = 1
            query.where.composite_filter.filters.extend(kept)
        return super().find(query, request, send)


class VoidedListed(FilterForgotten):
    """Voided contributions stay in the lists."""

    field = "voided"


class AcknowledgementLost(Flaw):
    """A Commit is acknowledged before it is carried out, and then is not."""

    def __init__(self) -> None:
        self._number = count(1)

    def commit(self, request: Any, send: Send) -> Any:
        new = any(path_of(write).startswith("contributions/") for write in request.writes)
        if new and (number := next(self._number)) > _AT_FIRST and number % _EACH == 0:
            return CARRIED_OUT
        return self.send(request, send)


class TotalsLate(Flaw):
    """Totals are counted by and by: those of a Commit when the next one comes."""

    def __init__(self) -> None:
        self._late: list[Any] = []
        self._lock = threading.Lock()

    def change(self, request: Any, send: Send) -> None:
        for write in request.writes:
            if path_of(write).startswith("assets/") and write.current_document.exists:
                with self._lock:
                    before, self._late = self._late, [*write.update_transforms]
                del write.update_transforms[:]
                write.update_transforms.extend(before)


class VoidedPartKept(Flaw):
    """What is voided stays in the parts."""

    def change(self, request: Any, send: Send) -> None:
        voids = any("voided_by" in write.update.fields for write in request.writes)
        kept = [w for w in request.writes if not path_of(w).startswith("participations/")]
        if voids and len(kept) > 1:
            del request.writes[:]
            request.writes.extend(kept)


class JoinForgotten(Flaw):
    """A join, or a split, is acknowledged and forgotten."""

    def commit(self, request: Any, send: Send) -> Any:
        paths = [path_of(write) or write.delete for write in request.writes]
        if any("aliases/" in path for path in paths):
            return CARRIED_OUT
        return self.send(request, send)


FLAWS: Mapping[str, Callable[[], Wire]] = {
    "stale-read": StaleRead,
    "torn-page": TornPage,
    "page-repeated": PageRepeated,
    "ties-skipped": TiesSkipped,
    "filter-forgotten": FilterForgotten,
    "voided-listed": VoidedListed,
    "acknowledgement-lost": AcknowledgementLost,
    "totals-late": TotalsLate,
    "voided-part-kept": VoidedPartKept,
    "join-forgotten": JoinForgotten,
    "replay-counted": flaws.ReplayCounted,
    "month-off-by-one": flaws.MonthOffByOne,
    "part-without-total": flaws.PartWithoutTotal,
}
