"""The Firestore of a run, made ready for the functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from shared.commands.emulator import HOW_TO_GET
from shared.commands.emulator.process import answers
from shared.commands.errors import CommandError
from shared.commands.local.backend import Backend, Embedded, ForeignEmulator, OwnEmulator
from shared.commands.local.data_directory import DataDirectory, Run
from shared.commands.local.emulator_keeper import EXPORT_INTERVAL, EmulatorKeeper
from shared.embedded import EmbeddedStoreError
from shared.embedded.files import fold_in, prepare

Say = Callable[[str], None]
Pause = Callable[[float], None]


@dataclass(frozen=True)
class Firestore:
    """A Firestore that answers.

    `environment` is what the functions need to reach it; `keeper` looks after the emulator where
    that belongs to the run.
    """

    description: str
    environment: Mapping[str, str]
    keeper: EmulatorKeeper | None = None


def ready(
    backend: Backend,
    data: DataDirectory,
    *,
    project: str,
    say: Say,
    pause: Pause,
    stack: ExitStack,
) -> Firestore:
    """Start what has to be started, to be stopped by `stack`; raises `CommandError`."""
    data.write_run(Run(backend=backend.kind, project=project))
    stack.callback(data.forget_run)
    match backend:
        case ForeignEmulator(host):
            if not answers(host):
                raise CommandError(f"No emulator answers at FIRESTORE_EMULATOR_HOST={host}")
            data.amend_run(emulator_host=host)
            return Firestore(
                f"Firestore emulator at {host}, which keeps its data itself", _reaching(host)
            )
        case Embedded(instead):
            if instead:
                say(f"No Firestore emulator: {instead}. To get it, {HOW_TO_GET}.")
            _mention_other_data(backend.kind, data, say)
            try:
                prepare(data.embedded)
            except EmbeddedStoreError as error:
                raise CommandError(f"The embedded store cannot be opened: {error}") from None
            # Also where the functions' process did not come to it.
            stack.callback(fold_in, data.embedded)
            return Firestore(
                f"embedded store in {data.embedded}, each commit synced to the disk",
                {"LEDGER_BACKEND": backend.kind, "FIRESTORE_EMULATOR_HOST": ""},
            )
        case OwnEmulator(installation):
            _mention_other_data(backend.kind, data, say)
            say("Starting the Firestore emulator.")
            keeper = EmulatorKeeper(installation, data, project=project, say=say)
            stack.callback(keeper.stop)
            keeper.start(pause)
            return Firestore(
                f"Firestore emulator ({installation.origin}) at {keeper.host}, exported to "
                f"{data.emulator} {EXPORT_INTERVAL:.0f} s after a change and on exit",
                _reaching(keeper.host),
                keeper,
            )


def _reaching(host: str) -> dict[str, str]:
    return {
        "LEDGER_BACKEND": "emulator",
        "FIRESTORE_EMULATOR_HOST": host,
    }


def _mention_other_data(kind: str, data: DataDirectory, say: Say) -> None:
    for other in data.holding():
        if other != kind:
            say(f"Note: {data.root} also holds data of the {other} backend, not shown now.")
