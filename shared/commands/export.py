"""`make export URL=`: a whole list of a service as a file for a spreadsheet or a program.

With a key that sees addresses in LEDGER_API_KEY it holds all of them; without one they are masked,
and read a hundred at a time. The file is there when it is complete, and not before.

Exit codes: 0 the file is complete; 1 it stopped before the end, says why, and leaves no file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

from shared.commands.errors import CommandError
from shared.commands.service import Reply, Service
from shared.domain.repository import Repository

# By what may be made of it in other rows.
KINDS = {"contributions": "credits", "contributors": "months", "assets": None}
FORMATS = ("csv", "ndjson")

# Seconds between two tries, and how many there are in a row: the ledger may be away for a while.
_PAUSE = 5.0
_MOST_TRIES = 12
# After how many rows it is told how far it is.
_TOLD_EVERY = 10_000
_LAST_LINE = re.compile(
    rb"# (?:complete: \d+ rows|continues: page_token=(\S+)|failed: (\S+) page_token=(\S*))\r\n"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a part ended: where it goes on, and what failed; neither at the very end."""

    token: str | None = None
    failed: str | None = None


@dataclass
class Export:
    """Writes a list into a file, part by part.

    `get` asks for a path and gives the reply and the lines, `say` is told how far it is.
    """

    get: Callable[[str], AbstractContextManager[tuple[Reply, Iterator[bytes]]]]
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    rows: int = 0

    def run(self, path: str, query: dict[str, str], file: BinaryIO) -> int:
        """Write all of it; how many rows it were.

        Raises `CommandError` where the service refuses, or fails for a minute.
        """
        token: str | None = None
        tries = 0
        while True:
            page = {} if token is None else {"page_token": token}
            ending = self._part(f"{path}?{urlencode(query | page)}", query["format"], token, file)
            if ending == Ending():
                return self.rows
            token, tries = ending.token, tries + 1 if ending.failed else 0
            if tries == _MOST_TRIES:
                raise CommandError(f"{path}: {ending.failed}, {tries} times in a row")
            if ending.failed:
                self.say(f"{ending.failed}; trying again in {_PAUSE:.0f} seconds")
                self.sleep(_PAUSE)

    def _part(self, url: str, form: str, token: str | None, file: BinaryIO) -> Ending:
        """Write what one answer has, but for its last line; nothing, where that is missing."""
        place, rows = file.tell(), self.rows
        with self.get(url) as (reply, lines):
            if reply.status != HTTPStatus.OK:
                _require_passing(reply)
                return Ending(token, str(reply))
            read = lines if form == "ndjson" else _csv_rows(lines)
            if form == "csv" and (head := next(read, b"")) and token is None:
                file.write(head)
            for row in read:
                if ending := _ending(row, form):
                    self.say(f"{self.rows} rows")
                    return ending
                file.write(row)
                self.rows += 1
                if self.rows % _TOLD_EVERY == 0:
                    self.say(f"{self.rows} rows")
        # Where it would have gone on nobody knows.
        file.seek(place)
        file.truncate()
        self.rows = rows
        return Ending(token, "the connection was cut off")


def _csv_rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The rows as they are; one goes on in the next line where a quote is open."""
    row = b""
    for line in lines:
        row += line
        if row.count(b'"') % 2 == 0:
            yield row
            row = b""


def _ending(row: bytes, form: str) -> Ending | None:
    """What the last line says; None for any other one."""
    if form == "csv":
        found = _LAST_LINE.fullmatch(row)
        if not found:
            return None
        token, failed, goes_on = (part.decode() if part else None for part in found.groups())
        return Ending(token or goes_on, failed)
    # No row has a field of these names.
    if not row.startswith((b'{"complete":', b'{"continues":', b'{"failed":')):
        return None
    try:
        told = json.loads(row)
    except ValueError:
        return None
    return Ending(told.get("continues"), told.get("failed"))


def _require_passing(reply: Reply) -> None:
    """Raises `CommandError` where trying again would not help."""
    refused = 0 < reply.status < 500 and reply.status != HTTPStatus.TOO_MANY_REQUESTS
    code = reply.body.get("code") if isinstance(reply.body, dict) else None
    if refused or code == "being_built":
        raise CommandError(str(reply))


def path_of(kind: str, repository: str) -> str:
    """Where a list is found; raises `CommandError` for one that there is not."""
    if not repository:
        return f"/v1/{kind}"
    try:
        name = Repository.parse(repository).full_name
    except ValueError as error:
        raise CommandError(f"REPOSITORY {error}") from None
    if kind == "assets":
        raise CommandError("REPOSITORY goes with contributions and contributors")
    return f"/v1/assets/{name}/{kind}"


def write(export: Export, path: str, query: dict[str, str], target: Path) -> int:
    """Write a list into a file that is there when it is complete; how many rows it were."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            rows = export.run(path, query, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return rows


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="export", description="Write a list into a file.")
    parser.add_argument("--url", required=True, help="of the service, such as https://p.web.app")
    parser.add_argument("--kind", choices=KINDS, default="contributions")
    parser.add_argument("--format", choices=FORMATS, default="csv")
    parser.add_argument("--rows", help="credits of contributions, or months of contributors")
    parser.add_argument("--repository", default="", help="owner/name; without it all of them")
    parser.add_argument("--file", type=Path, help="where to; KIND.FORMAT by default")
    arguments = parser.parse_args()
    if arguments.rows not in {None, KINDS[arguments.kind]}:
        possible = KINDS[arguments.kind] or "none"
        parser.error(f"--rows of {arguments.kind}: there are {possible}")
    query = {"format": arguments.format} | ({"rows": arguments.rows} if arguments.rows else {})
    target = arguments.file or Path(f"{arguments.kind}.{arguments.format}")
    key = os.environ.get("LEDGER_API_KEY", "").strip()

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        path = path_of(arguments.kind, arguments.repository)
        if not key:
            say("Without a key in LEDGER_API_KEY, so addresses are masked")
        done = write(Export(Service(arguments.url, key).lines, say), path, query, target)
    except CommandError as error:
        say(f"{error}\nNothing was written.")
        return 1
    except KeyboardInterrupt:
        say("Stopped. Nothing was written.")
        return 1
    print(f"Done: {done} rows in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
