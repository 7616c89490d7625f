"""`make mutation`: change the code in one place at a time, and see whether a test fails.

What is changed, and which tests are asked, stands in `pyproject.toml`; of these each mutant is
given to those that reach it. The changes that no test notices are printed, and the exit code is 1
where they are more than one of ten.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

WANTED = 0.9
# The sources with all mutants in them, and beside each what became of its mutants.
FOLDER = Path("mutants")
SEED = 1
# As mutmut has them: what a process of tests ended with that a signal did not end.
# https://github.com/boxed/mutmut/blob/main/src/mutmut/models/results.py
SURVIVED, UNTESTED = 0, 33
_FAILED = {1, 3}


def outcomes() -> dict[str, int | None]:
    """What became of each mutant: the exit code of its tests; None where it was not tried."""
    found: dict[str, int | None] = {}
    for file in sorted(FOLDER.rglob("*.py.meta")):
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def mutmut(*arguments: str) -> list[str]:
    """The command of this environment."""
    return [str(Path(sys.executable).with_name("mutmut")), *arguments]


def sample(names: Iterable[str], size: int) -> list[str]:
    """As many of them at random, always the same ones."""
    ordered = sorted(names)
    return random.Random(SEED).sample(ordered, min(size, len(ordered)))


def table(tried: Mapping[str, int]) -> Iterable[str]:
    """A line for each module, and one for all."""
    modules = sorted({module_of(name) for name in tried})
    for module in [*modules, ""]:
        codes = [code for name, code in tried.items() if module in {module_of(name), ""}]
        counts = Counter(map(_became, codes))
        killed = counts["failed"] + counts["ended"]
        yield (
            f"{module or 'all':<32}{len(codes):>6} mutants, {killed:>5} killed"
            f" ({counts['ended']} not by a failing test): {killed / len(codes):.1%}"
        )


def _became(code: int) -> str:
    """Whether a test failed, or the tests could not be read or came to no end, or none noticed."""
    if code in {SURVIVED, UNTESTED}:
        return "survived"
    return "failed" if code in _FAILED else "ended"


def module_of(name: str) -> str:
    """The module of a mutant, `shared.domain.money.x_format_money__mutmut_1`."""
    return name.rpartition(".")[0]


def main(arguments: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--sample", default="all", help="so many, always the same; or all")
    parser.add_argument("--processes", type=int, default=2, help="how many are tried at a time")
    options = parser.parse_args(arguments)
    run = mutmut("run", f"--max-children={options.processes}")
    shutil.rmtree(FOLDER, ignore_errors=True)
    if options.sample != "all":
        # It makes them all, and finds none that is called so.
        subprocess.run([*run, "none"], capture_output=True, check=False)
        run += sample(outcomes(), int(options.sample))
    subprocess.run(run, check=True)
    tried = {name: code for name, code in outcomes().items() if code is not None}
    survivors = [name for name, code in tried.items() if _became(code) == "survived"]
    for name in survivors:
        print(f"\n{name}", flush=True)
        subprocess.run(mutmut("show", name), check=True)
    print("\n".join(table(tried)))
    return int(1 - len(survivors) / len(tried) < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
