"""`make run`: every function on this machine, on a Firestore that keeps its data.

Variables: PORT, HOST, THREADS, LEDGER_BACKEND (emulator or embedded), LEDGER_DATA_DIR,
LEDGER_API_KEYS, GOOGLE_CLOUD_PROJECT, FIRESTORE_EMULATOR_HOST (an emulator that runs already),
FIRESTORE_EMULATOR_BINARY_PATH (the emulator's jar).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from shared.commands.emulator import HOW_TO_GET, find_emulator
from shared.commands.emulator.process import answers
from shared.commands.errors import CommandError
from shared.commands.local.backend import Backend, Embedded, ForeignEmulator, OwnEmulator, choose
from shared.commands.local.banner import banner
from shared.commands.local.data_directory import DataDirectory, Run
from shared.commands.local.emulator_keeper import EXPORT_INTERVAL, EmulatorKeeper, rescue
from shared.commands.local.environment import local_environment
from shared.commands.local.functions_process import FunctionsProcess, listen
from shared.commands.local.signals import Stopped, StopSignals, stop_signals
from shared.web.settings import Settings, SettingsError

_TICK = 0.2  # seconds


def say(text: str) -> None:
    """Tell the person at the terminal, if that still exists."""
    with suppress(OSError):
        print(text, flush=True)


def run(environment: dict[str, str], signals: StopSignals) -> None:
    """Serve until a signal; raises `CommandError`, or `Stopped` at the signal."""
    try:
        settings = Settings.from_environment(environment)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    backend = choose(environment, lambda: find_emulator(environment, home=Path.home()))
    data = DataDirectory(settings.data_dir)
    data.create()
    environment["LEDGER_DATA_DIR"] = str(data.root)

    with ExitStack() as stack:
        stack.enter_context(data.held())
        listener = stack.enter_context(listen(environment["HOST"], _port(environment)))
        FunctionsProcess.end_left_behind(data)
        rescue(data, say)
        keeper = _start_backend(backend, environment, data, signals, stack)
        functions = FunctionsProcess(
            listener,
            data,
            source=Path("main.py").resolve(),
            environment=environment,
            changed_file=keeper.changed_file if keeper else None,
            say=say,
        )
        stack.callback(lambda: functions.stop(hurry=lambda: signals.urgent))
        functions.start(signals.pause)
        say(banner(listener, settings, environment, _describe(backend, data, keeper)))
        while True:
            signals.pause(_TICK)
            functions.tick()
            if keeper:
                keeper.tick(signals.pause)


def _start_backend(
    backend: Backend,
    environment: dict[str, str],
    data: DataDirectory,
    signals: StopSignals,
    stack: ExitStack,
) -> EmulatorKeeper | None:
    """Make the backend ready, and tell the functions about it in the environment."""
    project = environment["GOOGLE_CLOUD_PROJECT"]
    keeper = None
    if isinstance(backend, OwnEmulator):
        keeper = EmulatorKeeper(backend.installation, data, project=project, say=say)
    kind = "embedded" if isinstance(backend, Embedded) else "emulator"
    data.write_run(Run(backend=kind, project=project))
    stack.callback(data.forget_run)
    if not isinstance(backend, ForeignEmulator):
        for other in set(data.holding()) - {kind}:
            say(
                f"Note: {data.root} also holds data of the {other} backend, which is not shown now."
            )

    environment["LEDGER_BACKEND"] = kind
    match backend:
        case Embedded(instead):
            environment.pop("FIRESTORE_EMULATOR_HOST", None)
            if instead:
                say(f"No Firestore emulator: {instead}. To get it, {HOW_TO_GET}.")
        case ForeignEmulator(host):
            if not answers(host):
                raise CommandError(f"No emulator answers at FIRESTORE_EMULATOR_HOST={host}")
            _reach(host, environment, data)
        case OwnEmulator() if keeper:
            say("Starting the Firestore emulator.")
            stack.callback(keeper.stop)
            keeper.start(signals.pause)
            _reach(keeper.host, environment, data)
    return keeper


def _reach(host: str, environment: dict[str, str], data: DataDirectory) -> None:
    environment["FIRESTORE_EMULATOR_HOST"] = host
    # gRPC would ask a proxy even for this machine.
    environment["no_grpc_proxy"] = host.rpartition(":")[0]
    data.amend_run(emulator_host=host)


def _describe(backend: Backend, data: DataDirectory, keeper: EmulatorKeeper | None) -> str:
    match backend:
        case Embedded():
            return f"embedded store in {data.embedded}, each commit synced to the disk"
        case ForeignEmulator(host):
            return f"Firestore emulator at {host}, which keeps its data itself"
        case OwnEmulator(installation) if keeper:
            return (
                f"Firestore emulator ({installation.origin}) at {keeper.host}, exported to "
                f"{data.emulator} {EXPORT_INTERVAL:.0f} s after a change and on exit"
            )
    raise AssertionError(backend)


def _port(environment: Mapping[str, str]) -> int:
    try:
        return int(environment["PORT"])
    except ValueError:
        raise CommandError(f"PORT must be a number, not {environment['PORT']!r}") from None


def main() -> int:
    """Run the command; returns its exit code."""
    with stop_signals() as signals:
        try:
            run(local_environment(os.environ), signals)
        except Stopped:
            say("Stopped.")
        except CommandError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
