"""The emulator of a run: started with the latest data, exported from, started again if it dies."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from shared.commands.emulator import Emulator, EmulatorError, Installation
from shared.commands.emulator.exports import NAME, metadata
from shared.commands.emulator.process import end_left_behind, export, runs_at
from shared.commands.local.data_directory import DataDirectory
from shared.commands.local.restarts import Restarts

# In seconds: after a change that the functions made, and for what others may have written.
EXPORT_INTERVAL = 2.0
_EXPORT_ANYWAY = 30.0
# An export may take this share of the time, so that much data does not slow the emulator down.
_EXPORT_SHARE = 0.2

Say = Callable[[str], None]
Pause = Callable[[float], None]


def rescue(data: DataDirectory, say: Say) -> None:
    """Take over the data of an emulator that an earlier run left behind, and end it."""
    earlier = data.run()
    if not (earlier and earlier.emulator_host and earlier.emulator_pid):
        return
    host, pid = earlier.emulator_host, earlier.emulator_pid
    if not runs_at(pid, host):
        return
    say(f"An earlier run was killed; taking over the data of its emulator at {host}.")
    try:
        data.exports.add(lambda folder: export(host, earlier.project, folder, NAME))
    except EmulatorError as error:
        say(f"{error}. The latest export is used instead.")
    end_left_behind(pid, host)


class EmulatorKeeper:
    """Runs the emulator on the data of a `DataDirectory`, which is held by this run."""

    def __init__(
        self, installation: Installation, data: DataDirectory, *, project: str, say: Say
    ) -> None:
        self._installation = installation
        self._data = data
        self._project = project
        self._say = say
        self._emulator: Emulator | None = None
        self._answering = False
        self._restarts = Restarts("the Firestore emulator")
        self._next_export = self._export_at_latest = 0.0
        self._exported_change = 0
        # Touched by the functions' process whenever data may have changed.
        self.changed_file = data.emulator / "changed"

    @property
    def host(self) -> str:
        """`address:port` of the emulator; it stays the same for the whole run."""
        return self._running.host

    def start(self, pause: Pause) -> None:
        """Start with the newest export that can be imported, and wait until it answers."""
        self.changed_file.touch()
        self._start(pause, port=None)
        self._exported_change = self._change
        self._schedule(took=0.0)

    def tick(self, pause: Pause) -> bool:
        """Export if it is time to. Returns whether the emulator had died and was started again."""
        if self._running.ending:
            self._restarts.note()
            self._say(
                f"The Firestore emulator ended ({self._running.ending}). Starting it again with "
                "the latest export; what was recorded after that is lost."
            )
            self._start(pause, port=int(self.host.rpartition(":")[2]))
            return True
        now = time.monotonic()
        changed = self._change != self._exported_change
        if (changed and now >= self._next_export) or now >= self._export_at_latest:
            try:
                self.export()
            except EmulatorError as error:
                self._say(f"{error}. It is tried again.")
                self._schedule(took=time.monotonic() - now)
        return False

    def export(self) -> None:
        """Export everything now; raises `EmulatorError`."""
        change, began = self._change, time.monotonic()
        self._data.exports.add(lambda folder: export(self.host, self._project, folder, NAME))
        self._exported_change = change
        self._schedule(took=time.monotonic() - began)

    def stop(self) -> None:
        """Export what there is and end the emulator."""
        if not self._emulator:
            return
        try:
            # One that was stopped while it started may not have imported everything.
            if self._answering and not self._emulator.ending:
                self.export()
        except EmulatorError as error:
            self._say(f"{error}. The next run starts with the latest export before this.")
        finally:
            self._emulator.stop()

    def _start(self, pause: Pause, port: int | None) -> None:
        failed: list[tuple[Path, EmulatorError]] = []
        for candidate in (*self._data.exports.complete(), None):
            try:
                self._start_with(candidate, pause, port)
                break
            except EmulatorError as error:
                if candidate is None:
                    # Not even without data, so the exports are not to blame.
                    raise
                failed.append((candidate, error))
        for damaged, reason in failed:
            aside = self._data.exports.set_aside(damaged)
            self._say(f"An export could not be imported and was set aside as {aside}: {reason}")

    def _start_with(self, newest: Path | None, pause: Pause, port: int | None) -> None:
        self._answering = False
        Emulator.start(
            self._installation,
            log=self._data.emulator / "emulator.log",
            port=port,
            metadata=metadata(newest) if newest else None,
            pause=pause,
            started=self._note,
        )
        self._answering = True

    def _note(self, emulator: Emulator) -> None:
        self._emulator = emulator
        # Before it answers: if this run is killed now, the next one still finds the process.
        self._data.amend_run(emulator_host=emulator.host, emulator_pid=emulator.pid)

    @property
    def _running(self) -> Emulator:
        if not self._emulator:
            raise EmulatorError("the Firestore emulator was not started")
        return self._emulator

    @property
    def _change(self) -> int:
        return self.changed_file.stat().st_mtime_ns

    def _schedule(self, *, took: float) -> None:
        now = time.monotonic()
        self._next_export = now + max(EXPORT_INTERVAL, took / _EXPORT_SHARE)
        self._export_at_latest = now + max(_EXPORT_ANYWAY, took / _EXPORT_SHARE)
