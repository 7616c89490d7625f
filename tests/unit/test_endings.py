"""A test run always ends: one whose worker dies, and one that hangs, with the name of the test."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import main

ROOT = Path(main.__file__).parent
# As `make test` has it.
[PARALLEL] = re.findall(r"^PARALLEL := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

# By then the other worker is done, and nobody is left to take this one's place.
DIES = "import os, signal, time; time.sleep(2); os.kill(os.getpid(), signal.SIGKILL)"
WAITS = "import time; time.sleep(600)"
# Holds on to the interpreter all the while, as C code may do.
HANGS_IN_C = "import ctypes; ctypes.PyDLL(None).sleep(600)"
FILE = """\
import pytest

@pytest.fixture
def hangs_afterwards():
    yield
    import time; time.sleep(600)

def test_before(): pass

def test_bad({fixture}):
    {body}

def test_after(): pass
"""


def run_tests(folder: Path, body: str, *options: str, fixture: str = "") -> tuple[int, str]:
    """Exit code and output of a run of some tests, with the project's own configuration."""
    (folder / "test_bad.py").write_text(FILE.format(body=body, fixture=fixture))
    for number in range(3):
        (folder / f"test_good_{number}.py").write_text("def test_good(): pass\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml")),
            *(f"--rootdir={folder}", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=3"),
            *(*options, str(folder)),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=150,
    )
    return done.returncode, done.stdout


def test_a_worker_that_dies_ends_the_run_with_the_name_of_its_test(tmp_path: Path) -> None:
    # It dies long before it has hung.
    limit = ("-o", "faulthandler_timeout=60")
    code, output = run_tests(tmp_path, DIES, *PARALLEL.split(), *limit)
    assert code == 1
    assert re.search(r"worker 'gw\d' crashed while running 'test_bad.py::test_bad'", output), output
    # Where one is replaced, the run may as well stand still.
    assert "replacing crashed worker" not in output


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(WAITS, id="waits", marks=pytest.mark.long),
        pytest.param(HANGS_IN_C, id="hangs in C"),
    ],
)
def test_a_test_that_hangs_ends_the_run_with_its_name_and_all_stacks(
    tmp_path: Path, body: str
) -> None:
    code, output = run_tests(tmp_path, body, *PARALLEL.split())
    assert code == 1
    assert re.search(r"worker 'gw\d' crashed while running 'test_bad.py::test_bad'", output), output
    assert "Timeout (0:00:03)!" in output
    assert re.search(r'File ".*test_bad\.py", line \d+ in test_bad\n', output)
    # The worker's other thread, which talks to the run.
    assert output.count("Thread 0x") > 1


def test_one_that_hangs_after_it_failed_ends_the_run_as_well(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    code, output = run_tests(tmp_path, "assert False", "-n0", fixture="hangs_afterwards")
    assert code == 1
    assert re.search(r'File ".*test_bad\.py", line \d+ in hangs_afterwards\n', output), output
