"""Which Firestore a local run uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from shared.commands.emulator import HOW_TO_GET, EmulatorMissing, Installation
from shared.commands.errors import CommandError


@dataclass(frozen=True, slots=True)
class ForeignEmulator:
    """An emulator that somebody else started, and whose data is theirs to keep."""

    host: str
    kind: ClassVar[str] = "emulator"


@dataclass(frozen=True, slots=True)
class OwnEmulator:
    """An emulator that the run starts and stops."""

    installation: Installation
    kind: ClassVar[str] = "emulator"


@dataclass(frozen=True, slots=True)
class Embedded:
    """The store inside the functions' process. `instead` says why there is no emulator, if so."""

    instead: str | None = None
    kind: ClassVar[str] = "embedded"


Backend = ForeignEmulator | OwnEmulator | Embedded


def choose(environment: Mapping[str, str], find: Callable[[], Installation]) -> Backend:
    """The backend for this environment; `find` looks for the emulator of this machine.

    LEDGER_BACKEND forces one. Else it is the emulator: the one that runs at
    FIRESTORE_EMULATOR_HOST, or one that `find` finds. Failing these, the embedded store.
    Raises `CommandError` where the forced one cannot be had.
    """
    forced = environment.get("LEDGER_BACKEND", "")
    if forced == "embedded":
        return Embedded()
    if forced not in {"", "emulator"}:
        raise CommandError("LEDGER_BACKEND must be emulator or embedded")
    running = environment.get("FIRESTORE_EMULATOR_HOST")
    if running:
        return ForeignEmulator(running)
    try:
        return OwnEmulator(find())
    except EmulatorMissing as missing:
        if forced:
            raise CommandError(
                f"LEDGER_BACKEND=emulator, but {missing}. To get it, {HOW_TO_GET}."
            ) from None
        return Embedded(instead=str(missing))
