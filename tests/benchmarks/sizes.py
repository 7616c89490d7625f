"""`python -m tests.benchmarks.sizes`: what a document and its index entries take up in Firestore.

Calculated by the published rules. They do not say what the parent of a document in a root
collection counts for in an index entry; nothing is assumed for it.
https://firebase.google.com/docs/firestore/storage-size
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.contribution import CommitReport
from shared.domain.identity import Classifier
from shared.embedded import open_embedded
from shared.store.ledger import ledger_on
from tests.benchmarks.billing import INDEXES
from tests.benchmarks.served import report

_OVERHEAD = 32  # of a document, a map and an index entry


def value_size(value: object) -> int:
    """Bytes of a value."""
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, str):
        return string_size(value)
    if isinstance(value, Mapping):
        return _OVERHEAD + sum(string_size(key) + value_size(v) for key, v in value.items())
    if isinstance(value, list):
        return sum(map(value_size, value))
    return 8


def string_size(text: str) -> int:
    """Bytes of a text, a field's name or a document's id."""
    return len(text.encode()) + 1


def index_sizes(collection: str, name: int, fields: Mapping[str, Any]) -> list[int]:
    """Bytes of each index entry of a document, by the rules of the index file."""
    rules = json.loads(INDEXES.read_text(encoding="utf-8"))
    exempt = {
        override["fieldPath"]
        for override in rules["fieldOverrides"]
        if override["collectionGroup"] == collection
    }
    sizes = []
    for key, value in fields.items():
        if key not in exempt:
            # Ascending and descending, and for a list one for each item too.
            values = [value, value, *(value if isinstance(value, list) else ())]
            sizes += [name + string_size(key) + value_size(v) + _OVERHEAD for v in values]
    for index in rules["indexes"]:
        paths = [part["fieldPath"] for part in index["fields"]]
        if index["collectionGroup"] == collection and all(path in fields for path in paths):
            sizes.append(name + sum(value_size(fields[path]) for path in paths) + _OVERHEAD)
    return sizes


def main() -> None:
    """Show a commit without co-authors, its author and its repository."""
    with open_embedded(None, project="demo-sizes") as store:
        client = store.client()
        ledger = ledger_on(client, classify=Classifier(), clock=lambda: datetime.now(UTC))
        commit = CommitReport.model_validate(report(1) | {"cost_amount": 1})
        ledger.commits.record(commit, recorded_by="ci")
        print(f"{'bytes':14} {'document':>8} {'index entries':>14} {'together':>9}")
        for collection in ("contributions", "contributors", "assets", "participations"):
            [document] = client.collection(collection).stream()
            fields = document.to_dict()
            name = string_size(collection) + string_size(document.id) + 16
            size = name + value_size(fields)
            sizes = index_sizes(collection, name, fields)
            contributions = f"{sum(sizes)} in {len(sizes)}"
            print(f"{collection:14} {size:8} {contributions:>14} {size + sum(sizes):9}")


if __name__ == "__main__":
    main()
