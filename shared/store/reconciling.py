"""Totals held against entries: proof that what each account says is what its entries sum to.

One pass over the live entries sums them by person and asset. Writers go on meanwhile, so an
account that disagrees is only suspected: it is checked alone, and what was read counts where the
account stood still from before its entries were summed until after. Every entry changes its
accounts in the Commit that records or voids it, so a sum of one that stood still is exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from google.cloud.firestore import CollectionReference, DocumentSnapshot, FieldFilter, Query

from shared.domain.errors import Unavailable
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.listing import EntryFilter, entries_query

# What a sum needs of an entry; the time is where a page of one account's entries ends.
_ENTRY_FIELDS = ("asset_id", "repository", "cost_micros", "credits", "timestamp")
_ACCOUNT_FIELDS = ("id", "email", "name", "contribution_count", "total_cost_micros")

# Told what is gone through and how many of them were, after each page.
Progress = Callable[[str, int], None]


class Kind(StrEnum):
    """What an account stands for."""

    CONTRIBUTOR = "contributor"
    ASSET = "asset"


class State(StrEnum):
    """What became of an account that disagreed with its entries."""

    DRIFT = "drift"
    MENDED = "mended"
    # Entries name an account that is not there. It is never created here: what type it had and
    # when it began does not stand in the entries.
    MISSING = "missing"
    # It changed every time while it was checked.
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Totals:
    """A count and a sum in micro-units; None where the document has no whole number."""

    count: int | None
    micros: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """An account that disagrees with its entries; `label` is its address or its name."""

    kind: Kind
    id: str
    label: str | None
    stored: Totals | None
    actual: Totals
    state: State = State.DRIFT

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to find after all."""
        return self.stored == self.actual or (self.stored is None and self.actual.count == 0)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one entry adds to one account."""

    kind: Kind
    account_id: str
    micros: int
    label: str | None


def _parts(entry: Mapping[str, Any]) -> Iterator[_Part]:
    cost, repository = entry.get("cost_micros", 0), entry.get("repository")
    yield _Part(Kind.ASSET, entry.get("asset_id", ""), cost, repository)
    for credit in entry.get("credits", ()):
        person, share, email = credit["contributor_id"], credit["share_micros"], credit["email"]
        yield _Part(Kind.CONTRIBUTOR, person, share, email)


@dataclass(frozen=True)
class Reconciler:
    """Compares the totals of all accounts with their entries.

    `page_size` bounds what is kept besides one sum for each account; `patience` is how many
    seconds a suspected account gets to stand still.
    """

    connection: Connection
    page_size: int = 500
    patience: float = 30.0

    def findings(self, *, repair: bool, progress: Progress) -> Iterator[Finding]:
        """Every account that disagrees, as it is found; with `repair`, those are set right.

        Raises `Unavailable` when Firestore does not answer; what was mended until then stays so.
        """
        for kind, account_id in self._suspects(progress):
            finding = self._check(kind, account_id, repair=repair)
            if finding:
                yield finding

    def _suspects(self, progress: Progress) -> Iterator[tuple[Kind, str]]:
        """Accounts whose totals were not what the pass came to."""
        counts: Counter[tuple[Kind, str]] = Counter()
        micros: Counter[tuple[Kind, str]] = Counter()
        live = self.connection.contributions.where(filter=FieldFilter("voided", "==", False))
        query = live.order_by("__name__").select(_ENTRY_FIELDS)
        for entry in self._pages(query, "contributions", progress):
            for part in _parts(entry.to_dict() or {}):
                counts[part.kind, part.account_id] += 1
                micros[part.kind, part.account_id] += part.micros
        for kind in Kind:
            query = self._accounts(kind).order_by("__name__").select(_ACCOUNT_FIELDS)
            for document in self._pages(query, f"{kind}s", progress):
                account = (kind, str(_field(document, "id")))
                if _totals(document) != Totals(counts.pop(account, 0), micros.pop(account, 0)):
                    yield account
        # Entries were left over whose account is not there.
        yield from counts

    def _check(self, kind: Kind, account_id: str, *, repair: bool) -> Finding | None:
        deadline = self.connection.timing.deadline(self.patience)
        mended: Finding | None = None
        while True:
            before = self._account(kind, account_id)
            actual, label = self._sum(kind, account_id)
            after = self._account(kind, account_id)
            stored = _totals(before) if before else None
            label = _label(kind, before) if before else label
            finding = Finding(kind, account_id, label, stored, actual)
            if _version(before) == _version(after):
                if finding.agrees:
                    # None, or the repair that was made although its answer was lost.
                    return mended
                if before is None:
                    return replace(finding, state=State.MISSING)
                if not repair:
                    return finding
                mended = replace(finding, state=State.MENDED)
                if self._mend(before, actual):
                    return mended
            try:
                deadline.pause()
            except Unavailable:
                return replace(finding, state=State.UNSETTLED)

    def _mend(self, account: DocumentSnapshot, actual: Totals) -> bool:
        """Write the totals, on condition that the account still is what was read."""
        unchanged = self.connection.client.write_option(last_update_time=account.update_time)
        totals = {"contribution_count": actual.count, "total_cost_micros": actual.micros}
        batch = self.connection.batch()
        batch.update(account.reference, totals, option=unchanged)
        try:
            self.connection.commit(batch, self.connection.timing.deadline())
        except (*OVERTAKEN, *TRANSIENT):
            return False
        return True

    def _accounts(self, kind: Kind) -> CollectionReference:
        people = kind is Kind.CONTRIBUTOR
        return self.connection.contributors if people else self.connection.assets

    def _account(self, kind: Kind, account_id: str) -> DocumentSnapshot | None:
        query = self._accounts(kind).where(filter=FieldFilter("id", "==", account_id))
        return self.connection.first(query, self.connection.timing.deadline())

    def _sum(self, kind: Kind, account_id: str) -> tuple[Totals, str | None]:
        """What the live entries of one account sum to, and what they call it."""
        people = kind is Kind.CONTRIBUTOR
        chosen = EntryFilter(
            contributor_id=account_id if people else None,
            asset_id=None if people else account_id,
        )
        count, micros, label = 0, 0, None
        query = entries_query(self.connection.contributions, chosen).select(_ENTRY_FIELDS)
        for entry in self._pages(query):
            for part in _parts(entry.to_dict() or {}):
                if (part.kind, part.account_id) == (kind, account_id):
                    count, micros, label = count + 1, micros + part.micros, part.label
        return Totals(count, micros), label

    def _pages(
        self, query: Query, what: str = "", progress: Progress | None = None
    ) -> Iterator[DocumentSnapshot]:
        """All results of an ordered query; after a fault, only the page that failed is repeated."""
        done = 0
        place = query.limit(self.page_size)
        while True:
            page = self.connection.patiently(lambda d: self.connection.query(place, d))  # noqa: B023
            yield from page
            done += len(page)
            if progress:
                progress(what, done)
            if len(page) < self.page_size:
                return
            place = query.limit(self.page_size).start_after(page[-1])


def _field(document: DocumentSnapshot, name: str) -> Any:
    return (document.to_dict() or {}).get(name)


def _totals(document: DocumentSnapshot) -> Totals:
    count, micros = _field(document, "contribution_count"), _field(document, "total_cost_micros")
    # A float or a text is what somebody typed in the console, and is never right.
    return Totals(
        count if type(count) is int else None,
        micros if type(micros) is int else None,
    )


def _label(kind: Kind, document: DocumentSnapshot) -> str | None:
    label: str | None = _field(document, "email" if kind is Kind.CONTRIBUTOR else "name")
    return label


def _version(document: DocumentSnapshot | None) -> datetime | None:
    return document.update_time if document else None
