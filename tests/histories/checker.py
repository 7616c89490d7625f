"""Whether a history can be that of a ledger that loses nothing and counts nothing twice.

What a read may show lies between what was certainly and what was possibly applied: a change is
certain from when it was acknowledged, and possible from when it was asked for, and, where no answer
came, for ever after. So each read is judged by itself, without searching for one order of all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import inf

from tests.histories.history import Act, Event, Look, State, Told, Total, Walk, Write


@dataclass
class _Life:
    """When a contribution was first asked for and acknowledged, and likewise its void."""

    begun: float = inf
    done: float = inf
    void_begun: float = inf
    void_done: float = inf
    adds: dict[str, int] = field(default_factory=dict)

    def note(self, write: Write) -> None:
        begun = write.began if write.may_be else inf
        done = write.ended if write.is_sure else inf
        if write.act is Act.RECORD:
            self.begun, self.done = min(self.begun, begun), min(self.done, done)
            self.adds.update(write.adds)
        else:
            self.void_begun = min(self.void_begun, begun)
            self.void_done = min(self.void_done, done)

    def surely_lives(self, began: float, ended: float) -> bool:
        """From one moment to the other."""
        return self.done <= began and self.void_begun >= ended

    def may_live(self, began: float, ended: float) -> bool:
        """At some moment between."""
        return self.begun <= ended and self.void_done > began


class Checker:
    """Says what is wrong in a history, a sentence each."""

    def __init__(self, history: Iterable[Event]) -> None:
        self._history = list(history)
        self._lives: defaultdict[str, _Life] = defaultdict(_Life)
        self._joins: defaultdict[str, list[Write]] = defaultdict(list)
        for event in self._history:
            if isinstance(event, Write):
                if event.act in {Act.RECORD, Act.VOID}:
                    self._lives[event.subject].note(event)
                else:
                    self._joins[event.subject].append(event)
        self._of_account: defaultdict[str, list[tuple[int, _Life]]] = defaultdict(list)
        for life in self._lives.values():
            for account, micros in life.adds.items():
                self._of_account[account].append((micros, life))

    def wrong(self) -> Iterator[str]:
        """All that cannot be."""
        yield from self._done_twice()
        for event in self._history:
            match event:
                case Write():
                    yield from self._told_amiss(event)
                case Total():
                    yield from self._beyond_bounds(event)
                case Walk():
                    yield from self._wrong_pages(event)
                case Look():
                    yield from self._shown_amiss(event)

    def _done_twice(self) -> Iterator[str]:
        writes = (event for event in self._history if isinstance(event, Write))
        done = Counter((w.act, w.subject) for w in writes if w.told is Told.DONE)
        for (act, subject), times in done.items():
            if times > 1 and act in {Act.RECORD, Act.VOID}:
                yield f"{times} were told that they did it: {act} {subject}"

    def _told_amiss(self, write: Write) -> Iterator[str]:
        life = self._lives.get(write.subject, _Life())
        if write.act is Act.RECORD and write.is_sure and life.void_done <= write.began:
            yield f"{write.subject} was voided, and is acknowledged as recorded"
        if write.told is Told.VOIDED and life.void_begun >= write.ended:
            yield f"{write.subject} is said to be voided, and nobody has"
        if write.told is Told.ABSENT and life.done <= write.began:
            yield f"{write.subject} was acknowledged, and is not there for who voids it"

    def _beyond_bounds(self, total: Total) -> Iterator[str]:
        span = total.began, total.ended
        accounts = [(account, True) for account in total.accounts]
        for account, address in total.further.items():
            if not self._surely(Act.SPLIT, address, *span):
                accounts.append((account, self._surely(Act.JOIN, address, *span)))
        least, most = [0, 0], [0, 0]
        for account, certain in accounts:
            for micros, life in self._of_account[account]:
                surely = certain and life.surely_lives(*span)
                for bound, holds in ((least, surely), (most, life.may_live(*span))):
                    bound[0] += holds
                    bound[1] += micros * holds
        of = " + ".join(account for account, _ in accounts)
        told = {"count": total.count, "cost": total.micros}
        for (name, figure), low, high in zip(told.items(), least, most, strict=True):
            if not low <= figure <= high:
                yield f"The {name} of {of} is {figure}, not within {low} to {high}"

    def _surely(self, act: Act, address: str, began: float, ended: float) -> bool:
        """Whether an address was joined, or was split, from one moment to the other."""
        writes = self._joins[address]
        others = [write for write in writes if write.act is not act]
        # Addresses begin apart.
        since = [-inf] if act is Act.SPLIT else []
        since += [w.began for w in writes if w.act is act and w.is_sure and w.ended <= began]
        return any(
            all(o.began >= ended or (o.is_sure and o.ended <= start) for o in others if o.may_be)
            for start in since
        )

    def _wrong_pages(self, walk: Walk) -> Iterator[str]:
        span = walk.pages[0].began, walk.pages[-1].ended
        shown = Counter(subject for page in walk.pages for subject in page.subjects)
        yield from (f"{subject} is listed twice" for subject, n in shown.items() if n > 1)
        for page in walk.pages:
            for subject in page.subjects:
                life = self._lives.get(subject, _Life())
                if walk.account not in life.adds or not life.may_live(page.began, page.ended):
                    yield f"{subject} is in the list of {walk.account}, and cannot be"
        for subject, life in self._lives.items():
            if walk.account in life.adds and not shown[subject] and life.surely_lives(*span):
                yield f"{subject} is left out of the list of {walk.account}"

    def _shown_amiss(self, look: Look) -> Iterator[str]:
        life = self._lives[look.subject]
        match look.state:
            case State.ABSENT:
                can_be = life.done > look.began
            case State.LIVE:
                can_be = life.may_live(look.began, look.ended)
            case State.VOIDED:
                can_be = max(life.begun, life.void_begun) <= look.ended
        if not can_be:
            yield f"{look.subject} is shown as {look.state}, and cannot be"
