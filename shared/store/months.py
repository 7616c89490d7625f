"""What was contributed in each month: to an asset, by a person, and in the whole ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shared.domain import smoke_check
from shared.domain.asset import Asset
from shared.domain.months import AssetMonth, Month
from shared.store.connection import Connection
from shared.store.documents import OLD_TIME, Fields, months_of
from shared.store.lookup import Found
from shared.store.older_ledger import require_built
from shared.store.people import Accounts
from shared.store.posting import ALWAYS, TOTALS

_M = TypeVar("_M", bound=Month)

# Seconds for which an instance answers from what it has read of the whole ledger.
_KEPT_S = 15.0
_PAGE = 500
_FIELDS = ("months", "parts", OLD_TIME, *(TOTALS[name] for name in ALWAYS))


@dataclass
class Months:
    """Reads months over one connection; each raises `BeingBuilt` until all is counted in them."""

    connection: Connection
    _kept: tuple[Sequence[AssetMonth], float] | None = field(default=None, init=False, repr=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def of_asset(self, asset: Found[Asset]) -> Sequence[AssetMonth]:
        """The months of an asset, the first one first."""
        return _months([asset.document.fields], AssetMonth)

    def of_contributor(self, accounts: Accounts) -> Sequence[Month]:
        """The months of a person, of all addresses together."""
        return _months([document.fields for document in accounts.documents], Month)

    def of_ledger(self) -> Sequence[AssetMonth]:
        """The sum over all assets, at most 15 seconds old."""
        with self._turn:
            now = self.connection.timing.monotonic()
            if self._kept is None or now - self._kept[1] > _KEPT_S:
                self._kept = _months(self._assets(), AssetMonth), now
            return self._kept[0]

    def _assets(self) -> Iterable[Fields]:
        deadline = self.connection.timing.deadline()
        query = self.connection.assets.order_by("__name__").select(_FIELDS).limit(_PAGE)
        page = query
        while True:
            found = self.connection.patiently(lambda d: self.connection.query(page, d), deadline)  # noqa: B023
            for document in found:
                if document.id != smoke_check.ASSET:
                    yield document.fields
            if len(found) < _PAGE:
                return
            page = query.start_after({"__name__": found[-1].reference})


def _months(accounts: Iterable[Fields], model: type[_M]) -> Sequence[_M]:
    """The months of some accounts together, without those from which all was taken out again."""
    sums = months_of(map(_built, accounts))
    return [
        model(
            month=month,
            contribution_count=of["count"],
            assisted_count=of["assisted"],
            total_cost=of["micros"],
            **(
                {"bot_count": of["bots"], "agent_count": of["agents"]}
                if model is AssetMonth
                else {}
            ),
        )
        for month, of in sorted(sums.items())
        if of["count"]
    ]


def _built(account: Fields) -> Fields:
    require_built(account)
    return account
