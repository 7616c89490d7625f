"""Many clients at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from shared.domain.errors import LedgerError

_T = TypeVar("_T")


def at_once(calls: Sequence[Callable[[], _T]]) -> list[_T | LedgerError]:
    """What each call returned or refused, in order; all began together."""
    together = threading.Barrier(len(calls))

    def run(call: Callable[[], _T]) -> _T | LedgerError:
        together.wait()
        try:
            return call()
        except LedgerError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))
