"""Makes the virtual environment, and installs into it what is missing.

    python3 shared/commands/install.py venv requirements.txt [tests/requirements.txt ...]

Run by `make` before everything else, so it imports nothing but the standard library. Nothing is
done where the same files were installed by an earlier run; what cannot be done is said in a
sentence, and a `venv` that was begun is taken away again.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# What pip prints where it reaches nobody.
UNREACHABLE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
)
# A requirement that holds on every machine, in a file made by `make lock`.
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\$", re.MULTILINE)
NAME_MISSING = """
import json, sys
from importlib.metadata import version
for name, wanted in json.loads(sys.argv[1]).items():
    assert version(name) == wanted, f"{name} is not at {wanted}"
"""
UNTRUSTED = re.compile(r"CERTIFICATE_VERIFY_FAILED")


class InstallError(Exception):
    """Nothing can be installed; the text says why, and what to do about it."""


class Environment:
    """The virtual environment in `folder`, with a note of what was installed into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._note = folder / ".installed.json"

    def made_by(self) -> str | None:
        """The Python that made it, as `3.11`; what is installed is for that one alone.

        https://docs.python.org/3/library/venv.html#how-venvs-work
        """
        try:
            configuration = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8")
        except OSError:
            return None
        found = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", configuration, re.MULTILINE)
        return found and found[1]

    def works(self) -> bool:
        """Whether it has a Python that runs: the one that it was made by may be gone."""
        try:
            done = subprocess.run(
                [self.python, "-I", "-m", "pip", "--version"], capture_output=True, check=False
            )
        except OSError:
            return False
        return done.returncode == 0

    def noted(self) -> dict[str, str]:
        """Digests of the requirement files that are installed, by name."""
        try:
            noted: dict[str, str] = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted

    def note(self, noted: dict[str, str]) -> None:
        self._note.write_text(json.dumps(noted), encoding="utf-8")

    def make(self) -> None:
        """Make it anew, empty."""
        if importlib.util.find_spec("ensurepip") is None:
            raise InstallError(
                "Python's own module for virtual environments is missing; on Debian and Ubuntu, "
                "`apt install python3-venv` brings it"
            )
        # Of the Python that this environment was made by, where it is that one's own.
        base = getattr(sys, "_base_executable", sys.executable)
        done = _run([base, "-I", "-m", "venv", "--clear", self.folder])
        if done.returncode:
            raise InstallError(f"No virtual environment could be made: {_last_line(done)}")

    def install(self, file: Path) -> None:
        """Install what this file requires, and see that it is there."""
        pip: list[str | Path] = [self.python, "-I", "-m", "pip", "--disable-pip-version-check"]
        # Where to is decided here, whatever pip.conf and PIP_ variables say. What they say about
        # indexes, proxies, certificates and constraints stays.
        # https://pip.pypa.io/en/stable/cli/pip_install/
        into = ["--no-user", "--target=", f"--prefix={self.folder.absolute()}"]
        pip += ["install", "--quiet", "--require-hashes", *into, "-r", file]
        done = _run(pip)
        if done.returncode:
            raise InstallError(_reason(done))
        pins = dict(PIN.findall(file.read_text(encoding="utf-8")))
        done = _run([self.python, "-I", "-c", NAME_MISSING, json.dumps(pins)])
        if done.returncode:
            raise InstallError(f"pip did not install into {self.folder}: {_last_line(done)}")


def install(folder: Path, files: list[Path]) -> None:
    """See to it that `folder` has what the files require, for the Python that runs this.

    An environment of another Python is made anew. Raises `InstallError`.
    """
    environment = Environment(folder)
    noted = environment.noted()
    own = "{}.{}".format(*sys.version_info)
    wanted = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    is_own = environment.made_by() == own and environment.python.exists()
    if is_own and wanted.items() <= noted.items():
        return
    if not os.access(folder if folder.exists() else folder.absolute().parent, os.W_OK):
        raise InstallError(
            f"{Path.cwd()} cannot be written by this user; work in a copy of it "
            f"(`git clone {Path.cwd()} ~/ledger`), or let its owner run this once"
        )
    fresh = not (is_own and environment.works())
    try:
        if fresh:
            print(f"Making {folder} for Python {own}.", flush=True)
            environment.make()
            noted = {}
        for name, digest in wanted.items():
            if noted.get(name) != digest:
                print(f"Installing {name}.", flush=True)
                environment.install(Path(name))
                noted[name] = digest
    except BaseException:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    environment.note(noted)


def _run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    # Fewer tries than pip's own five, which take half a minute where there is no network.
    environment = {"PIP_RETRIES": "1", **os.environ}
    # Another Python than that of the environment.
    environment.pop("PIP_PYTHON", None)
    return subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if UNTRUSTED.search(done.stdout):
        return (
            "The package index shows a certificate that this machine does not trust; name the file "
            "with your network's certificates in PIP_CERT, and run the command again"
        )
    if UNREACHABLE.search(done.stdout):
        return (
            "The packages cannot be fetched: the package index cannot be reached from here; "
            "connect to the network, or name your index in PIP_INDEX_URL or your proxy in "
            "PIP_PROXY, and run the command again"
        )
    return f"The packages cannot be installed; pip says:\n{done.stdout.strip()}"


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stdout.strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    arguments = parser.parse_args()
    try:
        install(arguments.folder, arguments.files)
    except InstallError as error:
        print(f"{error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
