"""`python -m tests.benchmarks.simulate`: what one machine and the emulator cannot show.

The emulator takes any number of writes to one document, so a repository that is hotter than that
is simulated: posts arrive at random, the ledger's own deadline and pauses decide on tries, and a
document takes so many writes a second. Firestore «delays or fails» the others; both are shown.
https://firebase.google.com/docs/firestore/transaction-data-contention
It takes some seconds, and prints the same each time.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from shared.domain.errors import Unavailable
from shared.store.deadline import Timing

SECONDS = 120.0  # of arrivals
ROUND_TRIP = 0.02  # seconds of a Commit that nothing is in the way of
INSTANCES, THREADS = 10, 16  # of a deployment, where nothing else is asked for
# How often and how long the action tries: its own numbers.
TRIES, PATIENCE, RETRY_AFTER = 8, 180.0, 2.0

Process = Generator[float, None, None]


class Simulation:
    """Processes that yield the time at which they go on; infinity, until they are started again."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self._queue: list[tuple[float, int, Process]] = []
        self._numbers = count()

    def start(self, process: Process, at: float) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), process))

    def run(self) -> None:
        while self._queue:
            self.now, _, self.running = heapq.heappop(self._queue)
            at = next(self.running, None)
            if at is not None and at < math.inf:
                self.start(self.running, at)


@dataclass
class Document:
    """One that takes `rate` writes a second, and lets the others wait or fails them."""

    rate: float
    waits: bool
    shared: bool = False  # by all posts to the repository that is simulated
    free_at: float = 0.0

    def commit(self, now: float, timeout: float) -> tuple[bool, float]:
        """Whether a Commit is carried out, and when its answer comes."""
        begins = max(now, self.free_at)
        if not self.waits and begins > now:
            return False, now + ROUND_TRIP
        if begins + ROUND_TRIP > now + timeout:
            return False, now + timeout
        self.free_at = begins + 1 / self.rate
        return True, begins + ROUND_TRIP


@dataclass
class Tally:
    """What became of the posts to one kind of repository; times in seconds."""

    posts: int = 0
    at_once: int = 0
    busy: int = 0
    full: int = 0
    recorded: list[float] = field(default_factory=list)

    def row(self) -> str:
        """First answers by status, then what the client's own tries come to."""
        shares = [f"{100 * n / self.posts:6.1f}" for n in (self.at_once, self.busy, self.full)]
        times = sorted(self.recorded)
        slowest = f"{times[int(0.95 * (len(times) - 1))]:6.1f}" if times else "     -"
        return " ".join([*shares, f"{100 * len(times) / self.posts:9.1f}", slowest])


@dataclass
class Instance:
    """One instance: the requests that it holds, and those that wait to be sent together."""

    held: int = 0
    sending: bool = False
    waiting: list[Process] = field(default_factory=list)
    together: dict[Process, bool] = field(default_factory=dict)


class Service:
    """A deployment. With `merging`, an instance has one Commit of a repository under way at a time,
    and what arrives meanwhile goes into the next one.
    """

    def __init__(self, simulation: Simulation, *, merging: bool, instances: int) -> None:
        self.simulation = simulation
        self.merging = merging
        self.instances = [Instance() for _ in range(instances)]
        self.pauses: list[float] = []
        self.timing = Timing(
            monotonic=lambda: simulation.now,
            sleep=self.pauses.append,
            uniform=simulation.random.uniform,
        )

    def client(self, choose: Callable[[], Document], tally: Tally) -> Process:
        """One report, sent until it is recorded or the client's patience is at its end."""
        began = self.simulation.now
        tally.posts += 1
        for attempt in range(1, TRIES + 1):
            instance = min(self.instances, key=lambda i: i.held)
            if instance.held < THREADS:
                instance.held += 1
                document = choose()
                if self.merging and document.shared:
                    recorded = yield from self._merged(instance, document)
                else:
                    recorded = yield from self._request(document)
                instance.held -= 1
                if recorded:
                    tally.at_once += attempt == 1
                    tally.recorded.append(self.simulation.now - began)
                    return
                tally.busy += attempt == 1
                delay = RETRY_AFTER * self.simulation.random.uniform(1.0, 1.1)
            else:
                tally.full += attempt == 1
                delay = self.simulation.random.uniform(0, min(30.0, 2.0 ** (attempt - 1)))
            if self.simulation.now + delay > began + PATIENCE:
                return
            yield self.simulation.now + delay

    def _request(self, document: Document) -> Generator[float, None, bool]:
        deadline = self.timing.deadline()
        try:
            while True:
                done, at = document.commit(self.simulation.now, deadline.timeout())
                yield at
                if done:
                    return True
                deadline.pause()
                yield self.simulation.now + self.pauses.pop()
        except Unavailable:
            return False

    def _merged(self, instance: Instance, document: Document) -> Generator[float, None, bool]:
        me = self.simulation.running
        if instance.sending:
            instance.waiting.append(me)
            yield math.inf
            if me in instance.together:
                return instance.together.pop(me)
        # Nobody has sent this one: it takes all that wait along.
        instance.sending = True
        others, instance.waiting = instance.waiting, []
        recorded = yield from self._request(document)
        for process in others:
            instance.together[process] = recorded
            self.simulation.start(process, self.simulation.now)
        if instance.waiting:
            self.simulation.start(instance.waiting.pop(0), self.simulation.now)
        else:
            instance.sending = False
        return recorded


def simulate(
    *,
    posts: float,
    shards: int = 1,
    rate: float = 1.0,
    waits: bool = True,
    merging: bool = False,
    instances: int = INSTANCES,
) -> tuple[Tally, Tally]:
    """Posts a second to one repository, and beside them one a second to repositories at rest."""
    simulation = Simulation(seed=1)
    service = Service(simulation, merging=merging, instances=instances)
    documents = [Document(rate, waits, shared=True) for _ in range(shards)]
    hot, others = Tally(), Tally()

    def arrive(each: float, choose: Callable[[], Document], tally: Tally) -> Process:
        while simulation.now < SECONDS:
            simulation.start(service.client(choose, tally), simulation.now)
            yield simulation.now + simulation.random.expovariate(each)

    simulation.start(arrive(posts, lambda: simulation.random.choice(documents), hot), 0.0)
    simulation.start(arrive(1.0, lambda: Document(rate, waits), others), 0.0)
    simulation.run()
    return hot, others


def show_hot_repositories() -> None:
    """Single posts at growing rates, then ways to record a hundred commits a second."""
    singly = [
        (f"{n:g} posts/s", {"posts": n, "merging": True}) for n in (0.2, 0.5, 1, 2, 5, 10, 20, 100)
    ]
    unmerged = [(f"{n}/s, unmerged", {"posts": n}) for n in (1, 2, 5, 100)]
    ways: list[tuple[str, dict[str, Any]]] = [
        *singly,
        ("100/s, 10 writes/s", {"posts": 100.0, "rate": 10.0, "merging": True}),
        *[
            (f"{n}/s, 100 instances", {"posts": n, "merging": True, "instances": 100})
            for n in (5, 10, 100)
        ],
        *unmerged,
        ("100/s on 16 shards", {"posts": 100.0, "shards": 16}),
        ("100/s on 256 shards", {"posts": 100.0, "shards": 256}),
        ("100/s, batches of 10", {"posts": 10.0, "merging": True}),
        ("100/s, batches of 100", {"posts": 1.0}),
        ("100/s, batches of 500", {"posts": 0.2}),
    ]
    held = INSTANCES * THREADS
    print(f"One repository, {SECONDS:.0f} s, a document takes 1 write/s, {held} requests at once,")
    print("or 1,600 on 100 instances;")
    print("first answers in %, then recorded after the client's tries in %, 95th percentile in s;")
    print("beside it, one post/s to repositories at rest")
    head = "   201    503    429  recorded   p95"
    print(f"{'':22} {'others':7} {head}  |{head}")
    for waits in (True, False):
        for name, options in ways:
            hot, others = simulate(waits=waits, **options)
            fate = "wait" if waits else "fail"
            print(f"{name:22} {fate:7} {hot.row()}  | {others.row()}", flush=True)


if __name__ == "__main__":
    show_hot_repositories()
