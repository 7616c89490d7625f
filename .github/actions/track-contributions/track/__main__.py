"""Reports the commits of a push, or of a whole history, to a contribution ledger.

The Python (3.10 or later) and the git of a GitHub runner are all it needs: a folder that is run
finds its own modules, also under `python3 -I`.

    python3 -I track             the GitHub action
    python3 -I track backfill    an operator's command

What leaves the machine is in `reports.payload`: who, when, and how much; no file name and no
content. What git and the service say is untrusted: it reaches the log through `text.public`,
workflow commands through `workflow.Workflow` and the job summary through `text.cell`.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from action import run_action
from backfill import run_backfill
from common import ConfigurationError, Runtime, TrackError
from text import public

WITH_VALUE = (
    "--repository-id",
    *("--url", "--repository", "--repo-dir", "--branch", "--since", "--mailmap", "--paths-ignore"),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="track",
        description="Without a command this is the GitHub action, led by its environment.",
    )
    backfill = parser.add_subparsers(dest="command").add_parser(
        "backfill",
        help="report the history of a local clone",
        description="Report the history of a local clone, merge commits left out. It can be "
        "stopped and started again at any time: what is recorded already stays as it is. "
        "The API key comes from the environment variable LEDGER_API_KEY.",
        epilog="Exit status: 0 done, 1 something failed or was refused, 2 wrong usage, "
        "130 or 143 interrupted by Ctrl-C or a kill.",
    )
    option = backfill.add_argument
    option("--url", default="", help="the service's address")
    option("--repository", required=True, type=_repository, help="owner/name on GitHub")
    option("--repository-id", type=_number, metavar="NUMBER", help="its number on github.com")
    option("--repo-dir", default=".", type=Path, metavar="DIR", help="the clone (default: here)")
    option("--branch", default="HEAD", metavar="REF", help="default: HEAD")
    option(
        "--since",
        metavar="DATE",
        help="only what was committed since: 2024-01-31 (UTC), 2024-01-31T12:00:00Z, 30 days",
    )
    option(
        "--mailmap",
        choices=("none",),
        help="people as each commit has them (default: as the branch's .mailmap has them)",
    )
    option("--paths-ignore", action="append", default=[], metavar="PATTERN", help="as the action's")
    option("--dry-run", action="store_true", help="read and count everything, send nothing")
    return parser


def _repository(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+", text):
        raise argparse.ArgumentTypeError("must be owner/name")
    return text


def _number(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,14}", text):
        raise argparse.ArgumentTypeError("must be a number as GitHub's API has it")
    return int(text)


def _joined(arguments: Sequence[str]) -> Iterator[str]:
    """Yield `--name value` as `--name=value`: an owner may be named `-ACE-`, which is no option."""
    rest = iter(arguments)
    for argument in rest:
        value = next(rest, None) if argument in WITH_VALUE else None
        yield argument if value is None else f"{argument}={value}"


def main(arguments: Sequence[str], runtime: Runtime) -> int:
    options = _parser().parse_args(list(_joined(arguments)))
    try:
        return run_backfill(runtime, options) if options.command else run_action(runtime)
    except ConfigurationError as error:
        print(f"track: {public(str(error))}", file=runtime.stderr)
        return 2
    except TrackError as error:
        print(f"track: {public(str(error))}", file=runtime.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main(sys.argv[1:], Runtime()))
