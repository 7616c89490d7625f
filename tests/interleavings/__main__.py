"""`python -m tests.interleavings known/apart record+void 0 0 1 1-lost 1`: one run, step by step.

The line is printed where a law does not hold. It names the world, whether the requests come to one
process, a planted flaw where there is one, the requests, and who takes each step: `1-lost` is the
second request, and what goes wrong at it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from tests.interleavings.laws import Broken, Laws
from tests.interleavings.scenario import Scenario
from tests.interleavings.stage import Choice, Stage, Step


def main(arguments: Sequence[str]) -> int:
    """Run it, and print it; 1 where a law does not hold."""
    place, names, *steps = arguments
    scenario = Scenario.parse(f"{place} {names}")
    schedule = tuple(map(Choice.parse, steps))
    choices = iter(schedule)

    def direct(steps: Mapping[int, Step]) -> Choice:
        choice = next(choices)
        step = steps[choice.actor]
        needs = step.queries or " ".join(sorted(step.reads | step.writes))
        print(f"{scenario.asked[choice.actor].name}: {step.method} {needs} {choice.fault or ''}")
        return choice

    # The laws may let one of them come twice.
    stage = Stage(len(scenario.asked) + 1)
    try:
        run = scenario.run(stage, direct)
        assert run is not None
        for asked, answer in zip(scenario.asked, run.answers, strict=True):
            print(f"{asked.name}: {answer or 'gone'}")
        Laws(scenario, stage).hold(schedule, run)
    except Broken as broken:
        print(broken.law)
        return 1
    finally:
        stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
