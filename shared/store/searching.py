"""What begins with some letters, a page at a time, in the order of the letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from google.cloud.firestore import CollectionReference, FieldFilter, Query

from shared.domain import smoke_check
from shared.domain.asset import Asset
from shared.domain.contributor import Contributor
from shared.domain.identifiers import repository_document_id
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.documents import asset_from, contributor_from
from shared.store.listing import Cursor, Page
from shared.store.people import People
from shared.store.reading import Document

# Behind whatever follows the same letters.
_LAST = "\U0010ffff"
_FURTHER = "name@"
# Names are kept as they are spelt, so that many of the first letters are looked for in either case.
_LETTERS = 3


@dataclass(frozen=True)
class _Wanted:
    """What is looked for in people: which of their values, and how these begin.

    `starts` are the spellings of the first letters, in order; `order` is that of the query.
    """

    order: tuple[str, ...]
    starts: Sequence[str]
    values: Callable[[Document], Sequence[str]]
    matches: Callable[[str], bool]

    def place(self, document: Document) -> tuple[str, str]:
        """Where somebody stands: by the first of the values that begin so, then by the id."""
        values = self.values(document)
        return min(filter(self.matches, values), default=values[0]), document.fields["id"]

    def is_in(self, document: Document) -> bool:
        return any(map(self.matches, self.values(document)))


@dataclass(frozen=True)
class Search:
    """Searches over one connection."""

    connection: Connection
    people: People

    def people_by_email(
        self, beginning: str, *, limit: int, after: Cursor | None = None
    ) -> Page[Contributor]:
        """People by the beginning of an address as it is kept.

        Each stands once, under the first of their addresses that begins so.
        """
        wanted = _Wanted(
            order=("email",),
            starts=[beginning],
            values=lambda d: (d.fields["email"], *d.fields.get("aliases", ())),
            matches=lambda email: email.startswith(beginning),
        )
        return self._people(wanted, limit, after)

    def people_by_name(
        self, beginning: str, *, limit: int, after: Cursor | None = None
    ) -> Page[Contributor]:
        """People by the beginning of their names in any case, capitals before small letters.

        It reads all that begin with the same three letters, as far as it has to.
        """
        folded = beginning.casefold()
        wanted = _Wanted(
            order=("name", "id"),
            starts=_spellings(beginning[:_LETTERS]),
            values=lambda d: (d.fields.get("name") or "",),
            matches=lambda name: name.casefold().startswith(folded),
        )
        return self._people(wanted, limit, after)

    def repositories(
        self, beginning: str, *, limit: int, after: Cursor | None = None
    ) -> Page[Asset]:
        """Repositories by the beginning of `owner/name` in lower case, from A to Z.

        Further names find theirs, too. Each stands once, under the first of its names that begins
        so; a page may hold fewer than there is room for.
        """
        start = _document_id(beginning)
        behind = after.key if after else ""
        accounts = self._ids(self.connection.assets, start, behind, limit, _is_a_repository)
        further = self._ids(
            self.connection.further_names, _FURTHER + start, behind and _FURTHER + behind, limit
        )
        # By a name, the document id of the account that it leads to.
        names = {document.id: document.id for document in accounts}
        for document in further:
            owner = Repository.parse_key(document.fields["leads_to"])
            names[document.id.removeprefix(_FURTHER)] = repository_document_id(owner)
        page = sorted(names)[:limit]
        known = {document.id: document for document in accounts}
        others = {names[name] for name in page} - known.keys()
        references = [self.connection.assets.document(an_id) for an_id in sorted(others)]
        known |= self.connection.existing(references, self.connection.timing.deadline())
        found = [(name, known.get(names[name])) for name in page]
        items = (asset_from(d.fields) for name, d in found if d and name == _first(d, start))
        return Page(tuple(items), Cursor(None, page[-1]) if len(names) > limit else None)

    def _people(self, wanted: _Wanted, limit: int, after: Cursor | None) -> Page[Contributor]:
        together = self.people.together()
        left_out = together.instead_of | smoke_check.ACCOUNTS
        behind = self._place(after.key, together.documents, wanted) if after else ("", "")
        by, found = wanted.order[0], list[Document]()
        query: Query = self.connection.contributors
        for name in wanted.order:
            query = query.order_by(name)
        for start in wanted.starts:
            if len(found) > limit or behind[0] > start + _LAST:
                continue
            some = query.where(filter=FieldFilter(by, ">=", start))
            some = some.where(filter=FieldFilter(by, "<", start + _LAST))
            if behind[0] >= start:
                some = some.start_after(dict(zip(wanted.order, behind, strict=False)))
            found += self._wanted(
                some, wanted.order, limit + 1, lambda d: d.id not in left_out and wanted.is_in(d)
            )
        found += (d for d in together.documents if wanted.is_in(d) and wanted.place(d) > behind)
        found.sort(key=wanted.place)
        items = tuple(contributor_from(document.fields) for document in found[:limit])
        return Page(items, Cursor(None, items[-1].id) if len(found) > limit else None)

    def _place(self, an_id: str, together: Sequence[Document], wanted: _Wanted) -> tuple[str, str]:
        """Where somebody stands: one document more is read, and no name is in a URL."""
        for document in together:
            if document.fields["id"] == an_id:
                return wanted.place(document)
        query = self.connection.contributors.where(filter=FieldFilter("id", "==", an_id))
        found = self.connection.first(query, self.connection.timing.deadline())
        return wanted.place(found) if found else ("", "")

    def _ids(
        self,
        collection: CollectionReference,
        start: str,
        behind: str,
        limit: int,
        wanted: Callable[[Document], bool] = lambda _: True,
    ) -> list[Document]:
        """The first documents whose ids begin so, behind one of them; one more than `limit`."""
        query = collection.order_by("__name__")
        for operator, bound in (">=", start), ("<", start + _LAST):
            query = query.where(
                filter=FieldFilter("__name__", operator, collection.document(bound))
            )
        if behind:
            query = query.start_after({"__name__": collection.document(behind)})
        return self._wanted(query, ("__name__",), limit + 1, wanted)

    def _wanted(
        self, query: Query, order: Sequence[str], number: int, wanted: Callable[[Document], bool]
    ) -> list[Document]:
        """As many results of a query as are wanted; `order` names what it is ordered by."""
        deadline = self.connection.timing.deadline()
        found: list[Document] = []
        page = query.limit(number)
        while True:
            read = self.connection.patiently(lambda d: self.connection.query(page, d), deadline)  # noqa: B023
            found += filter(wanted, read)
            if len(read) < number or len(found) >= number:
                return found[:number]
            last = read[-1].fields | {"__name__": read[-1].reference}
            page = query.start_after({name: last[name] for name in order}).limit(number)


def _spellings(text: str) -> list[str]:
    """A text with each letter large or small, in order."""
    letters = ({c for c in (one.lower(), one.upper()) if len(c) == 1} | {one} for one in text)
    return sorted(map("".join, product(*letters)))


def _document_id(name: str) -> str:
    return name.lower().replace("/", ":")


def _is_a_repository(document: Document) -> bool:
    return ":" in document.id and document.id != smoke_check.ASSET


def _first(document: Document, start: str) -> str:
    """The first of a repository's names that begins so."""
    asset = asset_from(document.fields)
    names = {*map(_document_id, (asset.name or "", *asset.former_names))}
    # One that is kept under its number has the name of another one, which that leads to.
    names = names - {document.id.partition("~")[0]} | {document.id}
    return min(name for name in names if name.startswith(start))
