"""Totals held against contributions: proof that each account says what its own sum to.

One pass over the live contributions sums them by person and asset. Writers go on meanwhile, so an
account that disagrees is only suspected, and is looked at alone: its contributions are summed as
they were when the account was read. Where a backend knows the present only, a look counts if the
account stood still meanwhile, since every contribution changes its accounts in the Commit that
records or voids it. And what is found must be found twice: the emulator can show a commit half
done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from google.api_core.exceptions import MethodNotImplemented
from google.cloud.firestore import CollectionReference, FieldFilter, Query
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]

from shared.domain.drift import Finding, Kind, State, Totals
from shared.domain.email import spelt_as_today
from shared.domain.errors import Unavailable
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.listing import ContributionFilter, contributions_query
from shared.store.reading import Document

# What a sum needs of a contribution; the time is where a page of one account's contributions ends.
_FIELDS = ("asset_id", "repository", "cost_micros", "credits", "timestamp")
# Seconds after which a drift must be found again.
_SECOND_LOOK_S = 0.2
_ACCOUNT_FIELDS = ("id", "email", "name", "contribution_count", "total_cost_micros")

# Told what is gone through and how many of them were, after each page.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at an account and its contributions; `settled` where both were of one moment."""

    account: Document | None
    finding: Finding
    settled: bool

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to find."""
        return self.finding.actual == (self.finding.stored if self.account else Totals())

    def confirms(self, other: _Look | None) -> bool:
        """Whether both looks found the same drift, which stays while the totals move on."""
        return other is not None and self._drift() == other._drift()

    def _drift(self) -> tuple[int, int] | None:
        stored, actual = self.finding.stored, self.finding.actual
        return (actual.count - stored.count, actual.micros - stored.micros) if stored else None


@dataclass(frozen=True, slots=True)
class _Part:
    """What one contribution adds to one account."""

    kind: Kind
    account_id: str
    micros: int
    label: str | None


def _parts(contribution: Mapping[str, Any]) -> Iterator[_Part]:
    cost, repository = contribution.get("cost_micros", 0), contribution.get("repository")
    yield _Part(Kind.ASSET, contribution.get("asset_id", ""), cost, repository)
    for credit in contribution.get("credits", ()):
        person, share, email = credit["contributor_id"], credit["share_micros"], credit["email"]
        yield _Part(Kind.CONTRIBUTOR, person, share, email)


@dataclass(frozen=True)
class Reconciler:
    """Compares the totals of all accounts with their contributions.

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

    def spelt_otherwise(self) -> Iterator[tuple[str, str]]:
        """Id and address of each person kept under a spelling that is another one today.

        Their totals are right; what is reported since goes to the account of today's spelling.
        """
        people = self.connection.contributors.order_by("__name__").select(("id", "email"))
        for person in self._pages(people):
            kept = _field(person, "email")
            if isinstance(kept, str) and spelt_as_today(kept) != kept:
                yield str(_field(person, "id")), kept

    def _suspects(self, progress: Progress) -> Iterator[tuple[Kind, str]]:
        """Accounts whose totals were not what the pass came to."""
        counts: Counter[tuple[Kind, str]] = Counter()
        micros: Counter[tuple[Kind, str]] = Counter()
        live = self.connection.contributions.where(filter=FieldFilter("voided", "==", False))
        query = live.order_by("__name__").select(_FIELDS)
        for contribution in self._pages(query, tell=partial(progress, "contributions")):
            for part in _parts(contribution.fields):
                counts[part.kind, part.account_id] += 1
                micros[part.kind, part.account_id] += part.micros
        for kind in (Kind.CONTRIBUTOR, Kind.ASSET):
            query = self._accounts(kind).order_by("__name__").select(_ACCOUNT_FIELDS)
            for document in self._pages(query, tell=partial(progress, f"{kind}s")):
                account = (kind, str(_field(document, "id")))
                if _totals(document) != Totals(counts.pop(account, 0), micros.pop(account, 0)):
                    yield account
        # Contributions were left over whose account is not there.
        yield from counts

    def _check(self, kind: Kind, account_id: str, *, repair: bool) -> Finding | None:
        timing = self.connection.timing
        deadline = timing.deadline(self.patience)
        before: _Look | None = None
        mended: Finding | None = None
        while True:
            look = self._look(kind, account_id)
            if look.settled and look.agrees:
                # What was mended is called so when it was seen to be right.
                return mended
            if look.settled and not look.confirms(before):
                before = look
                timing.sleep(_SECOND_LOOK_S)
            elif look.settled:
                if look.account is None:
                    return replace(look.finding, state=State.MISSING)
                if not repair:
                    return look.finding
                mended = mended or replace(look.finding, state=State.MENDED)
                self._mend(look.account, look.finding)
            try:
                deadline.pause()
            except Unavailable:
                return replace(look.finding, state=State.UNSETTLED)

    def _look(self, kind: Kind, account_id: str) -> _Look:
        account = self._account(kind, account_id)
        stored = _totals(account) if account else None
        sum_at = partial(self._sum, kind, account_id)
        try:
            (actual, label), settled = sum_at(account.read_time if account else None), bool(account)
        except MethodNotImplemented:
            (actual, label), settled = sum_at(None), False
        if not settled:
            settled = _version(account) == _version(self._account(kind, account_id))
        label = _label(kind, account) if account else label
        return _Look(account, Finding(kind, account_id, label, stored, actual), settled)

    def _mend(self, account: Document, finding: Finding) -> None:
        """Write the totals of a finding, with what was recorded since, if nobody is faster."""
        current = self._account(finding.kind, finding.id)
        if current is None:
            return
        then, now, totals = finding.stored, _totals(current), finding.actual
        if _version(current) != _version(account):
            if then is None or now is None:
                return
            count, micros = now.count - then.count, now.micros - then.micros
            totals = Totals(totals.count + count, totals.micros + micros)
        fields = {"contribution_count": totals.count, "total_cost_micros": totals.micros}
        writes = self.connection.write_batch()
        writes.update(current.reference, fields, unchanged_since=current.update_time)
        with suppress(*OVERTAKEN, *TRANSIENT):
            self.connection.commit(writes, self.connection.timing.deadline())

    def _accounts(self, kind: Kind) -> CollectionReference:
        people = kind is Kind.CONTRIBUTOR
        return self.connection.contributors if people else self.connection.assets

    def _account(self, kind: Kind, account_id: str) -> Document | None:
        query = self._accounts(kind).where(filter=FieldFilter("id", "==", account_id))
        return self.connection.first(query, self.connection.timing.deadline())

    def _sum(self, kind: Kind, account_id: str, at: Timestamp | None) -> tuple[Totals, str | None]:
        """What the live contributions of one account sum to, and what they call it."""
        people = kind is Kind.CONTRIBUTOR
        chosen = ContributionFilter(
            contributor_ids=(account_id,) if people else (),
            asset_id=None if people else account_id,
        )
        count, micros, label = 0, 0, None
        query = contributions_query(self.connection.contributions, chosen).select(_FIELDS)
        for contribution in self._pages(query, at=at):
            for part in _parts(contribution.fields):
                if (part.kind, part.account_id) == (kind, account_id):
                    count, micros, label = count + 1, micros + part.micros, part.label
        return Totals(count, micros), label

    def _pages(
        self,
        query: Query,
        *,
        at: Timestamp | None = None,
        tell: Callable[[int], None] | None = None,
    ) -> Iterator[Document]:
        """All results of an ordered query; after a fault, only the page that failed is repeated."""
        done = 0
        page = query.limit(self.page_size)
        while True:
            found = self.connection.patiently(lambda d: self.connection.query(page, d, at=at))  # noqa: B023
            yield from found
            done += len(found)
            if tell:
                tell(done)
            if len(found) < self.page_size:
                return
            last = found[-1]
            place = {"timestamp": last.fields.get("timestamp"), "__name__": last.reference}
            page = query.limit(self.page_size).start_after(place)


def _field(document: Document, name: str) -> Any:
    return document.fields.get(name)


def _totals(document: Document) -> Totals | None:
    count, micros = _field(document, "contribution_count"), _field(document, "total_cost_micros")
    # A float or a text is what somebody typed in the console, and is never right.
    if type(count) is int and type(micros) is int:
        return Totals(count, micros)
    return None


def _label(kind: Kind, document: Document) -> str | None:
    label: str | None = _field(document, "email" if kind is Kind.CONTRIBUTOR else "name")
    return label


def _version(document: Document | None) -> Timestamp | None:
    return document.update_time if document else None
