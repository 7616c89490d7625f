"""`make run`: every function on this machine, on a Firestore that keeps its data.

Variables: PORT, HOST, THREADS, LEDGER_BACKEND (emulator or embedded), LEDGER_DATA_DIR,
LEDGER_API_KEYS, GOOGLE_CLOUD_PROJECT, FIRESTORE_EMULATOR_HOST (an emulator that runs already),
FIRESTORE_EMULATOR_BINARY_PATH (the emulator's jar).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from shared.commands.emulator import find_emulator
from shared.commands.errors import CommandError
from shared.commands.local.backend import choose
from shared.commands.local.banner import banner
from shared.commands.local.data_directory import DataDirectory
from shared.commands.local.emulator_keeper import rescue
from shared.commands.local.environment import local_environment
from shared.commands.local.firestore import ready
from shared.commands.local.functions_process import FunctionsProcess, listen
from shared.commands.local.signals import Stopped, StopSignals, stop_signals
from shared.web.settings import Settings, SettingsError

_TICK = 0.2  # seconds


def say(text: str) -> None:
    """Tell the person at the terminal, if that still exists."""
    with suppress(OSError):
        print(text, flush=True)


def run(environment: dict[str, str], signals: StopSignals, *, target: str = "run") -> None:
    """Serve until a signal, for this `target` of `make`.

    Raises `CommandError`, or `Stopped` at the signal.
    """
    try:
        settings = Settings.from_environment(environment)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    port = _number("PORT", environment)
    # Read by the functions' process, where a mistake would be a stack trace.
    _number("THREADS", environment)
    backend = choose(environment, lambda: find_emulator(environment, home=Path.home()))
    data = DataDirectory(settings.data_dir)
    data.create()
    environment["LEDGER_DATA_DIR"] = str(data.root)

    with ExitStack() as stack:
        stack.enter_context(data.held())
        listener = stack.enter_context(listen(environment["HOST"], port, target=target))
        FunctionsProcess.end_left_behind(data)
        rescue(data, say)
        firestore = ready(
            backend,
            data,
            project=environment["GOOGLE_CLOUD_PROJECT"],
            say=say,
            pause=signals.pause,
            stack=stack,
        )
        keeper = firestore.keeper
        functions = FunctionsProcess(
            listener,
            data,
            source=Path("main.py").resolve(),
            environment={**environment, **firestore.environment},
            changed_file=keeper.changed_file if keeper else None,
            say=say,
        )
        stack.callback(lambda: functions.stop(hurry=lambda: signals.urgent))
        functions.start()
        say(banner(listener, settings, environment, firestore.description))
        while True:
            signals.pause(_TICK)
            functions.tick()
            if keeper:
                keeper.tick(signals.pause)


def _number(name: str, environment: Mapping[str, str]) -> int:
    try:
        return int(environment[name])
    except ValueError:
        raise CommandError(f"{name} must be a number, not {environment[name]!r}") from None


def until_stopped(serve: Callable[[StopSignals], None]) -> int:
    """Do this until a signal; returns the exit code."""
    with stop_signals() as signals:
        try:
            serve(signals)
        except Stopped:
            say("Stopped.")
        except CommandError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def main() -> int:
    """Run the command; returns its exit code."""
    return until_stopped(lambda signals: run(local_environment(os.environ), signals))


if __name__ == "__main__":
    sys.exit(main())
