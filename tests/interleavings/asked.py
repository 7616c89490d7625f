"""A kind of request, and what it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import Headers

from tests.interleavings.process import Process
from tests.interleavings.world import World

# Of what is answered, what says when it was, which an order does not decide on.
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"')
_FIGURES = re.compile("_count$|^total_cost$|_at$")
_LATER = {"voided", "voided_at", "voided_by", "void_reason", "corrected_by"}


@dataclass(frozen=True)
class Answer:
    """What a request was told, without times: its status, what the headers say, and the body.

    A command has no status: 0 where it did what it was asked, else 503 or 1.
    """

    status: int
    headers: tuple[str | None, ...]
    body: str

    @property
    def unavailable(self) -> bool:
        """Whether it says that it is not known what was done."""
        return self.status == 503

    def told_as(self, other: Answer) -> Answer:
        """With what the other one says of whether it was done before, where both succeeded."""
        if self.status >= 400 or other.status >= 400:
            return self
        return replace(self, status=other.status, headers=other.headers)

    def as_recorded(self) -> Answer:
        """Without what may have become of a contribution since."""
        body = json.loads(self.body)
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in _LATER}
        return replace(self, body=json.dumps(body, sort_keys=True))

    def contributions(self) -> Iterator[tuple[Mapping[str, Any], bool]]:
        """Those it tells of, and whether it says that it has recorded them."""
        body = json.loads(self.body)
        if not isinstance(body, dict) or self.status >= 400:
            return
        if "cost_basis" in body:
            yield body, self.status == 201
        for outcome in body.get("outcomes", ()):
            if outcome["outcome"] in {"recorded", "replayed"}:
                yield outcome, outcome["outcome"] == "recorded"


Ask = Callable[[World, Process], Answer]


@dataclass(frozen=True)
class Asked:
    """A kind of request: by its name, how it is asked of a process.

    `shares` says that it uses the memory that requests of one process share; `forgets`, that a try
    of it does not know whether an earlier one did what is found done; `begun` is the same, ended
    after some of all that it does.
    """

    name: str
    ask: Ask
    shares: bool = False
    forgets: bool = False
    begun: tuple[Ask, ...] = ()


def told(answered: tuple[int, Headers, Any], *, figures: bool = True) -> Answer:
    """The answer; without `figures`, which may be those of a moment before or later."""
    status, headers, body = answered
    if not figures:
        body = {name: value for name, value in body.items() if not _FIGURES.search(name)}
    idempotency = tuple(headers.get(f"Idempotency-{name}") for name in ("Replayed", "Differs"))
    return Answer(status, idempotency, _TIME.sub('"a time"', json.dumps(body, sort_keys=True)))
