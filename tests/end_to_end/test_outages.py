"""Firestore away for a while: reports are recorded again within seconds of its return.

A function's own process reaches a real emulator over a network that fails, and is asked all the
time, as by the many runners and webhooks that have something to report.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.backends import new_project
from tests.end_to_end.fault_proxy import TcpProxy
from tests.end_to_end.function_process import KEY, FunctionProcess
from tests.end_to_end.local_run import DEADLINE, eventually

pytestmark = pytest.mark.long

WITHIN_S = 3.0
# Each asks again half a second after it was answered; together they ask at all times.
ASKERS = 16
BETWEEN_S = 0.5

Change = Callable[[TcpProxy], None]
# How Firestore goes, and how it comes back.
OUTAGES: dict[str, tuple[Change, Change]] = {
    "nobody listens": (TcpProxy.refuse, TcpProxy.heal),
    "nobody answers": (TcpProxy.fall_silent, TcpProxy.heal),
    "nobody answers, and old connections stay dead": (
        TcpProxy.fall_silent,
        lambda network: network.heal(reset=False),
    ),
}


class Reported:
    """A function with a way to Firestore, and those who report to it."""

    def __init__(self, emulator: str, folder: Path, stack: ExitStack) -> None:
        self.network = stack.enter_context(TcpProxy(emulator))
        self._function = stack.enter_context(
            FunctionProcess(
                "track_github",
                folder,
                THREADS=str(2 * ASKERS),
                FIRESTORE_EMULATOR_HOST=self.network.host,
                GOOGLE_CLOUD_PROJECT=new_project(),
            )
        )
        self._hashes = itertools.count(1)

    def report(self) -> int:
        """Report a commit that nobody did before; the status of the answer."""
        report = {
            "contributor_email": "ada@example.com",
            "repository": "octo/one",
            "commit_hash": f"{next(self._hashes):040x}",
        }
        answer = httpx.post(
            self._function.address, json=report, headers=KEY, timeout=DEADLINE, trust_env=False
        )
        return answer.status_code

    def seconds_until_served(self, outage: float, begin: Change, end: Change) -> float:
        """How long it takes after an outage of so many seconds until a report is recorded."""
        recorded_at: list[float] = []
        statuses: set[int] = set()
        ended = threading.Event()

        def ask(number: int) -> None:
            ended.wait(number * BETWEEN_S)
            while not ended.is_set():
                statuses.add(status := self.report())
                if status == 201:
                    recorded_at.append(time.monotonic())
                ended.wait(BETWEEN_S)

        assert self.report() == 201
        begin(self.network)
        with ThreadPoolExecutor(ASKERS) as askers:
            asking = [askers.submit(ask, number) for number in range(ASKERS)]
            try:
                ended.wait(outage)
                assert not recorded_at
                end(self.network)
                back_at = time.monotonic()
                eventually(lambda: recorded_at, what="a report is recorded")
            finally:
                ended.set()
            for each in asking:
                each.result()
        # A short outage ends within the time of those requests that it met.
        assert {201} <= statuses <= {201, 503}
        return recorded_at[0] - back_at


@pytest.mark.parametrize("outage", [5, 15, 30, 90, 240])
def test_the_first_report_after_an_outage_is_recorded_within_3_seconds(
    emulator: str, tmp_path: Path, outage: int
) -> None:
    with ExitStack() as stack, ThreadPoolExecutor(len(OUTAGES)) as pool:
        running = {}
        for name, changes in OUTAGES.items():
            folder = tmp_path / name
            folder.mkdir()
            reported = Reported(emulator, folder, stack)
            running[name] = pool.submit(reported.seconds_until_served, outage, *changes)
        seconds = {name: round(future.result(), 1) for name, future in running.items()}
    print(f"{outage} s away: {seconds}")
    assert max(seconds.values()) <= WITHIN_S
