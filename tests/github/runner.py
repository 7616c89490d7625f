"""Runs the action as a GitHub runner does: action.yml's own command in action.yml's environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.github.repositories import ZEROS, git_environment
from tests.github.stub_ledger import KEY

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "track-contributions"
PROGRAM = ACTION / "track"
REPOSITORY = "octo/demo"
SERVER = "https://github.com"
# As the runner calls them: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
SHELLS = {"sh": ("sh", "-e"), "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail")}


@dataclass(frozen=True)
class Run:
    """What a finished step leaves behind."""

    status: int
    stdout: str
    stderr: str
    outputs: dict[str, str]
    summary: str

    def annotations(self, kind: str) -> list[str]:
        """Return the texts of the `notice`, `warning` or `error` annotations."""
        found = re.findall(rf"^::{kind} title=[^:]*::(.*)$", self.stdout, re.MULTILINE)
        return [str(text) for text in found]

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Return the outputs recorded, replayed, rejected, failed."""
        recorded, replayed, rejected, failed = (
            int(self.outputs[name]) for name in ("recorded", "replayed", "rejected", "failed")
        )
        return recorded, replayed, rejected, failed

    @property
    def log(self) -> str:
        """Return all that people get to read: the runner keeps `add-mask` lines to itself."""
        shown = re.sub(r"^::add-mask::.*\n", "", self.stdout, flags=re.MULTILINE)
        return shown + self.stderr + self.summary


def action_definition() -> dict[str, Any]:
    definition: dict[str, Any] = yaml.safe_load((ACTION / "action.yml").read_text("utf-8"))
    return definition


@dataclass
class Backfill:
    """The command on a clone, as an operator types it."""

    clone: Path
    url: str
    repository: str = REPOSITORY
    environment: dict[str, str] = field(default_factory=lambda: {"LEDGER_API_KEY": KEY})

    def command(self, *options: str) -> list[str]:
        given = ["--repo-dir", str(self.clone), "--repository", self.repository, "--url", self.url]
        return [sys.executable, "-I", str(PROGRAM), "backfill", *given, *options]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*options),
            env=git_environment() | self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@dataclass(frozen=True)
class Runner:
    """A runner with a workspace; `home` receives the files that the step reads and writes."""

    home: Path
    workspace: Path
    repository: str = REPOSITORY
    shell: str = "sh"

    def push(
        self,
        before: str,
        after: str,
        *,
        branch: str = "main",
        default_branch: str = "main",
        listed: Iterable[str] = (),
        inputs: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        """Run the step for a push, with the payload's fields that GitHub sends."""
        event = {
            "ref": f"refs/heads/{branch}",
            "before": before,
            "after": after,
            "created": before == ZEROS,
            "deleted": after == ZEROS,
            "repository": {"full_name": self.repository, "default_branch": default_branch},
            "commits": [{"id": commit, "distinct": True} for commit in listed],
        }
        return self.step(event, inputs=inputs or {}, environment=environment or {})

    def catch_up(
        self,
        name: str,
        head: str,
        *,
        branch: str = "main",
        default_branch: str = "",
        inputs: Mapping[str, str],
    ) -> Run:
        """Run the step for an event that brings no commits; `schedule` names no repository."""
        repository = {"repository": {"default_branch": default_branch}} if default_branch else {}
        where = {"GITHUB_REF": f"refs/heads/{branch}", "GITHUB_SHA": head}
        return self.step(repository, name=name, inputs=inputs, environment=where)

    def step(
        self,
        event: Mapping[str, object],
        *,
        name: str = "push",
        inputs: Mapping[str, str],
        environment: Mapping[str, str],
    ) -> Run:
        (step,) = action_definition()["runs"]["steps"]
        assert step["shell"] == "${{ runner.os == 'Windows' && 'bash' || 'sh' }}"
        environ = self.environ(event, name=name, inputs=inputs) | dict(environment)
        script = self.home / "step.sh"
        script.write_text(step["run"], "utf-8")
        done = subprocess.run(
            [*SHELLS[self.shell], str(script)],
            cwd=self.workspace,
            env=environ,
            capture_output=True,
            timeout=120,
            check=False,
        )
        stdout, stderr = (stream.decode("utf-8") for stream in (done.stdout, done.stderr))
        return self.collect(environ, done.returncode, stdout, stderr)

    def environ(
        self, event: Mapping[str, object], *, name: str = "push", inputs: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the step's environment: the runner's variables, and action.yml's `env`."""
        self.home.mkdir(exist_ok=True)
        (self.home / "event.json").write_text(json.dumps(event), "utf-8")
        definition = action_definition()
        (step,) = definition["runs"]["steps"]
        environ = git_environment() | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ACTION),
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(self.home / "event.json"),
            "GITHUB_OUTPUT": str(self.home / "output"),
            "GITHUB_REF": str(event.get("ref", "")),
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_SERVER_URL": SERVER,
            "GITHUB_SHA": str(event.get("after", "")),
            "GITHUB_STEP_SUMMARY": str(self.home / "summary.md"),
            "GITHUB_WORKSPACE": str(self.workspace),
        }
        given = _given(definition, inputs)
        return environ | {key: _evaluate(value, given) for key, value in step["env"].items()}

    def collect(self, environ: Mapping[str, str], status: int, stdout: str, stderr: str) -> Run:
        """Return the run after reading, and emptying, the files that it wrote."""
        output, summary = (Path(environ[name]) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
        texts = [path.read_text("utf-8") if path.exists() else "" for path in (output, summary)]
        for path in (output, summary):
            path.unlink(missing_ok=True)
        pairs = dict(line.split("=", 1) for line in texts[0].splitlines())
        return Run(status, stdout, stderr, pairs, texts[1])


def _given(definition: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, str]:
    """Return what each expression in action.yml stands for; an unknown input is a mistake."""
    declared: dict[str, Any] = definition["inputs"]
    assert set(inputs) <= set(declared), set(inputs) - set(declared)
    values = {"github.token": "", "github.action_path": str(ACTION)}
    for name, declaration in declared.items():
        default = _evaluate(str(declaration.get("default", "")), values)
        values[f"inputs.{name}"] = inputs.get(name, default)
    return values


def _evaluate(value: str, given: Mapping[str, str]) -> str:
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda match: given[match[1]], value)
