"""Who asks the ledger, hears what it says, and writes both down."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.histories.history import Event

_NEXT = re.compile(r'<([^>]*)>; rel="next"')
_EXPECTED = {200, 201, 404, 409, 503}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `next` is the path of the next page."""

    status: int
    body: Any
    link: str | None = None
    replayed: bool = False

    @property
    def next(self) -> str | None:
        found = _NEXT.search(self.link or "")
        return found and found[1]


# Method, path, body and headers; None where no answer came.
Ask = Callable[[str, str, Any, Mapping[str, str]], Answer | None]


@dataclass
class Board:
    """What clients know of each other's doings, and the history that they write together."""

    history: list[Event] = field(default_factory=list)
    # Contributions that were asked for, and that were acknowledged as recorded and as voided.
    asked: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    # By id, and the other way round.
    subjects: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    # The ids of repositories and addresses.
    accounts: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    # Seconds: how old may be what one process knows of another one's joins.
    joins_kept_s: float = 0.0

    def learn(self, subject: str, an_id: str) -> None:
        self.subjects[an_id], self.ids[subject] = subject, an_id


class Asker:
    """One of them; `ask` sends a request."""

    def __init__(self, number: int, ask: Ask, board: Board, seed: int = 0) -> None:
        self.random = random.Random(f"{seed} {number}")
        self.ask = ask
        self.board = board

    def _asked(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[float, Answer | None, float]:
        began = time.monotonic()
        answer = self.ask(method, path, body, headers or {})
        assert answer is None or answer.status in _EXPECTED, (method, path, answer)
        return began, answer, time.monotonic()

    def _see(self, event: Event) -> None:
        self.board.history.append(event)
