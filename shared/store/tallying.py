"""What an account's document says, held against what its contributions come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.cloud.firestore import DELETE_FIELD

from shared.domain.drift import Kind, Totals
from shared.store.documents import OLD_TIME, Fields
from shared.store.posting import TOTALS, Addition, Figures
from shared.store.reading import Document

# Of an account, all that is compared or set right.
ACCOUNT_FIELDS = (
    *("id", "email", "name", "asset_id", "contributor_id", *TOTALS.values()),
    *("months", "first_at_micros", "last_at_micros", "parts", "last_recorded_at", OLD_TIME),
)

# A figure by its name: of a total the field, of a month `2026-11 count`.
Amounts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account by what contributions call it: an id, of a participation the document's."""

    kind: Kind
    key: str
    asset_id: str = field(default="", compare=False)
    contributor_id: str = field(default="", compare=False)
    label: str | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        """What a finding calls it: no address."""
        if self.kind is Kind.PART:
            return f"{self.contributor_id} in {self.asset_id}"
        return self.key


def account_of(contribution: Fields, addition: Addition) -> Account:
    """The account that an addition goes to."""
    asset = contribution.get("asset_id", "")
    if addition.kind is Kind.ASSET:
        return Account(Kind.ASSET, asset, asset, "", contribution.get("repository"))
    person, email = addition.credit["contributor_id"], addition.credit["email"]
    if addition.kind is Kind.CONTRIBUTOR:
        return Account(Kind.CONTRIBUTOR, person, "", person, email)
    return Account(Kind.PART, addition.document_id, asset, person, email)


def account_in(kind: Kind, document: Document) -> Account:
    """The account that a document is."""
    fields = document.fields
    if kind is Kind.PART:
        asset, person = fields.get("asset_id"), fields.get("contributor_id")
        return Account(kind, document.id, str(asset), str(person))
    name = "name" if kind is Kind.ASSET else "email"
    key = str(fields.get("id"))
    of_asset = kind is Kind.ASSET
    return Account(kind, key, key if of_asset else "", "" if of_asset else key, fields.get(name))


@dataclass(frozen=True, slots=True)
class Sums:
    """Figures by name, without those that are 0, and the time that they span.

    `broken` are the fields that hold something else than whole numbers.
    """

    amounts: Amounts
    first_at: int | None
    last_at: int | None
    broken: tuple[str, ...] = ()

    @property
    def totals(self) -> Totals:
        """What a finding tells of them."""
        count, micros = (self.amounts.get(TOTALS[name], 0) for name in ("count", "micros"))
        return Totals(count, micros)

    @property
    def has_totals(self) -> bool:
        """Whether these are whole numbers."""
        return not {TOTALS["count"], TOTALS["micros"]}.intersection(self.broken)

    def gap(self, actual: Sums, *, exact: bool) -> dict[str, Any]:
        """What is said beyond what is so; a wider span, which a void leaves, only where `exact`."""
        names = self.amounts.keys() | actual.amounts.keys()
        gap: dict[str, Any] = {
            name: self.amounts.get(name, 0) - actual.amounts.get(name, 0) for name in names
        }
        gap = {name: by for name, by in gap.items() if by} | dict.fromkeys(self.broken)
        span, spanned = (self.first_at, self.last_at), (actual.first_at, actual.last_at)
        if exact:
            wrong = span != spanned
        elif actual.first_at is None or actual.last_at is None:
            wrong = False
        elif self.first_at is None or self.last_at is None:
            wrong = True
        else:
            wrong = self.first_at > actual.first_at or self.last_at < actual.last_at
        return gap | {"times": span} if wrong else gap

    def since(self, then: Sums, actual: Sums) -> Sums:
        """These, with what they had too much `then`, when `actual` was so, taken away."""
        gap = {
            name: then.amounts.get(name, 0) - actual.amounts.get(name, 0)
            for name in then.amounts.keys() | actual.amounts.keys()
        }
        amounts = {
            name: self.amounts.get(name, 0) - gap.get(name, 0)
            for name in self.amounts.keys() | gap.keys()
        }
        firsts = [at for at in (self.first_at, actual.first_at) if at is not None]
        lasts = [at for at in (self.last_at, actual.last_at) if at is not None]
        return Sums(amounts, min(firsts, default=None), max(lasts, default=None))


def sums_of(figures: Figures) -> Sums:
    """What contributions come to."""
    amounts = {TOTALS[name]: amount for name, amount in figures.totals.items() if amount}
    for month, of_month in figures.months.items():
        amounts |= {f"{month} {name}": amount for name, amount in of_month.items() if amount}
    return Sums(amounts, figures.first_at, figures.last_at)


def sums_said(account: Mapping[str, Any]) -> Sums:
    """What a document says; a float or a text is what somebody typed in the console."""
    said: dict[str, Any] = {name: account.get(name) for name in TOTALS.values() if name in account}
    months = account.get("months")
    for month, of_month in months.items() if isinstance(months, dict) else ():
        for name, amount in of_month.items() if isinstance(of_month, dict) else ():
            said[f"{month} {name}"] = amount
    broken = [name for name, amount in said.items() if type(amount) is not int]
    broken += [TOTALS[n] for n in ("count", "micros") if TOTALS[n] not in said]
    first, last = account.get("first_at_micros"), account.get("last_at_micros")
    return Sums(
        {name: amount for name, amount in said.items() if type(amount) is int and amount},
        first if type(first) is int else None,
        last if type(last) is int else None,
        tuple(broken),
    )


def is_marked(kind: Kind, account: Mapping[str, Any]) -> bool:
    """Whether an account is one that an older version has made, or recorded for since."""
    return kind is not Kind.PART and (account.get("parts") != 1 or OLD_TIME in account)


def right_fields(kind: Kind, right: Sums, account: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that make an account say what is right."""
    fields: dict[str, Any] = {
        field: right.amounts.get(field, 0)
        for name, field in TOTALS.items()
        if name != "weight" or kind is Kind.PART
    }
    months: dict[str, dict[str, int]] = {}
    for name, amount in right.amounts.items():
        month, _, of_month = name.partition(" ")
        if of_month:
            months.setdefault(month, {})[of_month] = amount
    fields |= {
        "months": months,
        "first_at_micros": right.first_at,
        "last_at_micros": right.last_at,
    }
    return fields if kind is Kind.PART else fields | unmarked(account)


def unmarked(account: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say that all of an account is in its months and parts."""
    if OLD_TIME not in account:
        return {"parts": 1}
    times = [account.get("last_recorded_at"), account[OLD_TIME]]
    recorded = max(filter(None, times), default=None)
    return {"parts": 1, "last_recorded_at": recorded, OLD_TIME: DELETE_FIELD}
