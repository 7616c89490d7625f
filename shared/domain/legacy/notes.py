"""What is different in the ledger from the file of the replaced service, although all was taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain.email import mask_text
from shared.domain.legacy.file import LISTS, LegacyFile, number
from shared.domain.money import MICROS, format_money

# What is beyond is no total.
_MAX_TOTAL = 10**12
_SHOWN_PLACES = 3


@dataclass
class Notes:
    """Gathers what to tell while a file is gone through."""

    # For each document id: where the file states a total of it, and their sum.
    _stated: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _stated_micros: Counter[str] = field(default_factory=Counter)
    _elsewhere: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def total(self, document_id: str, place: str, stated: object) -> None:
        """The record at this place states a total of what became this document."""
        if isinstance(stated, bool) or not isinstance(stated, str | int | Decimal):
            return
        amount = number(str(stated))
        if amount.is_finite() and abs(amount) < _MAX_TOTAL:
            self._stated[document_id].append(place)
            self._stated_micros[document_id] += int(amount * MICROS)

    def leads_elsewhere(self, name: str, place: str) -> None:
        """This id of the contribution at this place is not that of its commit's own account."""
        self._elsewhere[name].append(place)

    def lines(self, file: LegacyFile, sums: Mapping[str, int]) -> Iterator[str]:
        """The notes; `sums` are micro-units by document id, of the contributions taken."""
        for document_id, places in self._stated.items():
            stated, actual = self._stated_micros[document_id], sums.get(document_id, 0)
            if stated != actual:
                yield (
                    f"{some_of(places)}: total_cost is {format_money(stated)} in the file, and the "
                    f"contributions taken sum to {format_money(actual)}, which counts"
                )
        for name, places in self._elsewhere.items():
            yield f"{some_of(places)}: {name} leads elsewhere than the commit, which counts"
        yield from _left_out(file)


def _left_out(file: LegacyFile) -> Iterator[str]:
    for name, value in file.content.items():
        if name not in LISTS:
            if value:
                yield f"{mask_text(name)}: left out, since it holds no contributions"
            continue
        records = (item for item in value if isinstance(item, dict))
        known = LISTS[name].model_fields
        filled = (key for item in records for key in item if item[key] is not None)
        for key, count in Counter(key for key in filled if key not in known).items():
            yield f"{count} of {name}: {mask_text(key)} has no place in the ledger"


def some_of(places: Sequence[str]) -> str:
    """The first few of many places."""
    more = len(places) - _SHOWN_PLACES
    return ", ".join(places[:_SHOWN_PLACES]) + (f" and {more} more" if more > 0 else "")
