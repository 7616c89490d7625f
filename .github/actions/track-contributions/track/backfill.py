"""An operator's command: the history of a local clone, see --help."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from commits import Person
from common import ConfigurationError, Runtime, TrackError
from git import clone_at
from history import read_history
from interrupts import Interrupts
from ledger import FAILED, PLANNED, REJECTED, Outcome, Record, api_key, ledger, service_base
from paths import PathFilter
from reports import MERGE, Result, Tally, commits_url, report
from since import committed_since, read_since
from text import public
from unreportable import Unreportable


class Progress:
    """How far it is, at what rate and for how much longer: a bar on a terminal, else lines."""

    LINE_SECONDS = 10.0
    LINE_BATCHES = 10

    def __init__(self, runtime: Runtime, total: int) -> None:
        self._stream, self._clock = runtime.stderr, runtime.clock
        self._columns = runtime.columns
        self._total = total
        self._done = self._batches = 0
        self._started = self._shown = self._clock()
        self._is_terminal = self._stream.isatty()

    def advance(self, commits: int) -> None:
        self._done += commits
        self._batches += 1
        now = self._clock()
        due = now - self._shown >= self.LINE_SECONDS or self._batches % self.LINE_BATCHES == 0
        if self._is_terminal:
            self._draw(now)
        elif due or self._done >= self._total:
            self._shown = now
            print(self._status(now), file=self._stream, flush=True)

    def say(self, text: str) -> None:
        """Print a line of its own above the bar."""
        clear = "\r\x1b[K" if self._is_terminal else ""
        print(f"{clear}{public(text)}", file=self._stream, flush=True)

    def finish(self) -> None:
        if self._is_terminal:
            print(file=self._stream, flush=True)

    def _draw(self, now: float) -> None:
        status = self._status(now)
        width = min(40, self._columns() - len(status) - 4)
        filled = width * self._done // max(self._total, self._done, 1)
        bar = f"[{'#' * filled:.<{width}}] " if width > 0 else ""
        print(f"\r\x1b[K{bar}{status}", end="", file=self._stream, flush=True)

    def _status(self, now: float) -> str:
        rate = self._done / max(now - self._started, 1e-9)
        left = max(self._total - self._done, 0) / rate if self._done else 0.0
        return (
            f"{self._done:,} of {self._total:,} commits, {rate:,.0f}/s, "
            f"{dt.timedelta(seconds=round(left))} left"
        )


class DryRun:
    """Takes batches like the service does, counts them, and sends nothing."""

    def __init__(self) -> None:
        self.requests = 0
        self.people: set[str] = set()

    def __call__(self, hashes: Sequence[str], body: bytes) -> list[Outcome]:
        self.requests += 1
        for commit in json.loads(body)["commits"]:
            emails = [p["email"] for p in commit.get("co_authors", ())]
            people = (Person(email, "") for email in (commit["contributor_email"], *emails))
            self.people.update(person.address for person in people)
        return [Outcome(PLANNED)] * len(hashes)


def run_backfill(runtime: Runtime, options: argparse.Namespace) -> int:
    """Report a clone's history; 0 where nothing failed and nothing was refused."""
    since = read_since(options.since, runtime.wall_clock()) if options.since else None
    git = clone_at(options.repo_dir.resolve(), runtime.environ)
    if git.run("rev-parse", "--is-shallow-repository") == "true":
        raise ConfigurationError("the clone is shallow; run `git fetch --unshallow` in it first")
    tip = git.run("rev-parse", "--verify", "--end-of-options", f"{options.branch}^{{commit}}")
    total = sum(not is_merge for _, is_merge in committed_since(git, tip, since))
    progress, tally, unreportable = Progress(runtime, total), Tally(), Unreportable()
    dry_run = DryRun()
    status, ending = 0, "Done"
    with Interrupts(progress.say) as interrupts:
        record = dry_run if options.dry_run else _ledger(runtime, options, interrupts)
        ignored = PathFilter(options.paths_ignore)
        hashes = (commit_hash for commit_hash, _ in committed_since(git, tip, since))
        history = read_history(git, tip, hashes, mailmapped=options.mailmap != "none")
        try:
            with contextlib.closing(history) as commits:
                for batch in report(
                    commits,
                    repository=options.repository,
                    repository_id=options.repository_id,
                    commits_url=commits_url(runtime.environ, options.repository),
                    ignored=ignored,
                    record=record,
                ):
                    tally.add(batch)
                    unreportable.add(batch)
                    _name_rejected(batch, progress)
                    progress.advance(sum(result.outcome is not MERGE for result in batch))
                    interrupts.release()
            interrupts.finish()
        except KeyboardInterrupt:
            # As a shell has it: https://www.gnu.org/software/bash/manual/bash.html#Exit-Status
            status, ending = 128 + interrupts.came, "Interrupted"
        except TrackError as error:
            status, ending = 1, f"Stopped: {error}"
        finally:
            interrupts.finish()
        tally[FAILED] = interrupts.sent - tally.answered
        progress.finish()
        for reason, line in unreportable.remedies():
            print(f"{public(reason)} {line}", file=runtime.stderr)
        print(public(f"{ending}. {tally}."), file=runtime.stdout)
        if options.dry_run:
            counts = f"Requests: {dry_run.requests:,}. People: {len(dry_run.people):,}."
            print(counts, file=runtime.stdout)
        if status:
            again = "The same command goes on from here: what is recorded already stays as it is."
            print(again, file=runtime.stdout)
    return status or (0 if tally.is_clean else 1)


def _name_rejected(batch: Iterable[Result], progress: Progress) -> None:
    for result in batch:
        if result.outcome.name in REJECTED:
            progress.say(f"{result.commit_hash} {result.outcome.name}: {result.outcome.reason}")


def _ledger(runtime: Runtime, options: argparse.Namespace, interrupts: Interrupts) -> Record:
    key = runtime.environ.get("LEDGER_API_KEY", "").strip()
    if not key:
        raise ConfigurationError("the environment variable LEDGER_API_KEY is not set")
    runtime = replace(runtime, sleep=interrupts.pausing(runtime.sleep))
    return interrupts.holding(ledger(runtime, service_base(options.url), api_key(key)))
