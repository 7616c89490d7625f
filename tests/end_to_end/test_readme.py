"""The walk through the README: every command is run as it is printed, every answer compared."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends import unavailable
from tests.end_to_end.local_run import DEADLINE, ROOT, LocalRun

PRINTED_ADDRESS = "http://127.0.0.1:8080"
RESTART = "Stop `make run` with Ctrl-C and start it again."
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")

Step = tuple[str, str]


def walk() -> list[Step]:
    """Each command with what is printed behind it, and each restart, in order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("\n## A walk through it\n", 1)[1].split("\n## ", 1)[0]
    steps: list[Step] = []
    for text in re.split(r"(^```console\n.*?^```$)", section, flags=re.MULTILINE | re.DOTALL):
        if text.startswith("```"):
            lines = text.removeprefix("```console\n$ ").removesuffix("\n```")
            for typed in lines.split("\n$ "):
                command, _, output = typed.partition("\n")
                steps.append((command, output))
        elif RESTART in text:
            steps.append((RESTART, ""))
    return steps


def numbered(steps: list[Step]) -> list[Step]:
    """The same with each time as the number of its first appearance: equal ones stay equal."""
    seen: dict[str, int] = {}

    def number(time: re.Match[str]) -> str:
        return f"<time {seen.setdefault(time[0], len(seen))}>"

    return [(command, TIME.sub(number, output)) for command, output in steps]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[LocalRun]:
    """`make run` on a ledger of its own, empty at first."""
    for tool in ("bash", "curl"):
        if shutil.which(tool) is None:
            unavailable(f"no {tool}")
    with LocalRun(tmp_path / "data", "embedded") as run:
        yield run


def test_the_walk_through_prints_what_it_says(run: LocalRun) -> None:
    printed = walk()
    assert [command for command, _ in printed].count(RESTART) == 1
    assert len(printed) > 5
    shown: list[Step] = []
    for command, _ in printed:
        output = ""
        if command == RESTART:
            assert run.stop() == 0
            run.start()
        else:
            output = type_in(command, run)
        shown.append((command, output))
    assert numbered(shown) == numbered(printed)


def type_in(command: str, run: LocalRun) -> str:
    assert command.startswith("curl ")
    assert PRINTED_ADDRESS in command
    done = subprocess.run(
        ["bash", "-c", command.replace(PRINTED_ADDRESS, run.address)],
        env=run.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.stderr == ""
    return done.stdout.rstrip("\n")
