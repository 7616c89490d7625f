"""`make smoke`: does a deployed service do its work? Records one commit, and voids it again.

The key comes from LEDGER_API_KEY, or with `--keys-from-stdin` in the form of LEDGER_API_KEYS.
What stays in the ledger is a voided contribution of 0.00, which is in no list.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from shared.commands.errors import CommandError
from shared.commands.service import Reply, Service
from shared.domain.smoke_check import EMAIL, REPOSITORY

_PAUSE = 5.0
# What a service answers that was deployed a moment ago, or whose indexes are being built.
_NOT_YET = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS}


class StepFailed(Exception):
    """The service did not answer as it should; the text says how."""


class SmokeCheck:
    """The steps, in order. Each failure is said; what was recorded is voided in any case."""

    def __init__(
        self,
        ask: Callable[..., Reply],
        *,
        commit_hash: str,
        say: Callable[[str], None],
        patience: float = 0.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ask_once = ask
        self._commit_hash = commit_hash
        self._say = say
        self._now = now
        self._sleep = sleep
        self._deadline = now() + patience
        self._id = ""
        self._report = {
            "contributor_email": EMAIL,
            "contributor_name": "Smoke check",
            "repository": REPOSITORY,
            "commit_hash": commit_hash,
            "cost_amount": 0,
        }

    def run(self) -> bool:
        """Take all steps; returns whether each did what it should."""
        alive = self._step("health", self._health) and self._step("ready", self._ready)
        tracked = alive and self._step("track", self._track)
        replayed = tracked and self._step("replay", self._replay)
        worked = replayed and self._step("list", self._listing)
        # A report that got no answer may have been recorded all the same.
        voided = alive and self._step("void", self._void)
        return worked and voided

    def _step(self, name: str, take: Callable[[], None]) -> bool:
        try:
            take()
        except StepFailed as failure:
            self._say(f"{name:<7} failed: {failure}")
            return False
        self._say(f"{name:<7} ok")
        return True

    def _health(self) -> None:
        if _field(self._get("/v1/health"), "status") != "ok":
            raise StepFailed("this is another service")

    def _ready(self) -> None:
        self._get("/v1/health/ready")

    def _track(self) -> None:
        reply = self._ask("POST", "/v1/contributions/github", self._report)
        # A replay only where an earlier try was recorded, and its answer lost.
        self._expect(reply, HTTPStatus.CREATED, HTTPStatus.OK)
        self._id = _field(reply, "id")

    def _replay(self) -> None:
        reply = self._ask("POST", "/v1/contributions/github", self._report)
        self._expect(reply, HTTPStatus.OK)
        if _field(reply, "id") != self._id or "idempotency-replayed" not in reply.headers:
            raise StepFailed("the same report was not recognised")

    def _listing(self) -> None:
        if self._id not in self._listed():
            raise StepFailed("the contribution is not in the list")

    def _void(self) -> None:
        self._id = self._id or self._recorded_id()
        reply = self._ask("DELETE", f"/v1/contributions/{self._id}?reason=smoke%20check")
        self._expect(reply, HTTPStatus.OK)
        if _field(reply, "voided") is not True or self._id in self._listed():
            raise StepFailed("the contribution is still counted")

    def _listed(self, query: str = "") -> list[str]:
        reply = self._get(f"/v1/contributions?repository={quote(REPOSITORY)}{query}")
        if not isinstance(reply.body, list):
            raise StepFailed(f"{reply}, where a list was expected")
        return [contribution["id"] for contribution in reply.body]

    def _recorded_id(self) -> str:
        found = self._listed(f"&commit_hash={self._commit_hash}")
        if not found:
            raise StepFailed("nothing was recorded, so there is nothing to void")
        return found[0]

    def _get(self, path: str) -> Reply:
        reply = self._ask("GET", path)
        self._expect(reply, HTTPStatus.OK)
        return reply

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """An answer, asked for again while it is a passing failure and there is patience."""
        while True:
            reply = self._ask_once(method, path, body)
            is_passing = reply.status == 0 or reply.status >= 500 or reply.status in _NOT_YET
            if not is_passing or self._now() + _PAUSE > self._deadline:
                return reply
            self._sleep(_PAUSE)

    def _expect(self, reply: Reply, *statuses: HTTPStatus) -> None:
        if reply.status not in statuses:
            raise StepFailed(str(reply))


def _field(reply: Reply, name: str) -> Any:
    if not isinstance(reply.body, dict) or name not in reply.body:
        raise StepFailed(f"{reply}, without {name}")
    return reply.body[name]


def first_key(keys: str) -> str:
    """The first secret of `name=secret,name=secret`."""
    return keys.partition(",")[0].partition("=")[2].strip()


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="of the service, such as https://p.web.app")
    parser.add_argument("--keys-from-stdin", action="store_true")
    parser.add_argument("--patience", type=float, default=0.0, help="seconds to wait for success")
    arguments = parser.parse_args()
    key = os.environ.get("LEDGER_API_KEY", "").strip()
    if arguments.keys_from_stdin:
        key = first_key(sys.stdin.read())
    try:
        if not key:
            raise CommandError("A key that may record and void is needed, in LEDGER_API_KEY")
        worked = SmokeCheck(
            Service(arguments.url, key).ask,
            commit_hash=secrets.token_hex(20),
            say=lambda text: print(text, flush=True),
            patience=arguments.patience,
        ).run()
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if worked else 1


if __name__ == "__main__":
    sys.exit(main())
