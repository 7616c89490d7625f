"""The table that the bench prints, and the file that it writes."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure: ours, the floor's, their ratio, and what it should be.

    `wanted` is the bound of the ratio, at most or at least as `at_most` says; None has none.
    """

    name: str
    ours: str
    floor: str = ""
    ratio: float | None = None
    wanted: float | None = None
    at_most: bool = True
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.ratio is None or self.wanted is None:
            return ""
        met = self.ratio <= self.wanted if self.at_most else self.ratio >= self.wanted
        return "met" if met else "MISSED"


@dataclass
class Table:
    """Rows as they come, each printed at once."""

    rows: list[Row] = field(default_factory=list)

    def head(self) -> None:
        self._print("figure", "ours", "floor", "ratio", "wanted", "", "")

    def add(self, row: Row) -> None:
        self.rows.append(row)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        bound = "" if row.wanted is None else f"{'<=' if row.at_most else '>='} {row.wanted:g}"
        self._print(row.name, row.ours, row.floor, ratio, bound, row.verdict, row.note)

    def write(self, path: Path) -> None:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        rows = [asdict(row) | {"verdict": row.verdict} for row in self.rows]
        path.write_text(json.dumps({**machine, "rows": rows}, indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def _print(*cells: str) -> None:
        name, ours, floor, ratio, wanted, verdict, note = cells
        line = f"{name:42} {ours:>22} {floor:>22} {ratio:>7} {wanted:>8} {verdict:6} {note}"
        print(line.rstrip(), flush=True)


def progress(text: str) -> None:
    """Say what is being measured."""
    print(f"... {text}", file=sys.stderr, flush=True)
