"""The checker itself: histories by hand that can be, and such as cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from tests.histories.checker import Checker
from tests.histories.history import Act, Event, Look, Page, State, Told, Total, Walk, Write

ONE, TWO = "octo/one@aaaaaa", "octo/one@bbbbbb"
ASSET = "asset octo/one"
FURTHER = "further@example.com"


def wrong(*history: Event) -> list[str]:
    return list(Checker(history).wrong())


def record(began: float, ended: float, subject: str = ONE, told: Told = Told.DONE) -> Write:
    """A contribution of 5 micro-units by the further address."""
    adds = {ASSET: 5, f"person {FURTHER}": 5}
    return Write(began=began, ended=ended, act=Act.RECORD, subject=subject, told=told, adds=adds)


def void(began: float, ended: float, subject: str = ONE, told: Told = Told.DONE) -> Write:
    return Write(began=began, ended=ended, act=Act.VOID, subject=subject, told=told)


def join(began: float, ended: float, told: Told = Told.DONE) -> Write:
    return Write(began=began, ended=ended, act=Act.JOIN, subject=FURTHER, told=told)


def split(began: float, ended: float, told: Told = Told.DONE) -> Write:
    return Write(began=began, ended=ended, act=Act.SPLIT, subject=FURTHER, told=told)


def total(began: float, ended: float, count: int, micros: int | None = None) -> Total:
    micros = 5 * count if micros is None else micros
    return Total(began=began, ended=ended, accounts=[ASSET], count=count, micros=micros)


def head(began: float, ended: float, count: int) -> Total:
    """The head's figures, who has contributed nothing itself."""
    return Total(
        began=began,
        ended=ended,
        accounts=["person head@example.com"],
        further={f"person {FURTHER}": FURTHER},
        count=count,
        micros=5 * count,
    )


def walk(*pages: tuple[float, float, Sequence[str]]) -> Walk:
    return Walk(
        account=ASSET,
        pages=[Page(began=began, ended=ended, subjects=shown) for began, ended, shown in pages],
    )


def look(began: float, ended: float, state: State) -> Look:
    return Look(began=began, ended=ended, subject=ONE, state=state)


CAN_BE: dict[str, list[Event]] = {
    "nothing": [total(0, 1, 0), look(0, 1, State.ABSENT), walk((0, 1, []))],
    "a read after the acknowledgement": [record(0, 1), total(2, 3, 1), look(2, 3, State.LIVE)],
    "a read meanwhile sees it": [record(0, 9), total(2, 3, 1), walk((2, 3, [ONE]))],
    "a read meanwhile does not see it": [record(0, 9), total(2, 3, 0), walk((2, 3, []))],
    "no answer, and not done": [record(0, 1, told=Told.NOTHING), total(2, 3, 0)],
    "no answer, and done late": [
        record(0, 1, told=Told.NOTHING),
        total(2, 3, 0),
        total(4, 5, 1),
        record(6, 7, told=Told.BEFORE),
    ],
    "done at the second try": [record(0, 1, told=Told.NOTHING), record(2, 3), total(4, 5, 1)],
    "told twice, once as done before": [record(0, 2), record(1, 3, told=Told.BEFORE)],
    "voided": [record(0, 1), void(2, 3), total(4, 5, 0), look(4, 5, State.VOIDED)],
    "a read while it is voided": [record(0, 1), void(2, 9), total(3, 4, 1), total(5, 6, 0)],
    "a void without an answer": [record(0, 1), void(2, 3, told=Told.NOTHING), total(8, 9, 1)],
    "refused as voided": [record(0, 1), void(2, 4), record(3, 5, told=Told.VOIDED)],
    "voided before its record is answered": [record(0, 9), void(2, 3), total(4, 5, 0)],
    "a page that is read before a void": [
        record(0, 1),
        record(0, 1, TWO),
        walk((2, 3, [ONE]), (6, 7, [TWO])),
        void(4, 5),
    ],
    "left out while it is voided": [record(0, 1), void(4, 5), walk((2, 3, []), (6, 7, []))],
    "joined": [record(0, 1), head(1, 2, 0), join(3, 4), head(5, 6, 1)],
    "joined meanwhile": [record(0, 1), join(2, 9), head(3, 4, 1), head(5, 6, 0)],
    "split again": [record(0, 1), join(2, 3), split(4, 5), head(6, 7, 0)],
    "a split without an answer": [
        record(0, 1),
        join(2, 3),
        split(4, 5, Told.NOTHING),
        head(6, 7, 1),
        head(8, 9, 0),
    ],
    "a join and a split at once": [record(0, 1), join(2, 4), split(3, 5), head(6, 7, 1)],
}

CANNOT_BE: dict[str, tuple[list[Event], str]] = {
    "a lost acknowledgement": ([record(0, 1), total(2, 3, 0)], "count of asset .* is 0, not"),
    "a lost acknowledgement by id": ([record(0, 1), look(2, 3, State.ABSENT)], "shown as absent"),
    "one whose void is not found": (
        [record(0, 1), void(2, 3, told=Told.ABSENT)],
        "acknowledged, and is not there",
    ),
    "a read of the future": ([total(0, 1, 1), record(2, 3)], "is 1, not within 0 to 0"),
    "one shown of the future": ([look(0, 1, State.LIVE), record(2, 3)], "shown as live"),
    "one listed of the future": ([walk((0, 1, [ONE])), record(2, 3)], "and cannot be"),
    "a wrong cost": ([record(0, 1), total(2, 3, 1, 4)], "cost of asset .* is 4, not within 5 to 5"),
    "one counted twice": ([record(0, 1), total(2, 3, 2)], "is 2, not within 1 to 1"),
    "one recorded twice": ([record(0, 1), record(2, 3)], "2 were told that they did it: record"),
    "one voided twice": ([record(0, 1), void(2, 3), void(2, 3)], "told that they did it: void"),
    "a stale read": ([record(0, 1), void(2, 3), total(4, 5, 1)], "is 1, not within 0 to 0"),
    "a void that is undone": ([record(0, 1), void(2, 3), look(4, 5, State.LIVE)], "shown as live"),
    "a void that nobody asked for": ([record(0, 1), look(2, 3, State.VOIDED)], "shown as voided"),
    "a refusal without a void": ([record(0, 1, told=Told.VOIDED)], "voided, and nobody has"),
    "recorded after its void": (
        [record(0, 1), void(2, 3), record(4, 5, told=Told.BEFORE)],
        "voided, and is acknowledged",
    ),
    "a page that repeats": ([record(0, 1), walk((2, 3, [ONE]), (4, 5, [ONE]))], "listed twice"),
    "a page that skips": (
        [record(0, 1), record(0, 1, TWO), walk((2, 3, [ONE]), (4, 5, []))],
        "bbbbbb is left out",
    ),
    "a list with what is voided": ([record(0, 1), void(2, 3), walk((4, 5, [ONE]))], "cannot be"),
    "a list with somebody else's": (
        [record(0, 1), walk((2, 3, [ONE, "octo/two@aaaaaa"]))],
        "octo/two@aaaaaa is in the list",
    ),
    "a lost join": ([record(0, 1), join(2, 3), head(4, 5, 0)], "is 0, not within 1 to 1"),
    "a lost split": ([record(0, 1), join(2, 3), split(4, 5), head(6, 7, 1)], "not within 0 to 0"),
    "a join that nobody asked for": ([record(0, 1), head(2, 3, 1)], "not within 0 to 0"),
}


class TestHistories:
    @pytest.mark.parametrize("history", CAN_BE.values(), ids=CAN_BE)
    def test_that_can_be_are_found_right(self, history: list[Event]) -> None:
        assert wrong(*history) == []

    @pytest.mark.parametrize(("history", "said"), CANNOT_BE.values(), ids=CANNOT_BE)
    def test_that_cannot_be_are_found_wrong(self, history: list[Event], said: str) -> None:
        assert re.search(said, "\n".join(wrong(*history)))
