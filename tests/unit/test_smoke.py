"""The smoke check on services that fail in one way each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import pytest

from shared.commands.service import Reply
from shared.commands.smoke import SmokeCheck, first_key

ID = "22d1e8cd-c6db-58db-bfff-5898a90d3253"
NO_ANSWER = Reply(0, reason="timed out")
REPLAYED = Reply(HTTPStatus.OK, {"idempotency-replayed": "true"}, {"id": ID})
PROBLEM = Reply(
    HTTPStatus.SERVICE_UNAVAILABLE, body={"code": "unavailable", "detail": "Firestore is away"}
)


class FakeService:
    """Answers as a working service would, but for what `faults` holds: replies by step, in turn."""

    def __init__(self, **faults: list[Reply]) -> None:
        self.faults = faults
        self.asked: list[str] = []
        self.recorded = False
        self.voided = False

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        step = self._step(method, path)
        self.asked.append(step)
        if step == "track":
            self.recorded = True
        if self.faults.get(step):
            return self.faults[step].pop(0)
        return self._answers()[step]()

    def _step(self, method: str, path: str) -> str:
        if path.startswith("/v1/health"):
            return "ready" if path.endswith("ready") else "health"
        if method == "POST":
            return "replay" if self.recorded else "track"
        return "void" if method == "DELETE" else "list"

    def _answers(self) -> dict[str, Callable[[], Reply]]:
        return {
            "health": lambda: Reply(HTTPStatus.OK, body={"status": "ok"}),
            "ready": lambda: Reply(HTTPStatus.OK, body={"status": "ready"}),
            "track": lambda: Reply(HTTPStatus.CREATED, body={"id": ID}),
            "replay": lambda: REPLAYED,
            "list": lambda: Reply(HTTPStatus.OK, body=[] if self.voided else [{"id": ID}]),
            "void": self._void,
        }

    def _void(self) -> Reply:
        self.voided = True
        return Reply(HTTPStatus.OK, body={"id": ID, "voided": True})


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def check(service: FakeService, *, patience: float = 0.0) -> tuple[bool, dict[str, str]]:
    """Whether all worked, and what was said of each step."""
    clock, said = Clock(), list[str]()
    worked = SmokeCheck(
        service.ask,
        commit_hash="abc123",
        say=said.append,
        patience=patience,
        now=lambda: clock.now,
        sleep=clock.sleep,
    ).run()
    assert clock.now <= patience
    return worked, {line.split()[0]: line.split(maxsplit=1)[1] for line in said}


def test_a_working_service_passes_every_step() -> None:
    worked, said = check(FakeService())
    assert worked
    assert said == dict.fromkeys(["health", "ready", "track", "replay", "list", "void"], "ok")


@pytest.mark.parametrize(
    ("step", "reply", "said"),
    [
        ("health", NO_ANSWER, "failed: no answer (timed out)"),
        ("health", Reply(HTTPStatus.OK, body={"status": "up"}), "failed: this is another service"),
        ("ready", PROBLEM, "failed: 503 unavailable: Firestore is away"),
        (
            "track",
            Reply(HTTPStatus.NOT_FOUND, {"content-type": "text/html"}),
            "failed: 404 text/html",
        ),
        ("replay", Reply(HTTPStatus.CREATED, body={"id": ID}), "failed: 201 without"),
        ("replay", Reply(HTTPStatus.OK, body={"id": ID}), "failed: the same report was not"),
        ("list", Reply(HTTPStatus.OK, body=[]), "failed: the contribution is not in the list"),
        (
            "void",
            Reply(HTTPStatus.OK, body={"id": ID, "voided": False}),
            "failed: the contribution",
        ),
    ],
)
def test_what_fails_is_named(step: str, reply: Reply, said: str) -> None:
    worked, lines = check(FakeService(**{step: [reply]}))
    assert not worked
    assert lines[step].startswith(said)


@pytest.mark.parametrize("step", ["replay", "list"])
def test_what_was_recorded_is_voided_whatever_fails_after_it(step: str) -> None:
    service = FakeService(**{step: [PROBLEM]})
    worked, said = check(service)
    assert not worked
    assert said["void"] == "ok"
    assert service.voided


def test_a_report_whose_answer_was_lost_is_found_and_voided() -> None:
    service = FakeService(track=[NO_ANSWER])
    worked, said = check(service)
    assert not worked
    assert "replay" not in said
    assert service.voided


def test_nothing_is_written_where_the_service_is_not_ready() -> None:
    service = FakeService(ready=[PROBLEM])
    check(service)
    assert service.asked == ["health", "ready"]


def test_with_patience_passing_failures_are_tried_again() -> None:
    not_yet = Reply(HTTPStatus.FORBIDDEN)
    service = FakeService(health=[not_yet, not_yet], track=[NO_ANSWER], list=[PROBLEM])
    worked, said = check(service, patience=60)
    assert worked, said


def test_patience_ends() -> None:
    worked, said = check(FakeService(health=[NO_ANSWER] * 10), patience=20)
    assert not worked
    assert said == {"health": "failed: no answer (timed out)"}


def test_a_refusal_is_final_whatever_the_patience() -> None:
    service = FakeService(track=[Reply(HTTPStatus.UNAUTHORIZED)], void=[NO_ANSWER] * 99)
    check(service, patience=10)
    assert service.asked.count("track") == 1


@pytest.mark.parametrize(
    ("keys", "key"), [("a=x", "x"), ("a=x=y,b=z", "x=y"), (" a = x , b=z\n", "x"), ("", "")]
)
def test_the_first_key_is_taken(keys: str, key: str) -> None:
    assert first_key(keys) == key
