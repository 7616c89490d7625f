"""`make` installs into `venv` and nowhere else, or says why it cannot and leaves nothing behind."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import main
from tests.backends import unavailable

ROOT = Path(main.__file__).parent
SCRIPT = ROOT / "shared" / "commands" / "install.py"
COMMAND = (sys.executable, "-I", str(SCRIPT))
OWN = "{}.{}".format(*sys.version_info)
# Kept by whoever has it: how packages are reached. Decided here: where they go.
HOSTILE = {
    "PIP_USER": "1",
    "PIP_TARGET": "elsewhere",
    "PIP_PREFIX": "elsewhere",
    "PIP_PYTHON": "/nowhere/python",
}
CONFIGURATION = "[install]\nuser = true\ntarget = elsewhere\n[global]\nprefix = elsewhere\n"
# As on a Debian without python3-venv.
WITHOUT_ENSUREPIP = f"""
import runpy, sys
sys.modules["ensurepip"] = None
sys.argv[0] = {str(SCRIPT)!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the requirement of one package, and a wheel of that."""
    folder = tmp_path_factory.mktemp("checkout")
    wheel = folder / "wheels" / "thing-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    content = {
        "thing.py": "",
        "thing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
        "thing-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = "".join(
        f"{name},sha256={_digest(text.encode())},{len(text)}\n" for name, text in content.items()
    )
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**content, "thing-1.0.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requirements = f"thing==1.0 \\\n    --hash=sha256:{digest}\n"
    (folder / "requirements.txt").write_text(requirements)
    return folder


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def install(
    checkout: Path, command: tuple[str, ...] = COMMAND, /, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the installer in a checkout; nothing but its wheels can be had, if not said otherwise."""
    return subprocess.run(
        [*command, "venv", "requirements.txt"],
        cwd=checkout,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(checkout),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": "wheels",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def installed(checkout: Path) -> Path:
    """Installed, although the machine's settings would have it elsewhere."""
    (checkout / "pip.conf").write_text(CONFIGURATION)
    done = install(checkout, PIP_CONFIG_FILE=str(checkout / "pip.conf"), **HOSTILE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"Making venv for Python {OWN}.\nInstalling requirements.txt.\n"
    return checkout


class TestInstalled:
    def test_is_where_it_belongs_whatever_the_settings_say(self, installed: Path) -> None:
        assert (installed / "venv" / "lib" / f"python{OWN}" / "site-packages/thing.py").exists()
        assert not list(installed.rglob("elsewhere"))
        assert len(list(installed.rglob("thing.py"))) == 1

    def test_is_not_installed_again(self, installed: Path) -> None:
        again = install(installed, PIP_FIND_LINKS="")
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    def test_of_another_python_is_made_anew(self, installed: Path) -> None:
        configuration = installed / "venv" / "pyvenv.cfg"
        text = configuration.read_text().replace(f"version = {OWN}", "version = 3.10")
        configuration.write_text(text)
        (installed / "venv" / "old").touch()
        assert install(installed).returncode == 0
        assert not (installed / "venv" / "old").exists()
        assert (installed / "venv" / "lib" / f"python{OWN}" / "site-packages/thing.py").exists()

    def test_is_completed_where_what_is_required_changes(self, installed: Path) -> None:
        requirements = installed / "requirements.txt"
        requirements.write_text(requirements.read_text() + "# A comment.\n")
        done = install(installed)
        assert (done.returncode, done.stdout) == (0, "Installing requirements.txt.\n")


class TestNotInstalled:
    def assert_said(self, done: subprocess.CompletedProcess[str], checkout: Path) -> None:
        """One sentence, and nothing half made."""
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert done.stderr.endswith(".\n")
        assert not (checkout / "venv").exists()

    @pytest.fixture
    def fresh(self, checkout: Path, tmp_path: Path) -> Path:
        shutil.copy(checkout / "requirements.txt", tmp_path)
        return tmp_path

    def test_without_a_network_says_so(self, fresh: Path) -> None:
        with socket.socket() as nobody:
            # Nobody listens there, and nobody else can.
            nobody.bind(("127.0.0.1", 0))
            index = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
            nowhere = {"PIP_INDEX_URL": index, "PIP_NO_INDEX": "", "PIP_FIND_LINKS": ""}
            done = install(fresh, **nowhere)
        self.assert_said(done, fresh)
        assert "the package index cannot be reached from here" in done.stderr
        assert "PIP_PROXY" in done.stderr

    def test_without_the_module_for_environments_names_its_package(self, fresh: Path) -> None:
        done = install(fresh, (sys.executable, "-I", "-c", WITHOUT_ENSUREPIP))
        self.assert_said(done, fresh)
        assert "`apt install python3-venv`" in done.stderr

    def test_in_a_folder_that_cannot_be_written_names_it(self, fresh: Path) -> None:
        as_anybody: tuple[str, ...] = ()
        if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                unavailable("no setpriv, to be anybody else than root")
            as_anybody = ("setpriv", "--bounding-set=-dac_override")
        fresh.chmod(0o555)
        try:
            done = install(fresh, as_anybody + COMMAND)
        finally:
            fresh.chmod(0o755)
        self.assert_said(done, fresh)
        assert done.stderr.startswith(f"{fresh} cannot be written by this user")

    def test_for_another_reason_shows_what_pip_says(self, fresh: Path) -> None:
        done = install(fresh)
        assert done.returncode == 1
        assert "pip says:\n" in done.stderr
        assert "thing==1.0" in done.stderr
        assert not (fresh / "venv").exists()

    def test_elsewhere_is_no_success(self, checkout: Path, fresh: Path) -> None:
        shutil.copytree(checkout / "wheels", fresh / "wheels")
        done = install(fresh, PIP_ROOT="elsewhere")
        self.assert_said(done, fresh)
        assert "pip did not install into venv" in done.stderr


class TestMakefile:
    def make(self, folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def test_lets_no_setting_hide_the_projects_own_modules(self, tmp_path: Path) -> None:
        (tmp_path / "Makefile").write_text(f"include {ROOT}/Makefile\nshow:\n\t@env\n")
        _, shown, _ = self.make(tmp_path, "show", PYTHONSAFEPATH="1", PYTHONHOME="/x", OTHER="1")
        assert "OTHER=1" in shown.splitlines()
        assert "PYTHONSAFEPATH" not in shown
        assert "PYTHONHOME" not in shown

    @pytest.mark.parametrize(
        ("command", "missing"),
        [
            (["backfill", "REPOSITORY=octo/one", "URL=http://x"], "DIR"),
            (["backfill", "DIR=.", "URL=http://x"], "REPOSITORY"),
            (["backfill", "DIR=.", "REPOSITORY=octo/one"], "URL"),
            (["backfill", "REPOSITORY=octo/one", "DRY_RUN=1"], "DIR"),
            (["import"], "FILE"),
            (["aliases", "APPLY=1"], "MAILMAP"),
            (["smoke"], "URL"),
            (["void", "REASON=renamed", "URL=http://x"], "REPOSITORY"),
            (["void", "REPOSITORY=octo/one", "URL=http://x"], "REASON"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else value,
    )
    def test_names_the_variable_that_is_missing_with_an_example(
        self, tmp_path: Path, command: list[str], missing: str
    ) -> None:
        code, _, said = self.make(tmp_path, "-f", str(ROOT / "Makefile"), *command)
        assert code == 2
        first = said.splitlines()[0]
        assert first.startswith(f"{missing} is missing; for example: make {command[0]} ")
        assert f" {missing}=" in first
        assert list(tmp_path.iterdir()) == []

    def test_names_a_python_that_is_too_old(self, tmp_path: Path) -> None:
        old = tmp_path / "old"
        old.write_text(
            f"#!{sys.executable}\n"
            "import sys\nsys.version_info = (3, 9, 7)\nexec(sys.argv[2])\nprint('went on')\n"
        )
        old.chmod(0o755)
        code, out, said = self.make(
            tmp_path, "-f", str(ROOT / "Makefile"), "run-time", f"PYTHON={old}"
        )
        assert (code, out) == (2, "")
        assert f"Python 3.11 or newer is needed, and {old} is 3.9.7." in said
