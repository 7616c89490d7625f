"""The whole deployment, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.commands.deploy import foundation, functions, monitoring
from shared.commands.deploy.options import Options
from shared.commands.deploy.steps import Plan
from shared.commands.rewrites import Rewrites


@dataclass(frozen=True, slots=True)
class Source:
    """What the project's own files say is to be deployed. Paths are relative to its root."""

    entry_points: Sequence[str]
    metrics: Sequence[str]
    alerts: Sequence[str]

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read `firebase.json` and `shared/monitoring`."""
        entry_points = Rewrites.load(root / "firebase.json").entry_points()
        return cls(tuple(entry_points), _files(root, "metrics"), _files(root, "alerts"))


def plan(options: Options, source: Source) -> Plan:
    """All stages. Each may be run again, whatever was done of it before."""
    return (
        foundation.checks(options),
        foundation.services(options),
        foundation.identity(options),
        monitoring.metrics(options, source.metrics),
        foundation.database(options),
        functions.secrets(options),
        functions.functions(options, source.entry_points),
        functions.hosting(options),
        monitoring.alerts(options, source.alerts),
        functions.smoke(options),
    )


def _files(root: Path, folder: str) -> list[str]:
    found = sorted((root / "shared" / "monitoring" / folder).glob("*.yaml"))
    return [file.relative_to(root).as_posix() for file in found]
