"""Whatever meets, in whatever order, and whatever goes wrong once: the laws hold.

Covered is what is between a request as the framework hands it over and the documents: functions,
authentication, recording, group commit, the client library. The embedded store takes the calls; a
call is one step, and what happens inside of it is the store's own affair.
"""

from __future__ import annotations

import pytest

from tests.interleavings.laws import Laws
from tests.interleavings.meetings import LONG, PAIRS, TRIPLES
from tests.interleavings.orders import every, some
from tests.interleavings.scenario import Scenario
from tests.interleavings.stage import Stage
from tests.interleavings.world import KNOWN

# Of each, with a fault in most of them.
SAMPLE = 2


@pytest.mark.parametrize("scenario", [pair for pair in PAIRS if pair.world is KNOWN], ids=str)
def test_every_order_of_a_pair(scenario: Scenario, stage: Stage) -> None:
    laws = Laws(scenario, stage)
    for schedule, run in every(scenario, stage, faults=()):
        laws.hold(schedule, run)


@pytest.mark.parametrize("scenario", [*PAIRS, *TRIPLES, *LONG], ids=str)
def test_some_orders_with_a_fault(scenario: Scenario, stage: Stage) -> None:
    laws = Laws(scenario, stage)
    for schedule, run in some(scenario, stage, number=SAMPLE):
        laws.hold(schedule, run)


@pytest.mark.long
@pytest.mark.parametrize("scenario", [*PAIRS, *TRIPLES], ids=str)
def test_every_order_with_each_fault_at_each_step(scenario: Scenario, stage: Stage) -> None:
    laws = Laws(scenario, stage)
    for schedule, run in every(scenario, stage):
        laws.hold(schedule, run)


@pytest.mark.long
@pytest.mark.parametrize("scenario", LONG, ids=str)
def test_every_order_of_the_long_ones(scenario: Scenario, stage: Stage) -> None:
    laws = Laws(scenario, stage)
    for schedule, run in every(scenario, stage, faults=()):
        laws.hold(schedule, run)
