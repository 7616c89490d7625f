"""`make status`: is a service up, and is it tracking? A dozen lines, and nothing is changed.

With a key in LEDGER_API_KEY that may read, a closed ledger tells the rest too. Exit code 0: it is
up, Firestore answers, and commits arrive; 1: not so, and the last line says what is wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from shared.commands.errors import CommandError
from shared.commands.service import Reply, Service
from shared.domain.tracking import TrackingStatus

_WRONG = {
    TrackingStatus.QUIET.value: "nothing was recorded for too long",
    TrackingStatus.EMPTY.value: "nothing was ever recorded",
}
_HIDDEN = "for who has a key that reads, in LEDGER_API_KEY"
_HIDDEN_FROM_KEY = "hidden from the key in LEDGER_API_KEY: it is none, or may not read"


def status(
    url: str, ask: Callable[[str, str], Reply], *, with_key: bool = False
) -> Iterator[tuple[str, str, bool]]:
    """What there is to say, line by line: of what, what, and whether that is well."""
    yield "Address", url, True
    alive = ask("GET", "/v1/health")
    said = _body(alive)
    is_ours = said.get("status") == "ok"
    # The first release said neither.
    version = said.get("version") or "unknown"
    revision = f", revision {said['revision']}" if said.get("revision") else ""
    yield "Version", f"{version}{revision}" if is_ours else "unknown", True
    yield "Alive", "yes" if is_ours else f"no: {alive}", is_ours
    ready = ask("GET", "/v1/health/ready")
    latency = _body(ready).get("firestore_latency_ms")
    is_ready = latency is not None
    yield "Firestore", f"answers, in {latency} ms" if is_ready else f"no: {ready}", is_ready
    tracking = ask("GET", "/v1/health/tracking")
    hidden = _HIDDEN_FROM_KEY if with_key else _HIDDEN
    yield from _tracking(tracking, _body(tracking), hidden)


def _tracking(
    reply: Reply, told: Mapping[str, Any], hidden: str
) -> Iterator[tuple[str, str, bool]]:
    now = told.get("status")
    if now is None:
        yield "Tracking", f"no: {reply}", False
        return
    wrong = _WRONG.get(now)
    hours = (
        f" (quiet after {told['quiet_after_hours']} hours)" if "quiet_after_hours" in told else ""
    )
    yield "Tracking", f"{now}{hours}{f': {wrong}' if wrong else ''}", not wrong
    if "contributions" not in told:
        yield "Newest", hidden, True
        return
    newest = told["newest_at"]
    yield "Newest", f"{newest} of {told['newest_repository']}" if newest else "none", True
    yield "Today", str(told["recorded_today"]), True
    yield "In all", ", ".join(_counts(told)), True
    rejection = told["latest_rejection"]
    yield "Rejected", _rejection(rejection) if rejection else "nothing", True


def _counts(told: Mapping[str, Any]) -> Iterator[str]:
    for name in ("contribution", "contributor", "asset"):
        number = told[f"{name}s"]
        yield f"{number:,} {name}{'' if number == 1 else 's'}"


def _rejection(told: Mapping[str, Any]) -> str:
    where = f" of {told['repository']}" if told["repository"] else ""
    return f"{told['at']} {told['code']}{where}: {told['reason']}"


def _body(reply: Reply) -> Mapping[str, Any]:
    """What a success said; nothing otherwise."""
    return reply.body if reply.status == HTTPStatus.OK and isinstance(reply.body, dict) else {}


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="of the service, such as https://p.web.app")
    arguments = parser.parse_args()
    key = os.environ.get("LEDGER_API_KEY", "").strip()
    try:
        service = Service(arguments.url, key)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    wrong = []
    for name, text, is_well in status(arguments.url, service.ask, with_key=bool(key)):
        print(f"{name:<10} {text}", flush=True)
        wrong += [] if is_well else [name.lower()]
    print(f"\nNot well: {', '.join(wrong)}." if wrong else "\nAll is well.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
