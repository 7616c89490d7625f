"""Who meets: every pair of requests, and the triples in which three matter."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

from tests.interleavings.requests import PAIRED
from tests.interleavings.scenario import Scenario
from tests.interleavings.world import KNOWN, NEW


def _pairs() -> Iterator[Scenario]:
    for pair in combinations_with_replacement(PAIRED.values(), 2):
        yield Scenario(KNOWN, pair)
        # Who records opens accounts there, and waits for others in its process.
        if any(asked.shares for asked in pair):
            yield Scenario(NEW, pair)
        if all(asked.shares for asked in pair):
            yield Scenario(KNOWN, pair, together=True)
            yield Scenario(NEW, pair, together=True)


PAIRS = [
    *_pairs(),
    *(
        Scenario.parse(f"known/apart {pair}")
        for pair in (
            *("join+join", "join+join-back", "join+split", "split+split", "join+other"),
            *("split+other", "join+record", "join+void", "join+webhook", "change+change"),
            *("change+record", "change+split"),
        )
    ),
    *(
        Scenario.parse(text)
        for text in (
            # Who reports under a former name, while it comes to lead elsewhere or to stand alone.
            *("known/apart join-name+former", "known/apart join-name+join-name"),
            *("known/apart join-name+split-name", "known/apart join-name+record"),
            *("emptied/apart join-name+former", "emptied/apart join-name+split-name"),
            *("renamed/apart split-name+former", "renamed/apart split-name+split-name"),
            *("renamed/apart join-name+split-name", "renamed/apart former+record"),
            *("renamed/apart former+void-former", "renamed/apart former+reconcile"),
            *(
                "renamed/apart show+split-name",
                "renamed/apart show+former",
                "known/apart show+void",
            ),
            *("known/apart describe+record", "known/apart describe+show"),
            # All of a repository's go, while more come.
            *(f"known/apart void-all+{name}" for name in ("record", "batch", "webhook", "void")),
            *(f"known/apart void-all+{name}" for name in ("correct", "reconcile", "void-all")),
            "emptied/apart void-all+join-name",
            # One repository by its number, under two names at once, the first reports among them.
            *("new/apart numbered+moved", "new/apart numbered+moved-two", "new/apart moved+moved"),
            *("known/apart numbered+moved", "known/apart numbered+record"),
            *("numbered/apart numbered+moved-two", "numbered/apart moved+moved-two"),
            "numbered/apart moved+moved",
            *("numbered/apart moved+record", "numbered/apart moved+former"),
            *("numbered/apart moved+join-name", "numbered/apart moved-two+void-one"),
            *("numbered/apart moved+void", "numbered/apart moved+reconcile"),
            *("numbered/apart moved+show", "renamed/apart moved+split-name"),
            # Two repositories of one name, and a stranger who says the number.
            *("new/apart numbered+taken", "numbered/apart taken+moved", "known/apart taken+taken"),
            *("new/apart numbered+stranger", "new/apart stranger+stranger"),
            *("numbered/apart moved+stranger", "known/apart moved+stranger"),
            # Opened by hand, and by a report.
            *("new/apart create-person+record", "new/apart create-person+create-person"),
            *("new/apart create-asset+record", "new/apart create-asset+join-name"),
        )
    ),
    # What is repaired goes up and down meanwhile. Two repairs are left out here: each takes the
    # other's write for a change, and looks again, so that their orders have no end.
    *(Scenario.parse(f"drifted/apart {name}+reconcile") for name in ("record", "void", "correct")),
]

TRIPLES = [
    Scenario.parse(text)
    for text in (
        # One commit three times, voided as soon as it is there.
        "known/apart record+record+void-one",
        "known/apart record+batch+void-one",
        "new/apart record+webhook+void-one",
        # Two may go into one Commit while another one is under way.
        "known/together record+batch+webhook",
        "known/together record+claim+batch",
        "new/together record+claim+webhook",
        # What is voided twice, and corrected, by one or by another.
        "known/apart void+void+correct-old",
        "known/apart void+correct-old+correct",
        "known/apart robot+revoke+record",
        # Crosswise, and apart again.
        "known/apart join+join-back+split",
    )
]

# With a fault at each step they would be as many as all others.
LONG = [
    Scenario.parse(text)
    for text in (
        # Accounts are opened by whoever comes first.
        "new/apart record+batch+claim",
        # Of three corrections of one contribution, one counts.
        "known/apart correct+correct+correct-unkeyed",
        # What is repaired goes up and down meanwhile.
        "drifted/apart record+void+reconcile",
        # Names and numbers that come together in one process, or the first of three.
        *("new/together numbered+moved", "new/together moved+moved-two"),
        "numbered/together moved+moved-two",
        "new/apart numbered+moved+taken",
    )
]
