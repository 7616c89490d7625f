"""`make demo`: a made-up ledger of two years, served as `make run` serves a real one.

It is made once, within seconds, in a folder of its own. Variables: PORT, HOST, THREADS. All others
of `make run` are left aside, so that nothing else is ever touched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from shared.commands.demo.history import history
from shared.commands.demo.making import make_ledger
from shared.commands.local.data_directory import DataDirectory
from shared.commands.local.environment import local_environment
from shared.commands.local.signals import StopSignals
from shared.commands.run import run, say, until_stopped

_FOLDER = Path(".demo")


def demo(environment: Mapping[str, str], folder: Path, signals: StopSignals) -> None:
    """Make the ledger where it is not there yet, and serve it until a signal.

    Raises as `run` does.
    """
    own = _environment(environment, folder)
    data = DataDirectory(folder)
    data.create()
    if not data.embedded.exists():
        say(f"Making up a ledger of two years in {data.root}.")
        # It is taken for one when it is whole.
        unfinished = data.root / "unfinished"
        with data.held():
            shutil.rmtree(unfinished, ignore_errors=True)
            make_ledger(
                unfinished,
                history(datetime.now(UTC)),
                project=own["GOOGLE_CLOUD_PROJECT"],
                going_on=lambda: signals.pause(0),
            )
            unfinished.rename(data.embedded)
    say(f"Nobody in it exists. Without the folder {folder}, the next `make demo` makes it anew.")
    run(own, signals, target="demo")


def _environment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    left_aside = ("LEDGER_", "FIRESTORE_", "GOOGLE_CLOUD_PROJECT")
    kept = {name: text for name, text in environment.items() if not name.startswith(left_aside)}
    return local_environment({**kept, "LEDGER_BACKEND": "embedded", "LEDGER_DATA_DIR": str(folder)})


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="demo", description="Serve a made-up ledger.")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help=f"default: {_FOLDER}")
    folder = parser.parse_args().folder
    return until_stopped(lambda signals: demo(os.environ, folder, signals))


if __name__ == "__main__":
    sys.exit(main())
