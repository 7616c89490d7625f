"""Runs a plan, and stops at the first command that fails."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO

from shared.commands.deploy.steps import (
    Choose,
    Keep,
    Pipeline,
    Plan,
    Require,
    Run,
    Step,
    programs_of,
)
from shared.commands.errors import CommandError

_HOW_TO_GET = {
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "firebase": "npm install -g firebase-tools",
}


class ToolMissing(CommandError):
    """A program that the plan needs is not installed."""


class StepFailed(CommandError):
    """A command failed, or what is required was not found; the steps before it are done."""


class Runner:
    """Runs plans in one directory. What commands print on standard error stays visible."""

    def __init__(
        self, directory: Path, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self._directory = directory
        self._environment = environment
        self._say = say

    def run(self, plan: Plan) -> None:
        """Run all stages; raises `ToolMissing` before the first one, `StepFailed` in between."""
        self._require_programs(plan)
        values: dict[str, str] = {}
        for number, stage in enumerate(plan, 1):
            self._say(f"[{number}/{len(plan)}] {stage.title}")
            self._take(stage.steps, values)

    def _require_programs(self, plan: Plan) -> None:
        path = self._environment.get("PATH")
        missing = [name for name in programs_of(plan) if not shutil.which(name, path=path)]
        if missing:
            hints = [f"{m} ({_HOW_TO_GET[m]})" if m in _HOW_TO_GET else m for m in missing]
            raise ToolMissing(f"Not found on the PATH: {', '.join(hints)}")

    def _take(self, steps: Iterable[Step], values: dict[str, str]) -> None:
        for step in steps:
            match step:
                case Run(commands):
                    self._pipe(commands, values, keep=False)
                case Keep(variable, commands, otherwise):
                    values[variable.name] = self._pipe(commands, values, keep=True, why=otherwise)
                case Require(variable, otherwise):
                    if not values[variable.name]:
                        raise StepFailed(otherwise)
                case Choose(variable, found, absent):
                    self._take(found if values[variable.name] else absent, values)

    def _pipe(
        self, commands: Pipeline, values: Mapping[str, str], *, keep: bool, why: str = ""
    ) -> str:
        """Run commands that read each other's output; as under `set -o pipefail`, all must work."""
        processes: list[subprocess.Popen[str]] = []
        feed: IO[str] | int = subprocess.DEVNULL
        for index, one in enumerate(commands):
            is_last = index == len(commands) - 1
            process = subprocess.Popen(
                one.words(values),
                cwd=self._directory,
                env=self._environment,
                stdin=feed,
                stdout=subprocess.PIPE if keep or not is_last else None,
                text=True,
            )
            if not isinstance(feed, int):
                # Only the command that reads it may hold it, or the one before would never learn
                # that nobody does.
                feed.close()
            processes.append(process)
            feed = process.stdout or subprocess.DEVNULL
        output, _ = processes[-1].communicate()
        codes = [process.wait() for process in processes]
        # A command that nobody listens to any more ends by SIGPIPE, and is not to blame.
        for ignored in ({0, -signal.SIGPIPE}, {0}):
            for one, code in zip(commands, codes, strict=True):
                if code not in ignored:
                    failed = f"Exit code {code} from: {shlex.join(one.words(values))}"
                    raise StepFailed("\n".join(filter(None, (failed, why))))
        return (output or "").rstrip("\n")
