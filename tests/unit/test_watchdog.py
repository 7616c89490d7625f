"""A process that a test started is gone when the test run is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from shared.commands.processes import is_process
from tests.end_to_end.local_run import ROOT, eventually

MARK = "import time; time.sleep(600) # started by a test"
TEST_RUN = f"""
import subprocess, sys, time
from tests.watchdog import watched

child = subprocess.Popen([sys.executable, "-c", {MARK!r}], start_new_session=True)
with watched(child.pid):
    print(child.pid, flush=True)
    time.sleep(600)
"""


def test_what_is_watched_ends_with_the_process_that_watches() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TEST_RUN],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as run:
        assert run.stdout
        child = int(run.stdout.readline())
        assert is_process(child, marks=["started by a test"])
        run.send_signal(signal.SIGKILL)
    eventually(lambda: not is_process(child, marks=["started by a test"]), what="the end")


def test_what_is_watched_outlives_the_block(tmp_path: Path) -> None:
    script = "from tests.watchdog import watched\nimport os\nwith watched(os.getpgid(0)): pass\n"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 0
