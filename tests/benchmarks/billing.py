"""What Firestore bills, counted from what goes over the wire.

https://firebase.google.com/docs/firestore/pricing
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore import Client

from tests.benchmarks.served import ROOT
from tests.contract.spy import Rpc, Spy

INDEXES = ROOT / "shared" / "firestore" / "firestore.indexes.json"


@dataclass(frozen=True)
class Cost:
    """Billed operations; a query that finds nothing is billed as one read."""

    reads: int
    writes: int
    rpcs: int


@dataclass(frozen=True)
class Bill:
    """Counts through a spy between the client and Firestore."""

    spy: Spy

    def of(self, operation: Callable[[], object]) -> Cost:
        """What one operation costs."""
        self.spy.forget()
        operation()
        reads = sum(reads_of(call) for call in self.spy.calls)
        writes = sum(call.writes for call in self.spy.calls if call.carried_out)
        return Cost(reads, writes, len(self.spy.calls))


def reads_of(call: Rpc) -> int:
    """How many reads a call is billed as; of a count one for each 1,000 that it counts."""
    match call.method:
        case "run_query":
            return max(call.documents, 1)
        case "batch_get_documents":
            return call.asked
        case "run_aggregation_query":
            return max(-(-call.counted // 1000), 1)
        case _:
            return 0


def indexed_entries(client: Client) -> int:
    """How many index entries the documents of a ledger have, by the rules of the index file."""
    configuration = json.loads(INDEXES.read_text(encoding="utf-8"))
    total = 0
    for collection in ("contributors", "assets", "contributions", "participations"):
        exempt = {
            override["fieldPath"]
            for override in configuration["fieldOverrides"]
            if override["collectionGroup"] == collection and not override["indexes"]
        }
        composite = [
            [field["fieldPath"] for field in index["fields"]]
            for index in configuration["indexes"]
            if index["collectionGroup"] == collection
        ]
        for document in client.collection(collection).stream():
            fields = document.to_dict()
            total += sum(_single(name, v) for name, v in fields.items() if name not in exempt)
            total += sum(_composite(fields, names) for names in composite)
    return total


def _single(name: str, value: Any) -> int:
    # Ascending and descending for a value, one for each item of a list, and a map's fields each.
    # https://firebase.google.com/docs/firestore/query-data/index-overview#automatic-indexing
    if isinstance(value, Mapping):
        return sum(_single(f"{name}.{key}", item) for key, item in value.items()) + 2
    if isinstance(value, list):
        return len(value) + 2
    return 2


def _composite(fields: Mapping[str, Any], names: list[str]) -> int:
    contributions = 1
    for name in names:
        if name not in fields:
            return 0
        if isinstance(fields[name], list):
            contributions *= len(fields[name])
    return contributions
