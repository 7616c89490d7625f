"""Walking through whatever documents there are, as a person does in the Firestore console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore import Client, CollectionReference

_PAGE = 100
_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Collection:
    """A collection at the root of the database."""

    _reference: CollectionReference

    @property
    def name(self) -> str:
        return str(self._reference.id)

    def count(self) -> int:
        """How many documents it holds."""
        return int(self._reference.count().get(timeout=_TIMEOUT)[0][0].value)

    def documents(self, limit: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The first `limit` documents by id, read a page at a time."""
        query = self._reference.order_by("__name__")
        page = query.limit(min(limit, _PAGE)).get(timeout=_TIMEOUT)
        while page:
            for snapshot in page:
                yield snapshot.id, snapshot.to_dict()
            limit -= len(page)
            if not limit:
                return
            page = query.start_after(page[-1]).limit(min(limit, _PAGE)).get(timeout=_TIMEOUT)


def collections(client: Client) -> Iterator[Collection]:
    """The collections at the root of the database, by name."""
    for reference in sorted(client.collections(timeout=_TIMEOUT), key=lambda c: str(c.id)):
        yield Collection(reference)
