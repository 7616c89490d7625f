"""What a ledger holds after a run, without what two runs of one order have different."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.interleavings.store import Store

# Notes beside what is recorded: who comes last has it, and nothing depends on it.
_NOTES = "tracking"
_LEFT_OUT = {"last_used_at", "request_nonce"}
_UNKEYED = re.compile(r"^contributions/by-id@(.*)$")
_TIMES = re.compile(r'"(?:first|last)_at_micros": (?:null|-?\d+), ')
_EMPTY_MONTH = re.compile(r'"\d{4}-\d\d": \{(?:[^{}]*, )?"count": 0(?:,[^{}]*)?\}')


@dataclass(frozen=True)
class State:
    """All documents, as JSON without times and with the ids made at random renamed.

    `renamed` are those ids.
    """

    text: str
    renamed: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, store: Store) -> State:
        """The documents of a store."""
        collections: dict[str, list[Any]] = defaultdict(list)
        renamed: list[tuple[str, str]] = []
        for path, fields in sorted(store.documents()):
            collection, _, document_id = path.partition("/")
            if collection == _NOTES:
                continue
            if _UNKEYED.match(path):
                renamed += [(document_id, "by-id"), (fields["id"], "new")]
            kept = {name: value for name, value in fields.items() if name not in _LEFT_OUT}
            collections[collection].append([document_id, kept])
        text = json.dumps(collections, sort_keys=True, default=_without_time)
        for random, name in renamed:
            text = text.replace(random, name)
        return cls(text, tuple(renamed))

    @cached_property
    def compared(self) -> str:
        """The text without what a void and a repair leave as wide as they find it: the times
        between which an account's contributions lie, and months in which none is left."""
        return _EMPTY_MONTH.sub("", _TIMES.sub("", self.text))

    def named(self, text: str) -> str:
        """A text with the same ids renamed."""
        for random, name in self.renamed:
            text = text.replace(random, name)
        return text

    def collections(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Fields by document id, by collection."""
        found = json.loads(self.text)
        return {name: dict(documents) for name, documents in found.items()}


def _without_time(value: object) -> str:
    assert isinstance(value, datetime)
    return "a time"
