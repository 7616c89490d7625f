"""A history of one process on the embedded store, with a mistake planted where one is given."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.store.deadline import Timing
from tests.histories.asker import Answer, Ask, Board
from tests.histories.history import Event
from tests.histories.load import Client
from tests.interleavings.process import KEY, Process, encoded
from tests.interleavings.store import Store, Wire, honest

CLIENTS = 4


def function_of(path: str) -> str:
    """Which function answers a path of the API."""
    name = path.split("?")[0].split("/")[2]
    if path.startswith("/v1/contributions/github"):
        return "track_github"
    return "assets" if name == "months" else name


def history_of(*, steps: int, seed: int, wire: Wire = honest) -> list[Event]:
    """What clients see who come at once, each for so many steps, and what another process shows
    in the end."""
    store = Store(wire=wire)
    try:
        board, ask = Board(), asks(store)
        clients = [Client(number, ask, board, seed) for number in range(CLIENTS)]
        clients[0].begin()

        def play(client: Client) -> None:
            for _ in range(steps):
                client.step()

        with ThreadPoolExecutor(CLIENTS) as threads:
            for playing in [threads.submit(play, client) for client in clients]:
                playing.result()
        clients[0].join()
        Client(CLIENTS, asks(store), board).read_everything()
        return board.history
    finally:
        store.close()


def asks(store: Store) -> Ask:
    """A process on a store, by what it answers."""
    process = Process(store.client(), Timing())

    def ask(method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        status, told, said = process.http(
            function_of(path),
            method,
            path,
            b"" if body is None else encoded(body),
            {"X-API-Key": KEY} | dict(headers),
        )
        return Answer(status, said, told.get("Link"), "Idempotency-Replayed" in told)

    return ask
