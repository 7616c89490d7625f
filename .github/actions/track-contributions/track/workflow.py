"""The runner's side: commands in the log, outputs and the job summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from commits import Person
from common import Runtime
from ledger import FAILED, RECORDED, REJECTED, REPLAYED, UNREPORTABLE
from reports import Result, Tally
from text import cell, plain, public
from unreportable import Remedy


class Workflow:
    """The runner's side: commands in the log, outputs and the job summary.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """

    SUMMARY_BYTES = 900 * 1024  # GitHub shows none of a summary that exceeds 1 MiB
    ANNOTATIONS = 10  # GitHub shows no more of one kind for a step
    REMEDIES = 100
    NAMED = 3  # co-authors of one commit

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def mask(self, secret: str) -> None:
        """Have the runner blot the secret out of everything that is logged from now on."""
        self._command("add-mask", secret)

    def annotate(self, kind: str, text: str) -> None:
        """Show the text as a `notice`, `warning` or `error` on the run's page."""
        self._command(f"{kind} title=Contribution ledger", public(text))

    def _command(self, command: str, value: str) -> None:
        escaped = value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::{command}::{escaped}", file=self._runtime.stdout, flush=True)

    def line(self, text: str) -> None:
        print(public(text), file=self._runtime.stdout)

    def results(self, results: Sequence[Result]) -> None:
        """Log a line for each commit, and an error for each reason why some are not recorded."""
        reasons: dict[tuple[str, str], list[str]] = {}
        for result in results:
            short, said = result.commit_hash[:10], result.outcome
            what = ", ".join(filter(None, (said.name, said.reason)))
            self.line(f"{short} {shown_address(result.author)}: {what}")
            if said.name in (*REJECTED, FAILED):
                reasons.setdefault((said.name, said.reason), []).append(short)
        for (name, reason), hashes in list(reasons.items())[: self.ANNOTATIONS]:
            more = f" and {len(hashes) - 5:,} more" if len(hashes) > 5 else ""
            listing = ", ".join(hashes[:5]) + more
            self.annotate("error", f"Not recorded ({name}): {reason}. Commits: {listing}.")

    def remedies(self, remedies: Sequence[Remedy]) -> None:
        """Warn of each author without a usable address, with the line that mends it."""
        for position, (reason, line) in enumerate(remedies):
            text = f"{public(reason)} {line}"
            if position < self.ANNOTATIONS:
                self._command("warning title=Contribution ledger", text)
            else:
                print(text, file=self._runtime.stdout)

    def output(self, tally: Tally) -> None:
        counts = (
            ("recorded", tally[RECORDED]),
            ("replayed", tally[REPLAYED]),
            ("rejected", tally.rejected),
            ("unreportable", tally[UNREPORTABLE]),
            ("failed", tally[FAILED]),
        )
        self._append("GITHUB_OUTPUT", "".join(f"{name}={count}\n" for name, count in counts))

    def summarise(
        self,
        results: Sequence[Result],
        notes: Iterable[str],
        remedies: Sequence[Remedy],
        commits_url: str,
        page: str,
    ) -> None:
        lines = ["### Contribution ledger", ""]
        lines += [f"- [This repository in the ledger]({page})"] if page else []
        lines += [f"- {cell(note)}" for note in notes]
        lines += [f"- {cell(reason)} {plain(line)}" for reason, line in remedies[: self.REMEDIES]]
        if results:
            lines += ["", "| commit | author | with | cost | score | outcome | reason |"]
            lines += ["| --- | --- | --- | ---: | ---: | --- | --- |"]
        room = self.SUMMARY_BYTES
        for position, result in enumerate(results):
            row = self._row(result, commits_url)
            room -= len(row.encode())
            if room < 0:
                lines += ["", f"{len(results) - position:,} more commits are not shown."]
                break
            lines.append(row)
        self._append("GITHUB_STEP_SUMMARY", "\n".join([*lines, "", ""]))

    def _row(self, result: Result, commits_url: str) -> str:
        said, author = result.outcome, result.author
        cells = (
            f"[`{result.commit_hash[:10]}`]({commits_url}/{result.commit_hash})",
            cell(shown(author)),
            cell(self._with(result) or "—"),
            cell(said.cost or "—"),
            cell(said.score or "—"),
            said.name,
            cell(said.reason),
        )
        return f"| {' | '.join(cells)} |"

    def _with(self, result: Result) -> str:
        """Return who else wrote the commit, and which tools helped."""
        people = [shown(person) for person in result.co_authors]
        more = len(people) - self.NAMED
        named = people[: self.NAMED] + ([f"{more} more"] if more > 0 else [])
        tools = f"assisted by {', '.join(result.assistance)}" if result.assistance else ""
        return "; ".join(filter(None, [", ".join(named), tools]))

    def _append(self, variable: str, text: str) -> None:
        target = self._runtime.environ.get(variable)
        if target:
            try:
                with Path(target).open("a", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            except OSError as error:
                self.annotate("warning", f"{variable} could not be written: {error.strerror}")


def shown(person: Person) -> str:
    return f"{person.name} {shown_address(person)}"


def shown_address(person: Person) -> str:
    """Return the address for `public`, which masks it; one that is none could not be masked."""
    return person.email if person.usable else "no usable address"
