"""Who meets: every pair of requests, and the triples in which three matter."""

from __future__ import annotations

from itertools import combinations_with_replacement

from tests.interleavings.requests import ASKED
from tests.interleavings.scenario import Scenario
from tests.interleavings.world import DRIFTED, KNOWN, NEW


def _pairs() -> list[Scenario]:
    found: list[Scenario] = []
    for pair in combinations_with_replacement(ASKED.values(), 2):
        for world in (KNOWN, NEW):
            found.append(Scenario(world, pair))
            if all(asked.shares for asked in pair):
                found.append(Scenario(world, pair, together=True))
        # What is wrong matters to who looks for it.
        if ASKED["reconcile"] in pair:
            found.append(Scenario(DRIFTED, pair))
    return found


PAIRS = _pairs()

TRIPLES = [
    Scenario.parse(text)
    for text in (
        # One commit three times, voided as soon as it is there.
        "known/apart record+record+void-one",
        "known/apart record+batch+void-one",
        "new/apart record+webhook+void-one",
        # Two may go into one Commit while another one is under way.
        "known/together record+batch+webhook",
        "new/together record+claim+webhook",
        # Whose accounts are opened by whoever comes first.
        "new/apart record+batch+claim",
        # What is voided twice, and corrected.
        "known/apart void+void+correct-old",
        "known/apart correct+correct+correct-unkeyed",
        "known/apart robot+revoke+record",
        # What is repaired changes meanwhile, in both directions.
        "drifted/apart record+void+reconcile",
    )
]
