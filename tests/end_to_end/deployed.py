"""What a deployment is made of: the uploaded files, what they install, and how one is served."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from shared.commands.processes import GroupProcess
from tests.end_to_end.local_run import ROOT, eventually
from tests.ports import own_port


def copy_uploaded_files(target: Path) -> None:
    """Copy what `gcloud functions deploy` would upload.

    .gcloudignore has the syntax of .gitignore, so git can say what it leaves out.
    """
    everything = _git_files("--cached", "--others", "--exclude-standard")
    left_out = _git_files("--cached", "--others", "--ignored", "--exclude-from=.gcloudignore")
    for path in everything - left_out:
        if (ROOT / path).exists():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target / path)


def _git_files(*options: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(filter(None, listed.stdout.split("\0")))


def install(source: Path, venv: Path) -> Path:
    """A new virtual environment with the source's requirements only; returns its `bin`."""
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    requirements = str(source / "requirements.txt")
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    subprocess.run([*pip, "--require-hashes", "-r", requirements], check=True)
    return venv / "bin"


class Deployment:
    """The uploaded files beside a virtual environment that holds what they require."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.source.mkdir()
        copy_uploaded_files(self.source)
        self.bin = install(self.source, folder / "venv")

    @contextmanager
    def serve(self, target: str, log: Path, **variables: str) -> Iterator[httpx.Client]:
        """One function as the buildpack serves it: by its console script, in the source folder.

        `variables` are all of its environment, beside what every process has.
        """
        port = own_port()
        environment = {
            "PATH": f"{self.bin}{os.pathsep}{os.defpath}",
            "HOME": str(log.parent),
            "PORT": str(port),
            "FUNCTION_TARGET": target,
            **variables,
        }
        script = [str(self.bin / "functions-framework"), "--target", target]
        with log.open("wb") as output:
            process = GroupProcess.start(
                script, environment=environment, output=output, folder=self.source
            )
        address = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                eventually(lambda: _is_up(process, client, log), what=f"{target} answers")
                yield client
        finally:
            process.stop(grace=5)


def _is_up(process: GroupProcess, client: httpx.Client, log: Path) -> bool:
    assert not process.ending, log.read_text(encoding="utf-8")
    try:
        # Answered by the framework itself, with 404.
        client.get("/robots.txt")
    except httpx.TransportError:
        return False
    return True
