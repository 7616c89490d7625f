"""The Firestore emulator on this machine: finding it, running it, keeping its data."""

from __future__ import annotations

from shared.commands.emulator.exports import Exports
from shared.commands.emulator.process import Emulator, EmulatorError
from shared.commands.emulator.search import (
    HOW_TO_GET,
    EmulatorMissing,
    Installation,
    find_emulator,
)

__all__ = [
    "HOW_TO_GET",
    "Emulator",
    "EmulatorError",
    "EmulatorMissing",
    "Exports",
    "Installation",
    "find_emulator",
]
