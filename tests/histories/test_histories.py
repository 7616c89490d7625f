"""Many clients at once on one process: whatever they see can be; and mistakes are seen."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.histories.checker import Checker
from tests.histories.flaws import FLAWS
from tests.histories.history import Act, Event, Told, Walk, Write
from tests.histories.run import history_of

# What is said of each.
SAID = {
    "acknowledgement-lost": "were told that they did it: record",
    "filter-forgotten": "octo/(one|two)@.* is in the list of asset octo/(?!\\1)",
    "join-forgotten": "of person head@example.com .*not within",
    "month-off-by-one": "of month octo/.* not within",
    "page-repeated": "is listed twice",
    "part-without-total": "of part octo/.* not within",
    "replay-counted": "of asset octo/.* is .* not within",
    # Of an asset's two views, whichever was read the second time.
    "stale-read": "of (asset|month) octo/.* is .* not within",
    "ties-skipped": "is left out of the list of",
    "torn-page": "is left out of the list of",
    "totals-late": "of asset octo/.* is .* not within",
    "voided-listed": "is in the list of .*, and cannot be",
    "voided-part-kept": "of part octo/.* not within",
}


def wrong(history: list[Event]) -> str:
    return "\n".join(Checker(history).wrong())


def test_what_clients_see_at_once_is_between_what_is_certain_and_what_is_possible() -> None:
    history = history_of(steps=60, seed=7)
    assert wrong(history) == ""
    told = Counter((e.act, e.told) for e in history if isinstance(e, Write))
    # There was something to see.
    assert min(told[act, Told.DONE] for act in Act) > 0
    assert told[Act.RECORD, Told.BEFORE] > 0
    assert max(len(event.pages) for event in history if isinstance(event, Walk)) > 5


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_planted_mistake_is_seen(flaw: str) -> None:
    assert re.search(SAID[flaw], wrong(history_of(steps=30, seed=7, wire=FLAWS[flaw]())))
