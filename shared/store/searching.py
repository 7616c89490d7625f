"""What begins with some letters, a page at a time, in the order of the letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.cloud.firestore import CollectionReference, FieldFilter

from shared.domain import smoke_check
from shared.domain.asset import Asset
from shared.domain.identifiers import repository_document_id
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.documents import asset_from
from shared.store.listing import Cursor, Page
from shared.store.reading import Document

# Behind whatever follows the same letters.
_LAST = "\U0010ffff"
_FURTHER = "name@"


@dataclass(frozen=True)
class Search:
    """Searches over one connection."""

    connection: Connection

    def repositories(
        self, beginning: str, *, limit: int, after: Cursor | None = None
    ) -> Page[Asset]:
        """Repositories by the beginning of `owner/name` in lower case, from A to Z.

        Further names find theirs, too. Each stands once, under the first of its names that begins
        so; a page may hold fewer than there is room for.
        """
        start = _document_id(beginning)
        behind = after.key if after else ""
        accounts = self._begin(self.connection.assets, start, behind, limit, _is_a_repository)
        further = self._begin(
            self.connection.further_names, _FURTHER + start, behind and _FURTHER + behind, limit
        )
        # By a name, the document id of the account that it leads to.
        names = {document.id: document.id for document in accounts}
        for document in further:
            owner = Repository.parse(document.fields["leads_to"])
            names[document.id.removeprefix(_FURTHER)] = repository_document_id(owner)
        page = sorted(names)[:limit]
        known = {document.id: document for document in accounts}
        others = {names[name] for name in page} - known.keys()
        references = [self.connection.assets.document(an_id) for an_id in sorted(others)]
        known |= self.connection.existing(references, self.connection.timing.deadline())
        found = [(name, known.get(names[name])) for name in page]
        items = (asset_from(d.fields) for name, d in found if d and name == _first(d, start))
        return Page(tuple(items), Cursor(None, page[-1]) if len(names) > limit else None)

    def _begin(
        self,
        collection: CollectionReference,
        start: str,
        behind: str,
        limit: int,
        wanted: Callable[[Document], bool] = lambda _: True,
    ) -> list[Document]:
        """The first documents whose ids begin so, behind one of them; one more than `limit`."""
        deadline = self.connection.timing.deadline()
        query = collection.order_by("__name__")
        for operator, bound in (">=", start), ("<", start + _LAST):
            query = query.where(
                filter=FieldFilter("__name__", operator, collection.document(bound))
            )
        page = query.limit(limit + 1)
        if behind:
            page = page.start_after({"__name__": collection.document(behind)})
        found: list[Document] = []
        while True:
            read = self.connection.patiently(lambda d: self.connection.query(page, d), deadline)  # noqa: B023
            found += filter(wanted, read)
            if len(read) <= limit or len(found) > limit:
                return found[: limit + 1]
            page = query.limit(limit + 1).start_after({"__name__": read[-1].reference})


def _document_id(name: str) -> str:
    return name.lower().replace("/", ":")


def _is_a_repository(document: Document) -> bool:
    return ":" in document.id and document.id != smoke_check.ASSET


def _first(document: Document, start: str) -> str:
    """The first of a repository's names that begins so."""
    asset = asset_from(document.fields)
    names = {document.id, *map(_document_id, (asset.name or "", *asset.former_names))}
    return min(name for name in names if name.startswith(start))
