"""A mistake that is planted is found, and the line that is printed shows it again."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from tests.interleavings.__main__ import main
from tests.interleavings.flaws import FLAWS
from tests.interleavings.laws import Broken, Laws
from tests.interleavings.orders import every
from tests.interleavings.scenario import Scenario
from tests.interleavings.stage import Fault, Stage

# Where each is looked for, and what is said of it.
LOOKED_FOR = {
    "lost-increment": ("known/apart/lost-increment record+webhook", "total is not the sum"),
    "replay-counted": ("known/apart/replay-counted record+record", "total is not the sum"),
    "replay-taken-for-recorded": (
        "known/apart/replay-taken-for-recorded record+record",
        "Told twice",
    ),
    "failure-taken-for-success": (
        "known/apart/failure-taken-for-success record+void",
        "acknowledged, and is not there|voided, and is live",
    ),
    "voided-twice": ("known/apart/voided-twice void+void", "total is not the sum"),
    "corrected-twice": (
        "known/apart/corrected-twice correct+correct-unkeyed",
        "does not say so",
    ),
    "repaired-blindly": ("drifted/apart/repaired-blindly reconcile+record", "No order"),
    "account-opened-twice": (
        "new/apart/account-opened-twice record+webhook",
        "total is not the sum",
    ),
    "torn-batch": ("known/apart/torn-batch batch+void", "total is not the sum"),
    "guard-lost-after-retry": (
        "known/apart/guard-lost-after-retry record+void",
        "total is not the sum",
    ),
    "month-off-by-one": ("known/apart/month-off-by-one record+void", "total is not the sum"),
    "part-without-total": ("known/apart/part-without-total batch+void", "total is not the sum"),
    "stale-name": ("known/apart/stale-name join-name+former", "leads elsewhere and has an account"),
    "stale-number": ("new/apart/stale-number numbered+moved", "A number is not that"),
    "revocation-undone": ("known/apart/revocation-undone robot+revoke", "No order"),
}


def found(scenario: Scenario, stage: Stage) -> Broken | None:
    laws = Laws(scenario, stage)
    # From the few orders to the many.
    searches = (every(scenario, stage, faults=faults) for faults in ((), (Fault.GONE,), (*Fault,)))
    for schedule, run in chain.from_iterable(searches):
        try:
            laws.hold(schedule, run)
        except Broken as broken:
            return broken
    return None


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_is_found_and_shown_again(
    flaw: str, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    text, said = LOOKED_FOR[flaw]
    broken = found(Scenario.parse(text), stage)
    assert broken is not None
    assert re.search(said, broken.law)
    arguments = broken.line.partition("tests.interleavings ")[2].split()
    assert main(arguments) == 1
    assert re.search(said, capsys.readouterr().out)
