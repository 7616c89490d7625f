"""`make void REPOSITORY= REASON= URL=`: void all contributions of one repository.

The key comes from LEDGER_API_KEY. It may be interrupted and run again: what is voided stays so, and
only the rest is asked for.

Exit codes: 0 all are voided; 1 it stopped before the end, and says why.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from shared.commands.errors import CommandError
from shared.commands.service import Reply, Service
from shared.domain.repository import Repository

# Seconds between two tries, and how many there are in a row: the ledger may be away for a while.
_PAUSE = 5.0
_MOST_TRIES = 12
# How many are listed at once, and so told of.
_AT_ONCE = 100


@dataclass
class BulkVoid:
    """Voids what a repository has, one after the other: each changes the repository's totals.

    `say` is told how far it is.
    """

    ask: Callable[..., Reply]
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def run(self, repository: Repository, reason: str) -> int:
        """Void all of them; how many it were.

        Raises `CommandError` where the service refuses, or does not answer for a minute.
        """
        asset = f"/v1/assets/{repository}"
        total = self._field(self._ask("GET", asset), "contribution_count")
        voided = 0
        # What is voided leaves the list, so that its first page holds what is left to do.
        while contributions := self._list(f"{asset}/contributions?limit={_AT_ONCE}"):
            for contribution in contributions:
                path = f"/v1/contributions/{contribution['id']}"
                reply = self._ask("DELETE", path, {"reason": reason})
                if self._field(reply, "voided") is not True:
                    raise CommandError(f"Contribution {contribution['id']} stayed as it was")
            voided += len(contributions)
            # Others may be reported meanwhile.
            self.say(f"{voided} of {max(total, voided)} voided")
        return voided

    def _list(self, path: str) -> list[Any]:
        reply = self._ask("GET", path)
        if not isinstance(reply.body, list):
            raise CommandError(f"{path}: {reply}, where a list was expected")
        return reply.body

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        for _ in range(_MOST_TRIES):
            reply = self.ask(method, path, body)
            if reply.status == HTTPStatus.OK:
                return reply
            if 0 < reply.status < 500 and reply.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            self.sleep(_PAUSE)
        raise CommandError(f"{method} {path}: {reply}")

    def _field(self, reply: Reply, name: str) -> Any:
        if not isinstance(reply.body, dict) or name not in reply.body:
            raise CommandError(f"{reply}, without {name}")
        return reply.body[name]


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="void", description="Void a repository's contributions.")
    parser.add_argument("--repository", required=True, help="owner/name or owner/name~number")
    parser.add_argument("--reason", required=True, help="why, kept with each of them")
    parser.add_argument("--url", required=True, help="of the service, such as https://p.web.app")
    arguments = parser.parse_args()
    key = os.environ.get("LEDGER_API_KEY", "").strip()
    try:
        if not key:
            raise CommandError("A key with the scope admin is needed, in LEDGER_API_KEY")
        try:
            repository = Repository.parse_key(arguments.repository)
        except ValueError as error:
            raise CommandError(f"REPOSITORY {error}") from None
        bulk = BulkVoid(Service(arguments.url, key).ask, lambda text: print(text, flush=True))
        done = bulk.run(repository, arguments.reason)
        print(f"Done: {done} contributions of {repository} voided")
    except CommandError as error:
        print(f"{error}\nWhat is voided stays so; run it again to go on.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. Run it again to go on.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
