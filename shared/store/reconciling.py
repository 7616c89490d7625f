"""Accounts held against contributions: proof that each says what its own come to.

One pass over the live contributions sums them by person, asset, part and month. Writers go on
meanwhile, so an account that disagrees is only suspected, and is looked at alone: its contributions
are summed as they were when the account was read. Where a backend knows the present only, a look
counts if the account stood still meanwhile, since every contribution changes its accounts in the
Commit that records or voids it. And what is found must be found twice: the emulator can show a
commit half done.

A repair counts in that pass what an older version recorded (`building.py`), and then takes its mark
from the accounts that are right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from typing import Any

from google.api_core.exceptions import MethodNotImplemented
from google.cloud.firestore import FieldFilter, Query
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from shared.domain.drift import Finding, Kind, State
from shared.domain.email import spelt_as_today
from shared.domain.errors import Unavailable
from shared.store.building import Builder
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.documents import OLD_TIME, Fields
from shared.store.listing import ContributionFilter, contributions_query
from shared.store.posting import Figures, additions
from shared.store.reading import Document
from shared.store.tallying import (
    ACCOUNT_FIELDS,
    Account,
    Sums,
    account_in,
    account_of,
    is_marked,
    right_fields,
    sums_of,
    sums_said,
    unmarked,
)

# What counting needs of a contribution; the time is where a page of one account's ends.
_FIELDS = (
    *("asset_id", "repository", "cost_micros", "credits", "timestamp", "recorded_at", "voided"),
    *("asset_key", "contributor_email", "coherence_score", "assistance"),
    *("author_type", "agent_ids", "month", "counted_at_micros"),
)
# Seconds after which a drift must be found again.
_SECOND_LOOK_S = 0.2
# What the server's times may lie beside one another: the emulator cuts some to milliseconds.
_BEFORE = timedelta(seconds=1)

# Told what is gone through and how many of them were, after each page.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at an account and its contributions; `settled` where both were of one moment."""

    account: Account
    document: Document | None
    said: Sums
    actual: Sums
    gap: dict[str, Any]
    settled: bool

    def confirms(self, other: _Look | None) -> bool:
        """Whether both looks found the same drift, which stays while the figures move on."""
        return (
            other is not None
            and self.gap == other.gap
            and (self.document is None) == (other.document is None)
        )

    def finding(self, state: State) -> Finding:
        """What is told of it."""
        said = self.said.totals if self.document and self.said.has_totals else None
        account, actual = self.account, self.actual.totals
        return Finding(account.kind, account.id, account.label, said, actual, state)


@dataclass(frozen=True)
class Reconciler:
    """Compares all accounts with their contributions.

    `page_size` bounds what is kept besides the sums of each account; `patience` is how many
    seconds a suspected account gets to stand still.
    """

    connection: Connection
    page_size: int = 500
    patience: float = 30.0

    def findings(self, *, repair: bool, progress: Progress) -> Iterator[Finding]:
        """Every account that disagrees, as it is found; with `repair`, those are set right.

        Raises `Unavailable` when Firestore does not answer; what was mended until then stays so.
        """
        builder = Builder(self.connection) if repair else None
        for suspect in self._suspects(builder, progress):
            finding = suspect if isinstance(suspect, Finding) else self._check(suspect, builder)
            if finding:
                yield finding

    def spelt_otherwise(self) -> Iterator[tuple[str, str]]:
        """Id and address of each person kept under a spelling that is another one today.

        Their totals are right; what is reported since goes to the account of today's spelling.
        """
        people = self.connection.contributors.order_by("__name__").select(("id", "email"))
        for page in self._pages(people):
            for person in page:
                kept = person.fields.get("email")
                if isinstance(kept, str) and spelt_as_today(kept) != kept:
                    yield str(person.fields.get("id")), kept

    def _suspects(self, builder: Builder | None, progress: Progress) -> Iterator[Account | Finding]:
        """Accounts that did not say what the pass came to; and what needs no second look."""
        sums: defaultdict[Account, Figures] = defaultdict(Figures)
        live = self.connection.contributions.where(filter=FieldFilter("voided", "==", False))
        query = live.order_by("__name__").select(_FIELDS)
        began: Timestamp | None = None
        for page in self._pages(query, tell=partial(progress, "contributions")):
            began = began or page[0].read_time
            for contribution in builder.build(page, _FIELDS) if builder else page:
                for addition in additions(contribution.fields):
                    account = account_of(contribution.fields, addition)
                    sums[account].add(addition, contribution.fields)
        for kind in Kind:
            query = self.connection.accounts(kind).order_by("__name__").select(ACCOUNT_FIELDS)
            for page in self._pages(query, tell=partial(progress, f"{kind}s")):
                for document in page:
                    account = account_in(kind, document)
                    actual = sums_of(sums.pop(account, Figures()))
                    said = sums_said(document.fields)
                    if said.gap(actual, exact=builder is not None):
                        yield account
                    elif is_marked(kind, document.fields) and builder is None:
                        look = _Look(account, document, said, actual, {}, settled=True)
                        yield look.finding(State.UNBUILT)
                    elif is_marked(kind, document.fields) and not self._unmark(document, began):
                        yield account
        # Contributions were left over whose account is not there.
        yield from sums

    def _unmark(self, document: Document, began: Timestamp | None) -> bool:
        """Take the mark from an account that said what the pass came to.

        Not where an older version has recorded for it since the pass `began`: that may be in it
        without being counted, and something else voided without being taken out.
        """
        marked_at = document.fields.get(OLD_TIME)
        if marked_at and began and marked_at + _BEFORE >= began.ToDatetime(tzinfo=UTC):
            return False
        return self._write(document, unmarked(document.fields))

    def _write(self, document: Document, fields: Fields) -> bool:
        writes = self.connection.write_batch()
        writes.update(document.reference, fields, unchanged_since=document.update_time)
        with suppress(*OVERTAKEN, *TRANSIENT):
            self.connection.commit(writes, self.connection.timing.deadline())
            return True
        return False

    def _check(self, account: Account, builder: Builder | None) -> Finding | None:
        timing = self.connection.timing
        deadline = timing.deadline(self.patience)
        before: _Look | None = None
        mended: Finding | None = None
        while True:
            look = self._look(account, builder)
            if look.settled and not look.gap:
                # What was mended is called so when it was seen to be right.
                return mended
            if look.settled and not look.confirms(before):
                before = look
                timing.sleep(_SECOND_LOOK_S)
            elif look.settled:
                if look.document is None and account.kind is not Kind.PART:
                    return look.finding(State.MISSING)
                if builder is None:
                    only_marked = look.gap.keys() == {"mark"}
                    return look.finding(State.UNBUILT if only_marked else State.DRIFT)
                # A span that a void has left too wide, and a mark, are nothing wrong.
                if look.said.gap(look.actual, exact=False):
                    mended = mended or look.finding(State.MENDED)
                self._mend(look)
            try:
                deadline.pause()
            except Unavailable:
                return look.finding(State.UNSETTLED)

    def _look(self, account: Account, builder: Builder | None) -> _Look:
        document = self._document(account)
        at, settled = (document.read_time, True) if document else (None, False)
        try:
            actual, built = self._sum(account, builder, at)
        except MethodNotImplemented:
            (actual, built), settled = self._sum(account, builder, None), False
        if not settled:
            settled = _version(document) == _version(self._document(account))
        fields = document.fields if document else {}
        said = sums_said(fields) if document else Sums({}, None, None)
        gap = said.gap(actual, exact=builder is not None and document is not None)
        if is_marked(account.kind, fields) and document:
            gap["mark"] = True
        if document and account.kind is not Kind.PART:
            account = account_in(account.kind, document)
        return _Look(account, document, said, actual, gap, settled and not built)

    def _mend(self, look: _Look) -> None:
        """Write what is right, with what was recorded since, if nobody is faster."""
        kind, current = look.account.kind, self._document(look.account)
        if current is None:
            if look.document is None and kind is Kind.PART:
                self._create(look)
            return
        right, now = look.actual, sums_said(current.fields)
        if _version(current) != _version(look.document):
            if look.document is None or look.said.broken or now.broken:
                return
            right = now.since(look.said, right)
        self._write(current, right_fields(kind, right, current.fields))

    def _create(self, look: _Look) -> None:
        account = look.account
        ids = {"asset_id": account.asset_id, "contributor_id": account.contributor_id}
        writes = self.connection.write_batch()
        reference = self.connection.participations.document(account.key)
        writes.create(reference, ids | right_fields(Kind.PART, look.actual, {}))
        with suppress(*OVERTAKEN, *TRANSIENT):
            self.connection.commit(writes, self.connection.timing.deadline())

    def _document(self, account: Account) -> Document | None:
        deadline = self.connection.timing.deadline()
        collection = self.connection.accounts(account.kind)
        if account.kind is not Kind.PART:
            query = collection.where(filter=FieldFilter("id", "==", account.key))
            return self.connection.first(query, deadline)
        reference = collection.document(account.key)
        read = self.connection.patiently(lambda d: self.connection.read([reference], d), deadline)
        return read[reference.path] if read[reference.path].exists else None

    def _sum(
        self, account: Account, builder: Builder | None, at: Timestamp | None
    ) -> tuple[Sums, bool]:
        """What one account's live contributions come to, and whether some had to be built."""
        chosen = ContributionFilter(
            contributor_ids=(account.contributor_id,) if account.contributor_id else (),
            asset_id=account.asset_id or None,
        )
        figures, built = Figures(), False
        query = contributions_query(self.connection.contributions, chosen).select(_FIELDS)
        for page in self._pages(query, at=at):
            lacking = [one for one in page if one.fields.get("month") is None]
            if builder and lacking:
                builder.build(lacking, _FIELDS)
                built = True
            for contribution in page:
                for addition in additions(contribution.fields):
                    if account_of(contribution.fields, addition) == account:
                        figures.add(addition, contribution.fields)
        return sums_of(figures), built

    def _pages(
        self,
        query: Query,
        *,
        at: Timestamp | None = None,
        tell: Callable[[int], None] | None = None,
    ) -> Iterator[list[Document]]:
        """All results of an ordered query; after a fault, only the page that failed is repeated."""
        done = 0
        page = query.limit(self.page_size)
        while True:
            found = self.connection.patiently(lambda d: self.connection.query(page, d, at=at))  # noqa: B023
            if found:
                yield found
            done += len(found)
            if tell:
                tell(done)
            if len(found) < self.page_size:
                return
            last = found[-1]
            place = {"timestamp": last.fields.get("timestamp"), "__name__": last.reference}
            page = query.limit(self.page_size).start_after(place)


def _version(document: Document | None) -> Timestamp | None:
    return document.update_time if document else None
