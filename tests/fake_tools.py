"""Stand-ins for gcloud, firebase-tools and this project's smoke check, for tests of deployments.

What each of them does is in `fake_tools_program`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.commands.deploy.options import Options
from shared.commands.deploy.script import script
from shared.commands.rewrites import Rewrites

ROOT = Path(__file__).resolve().parent.parent
PROJECT = "test-project"
_PROGRAM = Path(__file__).with_name("fake_tools_program.py")


class FakeTools:
    """Executables in a folder, and what they have done so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bin"

    @classmethod
    def make(cls, folder: Path, *names: str) -> FakeTools:
        """New ones, of an empty project."""
        self = cls(folder)
        self.path.mkdir(parents=True)
        for name in names or ("gcloud", "firebase", "python"):
            tool = self.path / name
            # Without site packages it starts in a third of the time, and there are many starts.
            program = shlex.join([sys.executable, "-I", "-S", str(_PROGRAM), str(folder), name])
            tool.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")
            tool.chmod(0o755)
        self.state = {"projects": [PROJECT], "logged_in": ["gcloud", "firebase"]}
        return self

    @property
    def python(self) -> str:
        """Runs this project's own commands, but not the smoke check."""
        return str(self.path / "python")

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.path}{os.pathsep}{os.defpath}"}

    @property
    def state(self) -> dict[str, Any]:
        """What there is, by kind."""
        loaded: dict[str, Any] = json.loads((self.folder / "state").read_text(encoding="utf-8"))
        return loaded

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        (self.folder / "state").write_text(json.dumps(state), encoding="utf-8")

    @property
    def calls(self) -> list[list[str]]:
        """The command lines so far."""
        if not (self.folder / "calls").exists():
            return []
        lines = (self.folder / "calls").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def copy(self, folder: Path) -> FakeTools:
        """Others that begin where these are now, with no calls yet."""
        copied = FakeTools.make(folder)
        copied.state = self.state
        return copied

    def deploy(
        self,
        *,
        functions: Iterable[str] | None = None,
        environment: Mapping[str, str] | None = None,
        **chosen: Any,
    ) -> subprocess.CompletedProcess[str]:
        """Deploy with these tools: all functions, where none are named."""
        options = Options(**{"project": PROJECT, "python": self.python, **chosen})
        if functions is None:
            functions = Rewrites.load(ROOT / "firebase.json").function_ids()
        bash = shutil.which("bash")
        assert bash
        return subprocess.run(
            [bash, "-c", script(options, functions, root=ROOT)],
            env=self.environment if environment is None else environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
