"""The GitHub action: everything comes from the environment, see action.yml."""

from __future__ import annotations

import base64
import contextlib
import json
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from commits import Person
from common import ConfigurationError, GitError, Runtime, TrackError
from git import Git
from ledger import (
    FAILED,
    RECORDED,
    REJECTED,
    REPLAYED,
    api_key,
    identity_token,
    ledger,
    service_base,
    until_failure,
)
from paths import PathFilter
from push import Push, read_push, select_commits
from reports import Result, Tally, commits_url, report
from text import cell, public


class Workflow:
    """The runner's side: commands in the log, outputs and the job summary.

    https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
    """

    SUMMARY_BYTES = 900 * 1024  # GitHub shows none of a summary that exceeds 1 MiB
    ANNOTATIONS = 10  # GitHub shows no more of one kind for a step

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

    def output(self, tally: Tally) -> None:
        counts = (
            ("recorded", tally[RECORDED]),
            ("replayed", tally[REPLAYED]),
            ("rejected", tally.rejected),
            ("failed", tally[FAILED]),
        )
        self._append("GITHUB_OUTPUT", "".join(f"{name}={count}\n" for name, count in counts))

    def summarise(self, results: Sequence[Result], notes: Iterable[str], commits_url: str) -> None:
        lines = ["### Contribution ledger", ""]
        lines += [f"- {cell(note)}" for note in notes]
        if results:
            lines += ["", "| commit | author | cost | score | outcome | reason |"]
            lines += ["| --- | --- | ---: | ---: | --- | --- |"]
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
            cell(f"{author.name} {shown_address(author)}"),
            cell(said.cost or "—"),
            cell(said.score or "—"),
            said.name,
            cell(said.reason),
        )
        return f"| {' | '.join(cells)} |"

    def _append(self, variable: str, text: str) -> None:
        target = self._runtime.environ.get(variable)
        if target:
            try:
                with Path(target).open("a", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            except OSError as error:
                self.annotate("warning", f"{variable} could not be written: {error.strerror}")


def shown_address(person: Person) -> str:
    """Return the address for `public`, which masks it; one that is none could not be masked."""
    return person.email if person.usable else "no usable address"


def run_action(runtime: Runtime) -> int:
    """Report the push that the event describes; 1 only where `fail-on-error` asks for it."""
    workflow = Workflow(runtime)
    results: list[Result] = []
    notes: list[str] = []
    failure = ""
    try:
        report_push(runtime, workflow, results, notes)
    except TrackError as error:
        failure = str(error)
    except Exception as error:  # noqa: BLE001 - a mistake in here is no reason to fail a build
        failure = f"unexpected {type(error).__name__}"
    tally = Tally(result.outcome.name for result in results)
    workflow.results(results)
    if failure:
        failure = f"The push was not recorded in full: {failure}"
        workflow.annotate("error", failure)
        notes.append(failure)
    if results:
        notes.append(str(tally))
    for note in notes:
        workflow.line(note)
    workflow.output(tally)
    workflow.summarise(results, notes, commits_url(runtime.environ))
    strict = runtime.environ.get("INPUT_FAIL_ON_ERROR", "").strip().lower() == "true"
    return 1 if strict and (failure or not tally.is_clean) else 0


def report_push(
    runtime: Runtime, workflow: Workflow, results: list[Result], notes: list[str]
) -> None:
    """Report the commits of the push; what becomes of each is added to `results` at once."""
    environ = runtime.environ

    def given(name: str) -> str:
        return environ.get(f"INPUT_{name}", "").strip()

    def skip(reason: str) -> None:
        notes.append(f"Skipped: {reason}")
        workflow.annotate("notice", notes[-1])

    if not given("URL"):
        return skip("no url is set")
    base = service_base(given("URL"))
    origin = urllib.parse.urlsplit(base)
    if given("API_KEY"):
        workflow.mask(given("API_KEY"))
        credential = api_key(given("API_KEY"))
    elif environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        audience = given("OIDC_AUDIENCE") or f"{origin.scheme}://{origin.netloc}"
        credential = identity_token(runtime, audience, workflow.mask)
    else:
        return skip("no api-key is set, and the job may not ask for an id-token")
    if environ.get("GITHUB_EVENT_NAME") != "push":
        return skip("this is not a push")
    push = read_push(_read_event(environ))
    if push is None:
        return skip("this push brings no commits to a branch")
    if origin.scheme == "http" and origin.hostname not in ("localhost", "127.0.0.1", "::1"):
        workflow.annotate("warning", "Over plain http everybody on the way can read the credential")
    workspace = Path(environ.get("GITHUB_WORKSPACE", ".")).resolve()
    git = Git(workspace, environ, _git_settings(environ, workspace, push, given("GITHUB_TOKEN")))
    try:
        git.run("rev-parse", "--git-dir")
    except GitError as error:
        raise GitError(f"{error} (does actions/checkout run before this step?)") from error
    selection = select_commits(git, push, notes.append)
    with contextlib.closing(git.log(*selection)) as commits:
        for batch in report(
            commits,
            repository=environ["GITHUB_REPOSITORY"],
            commits_url=commits_url(environ),
            ignored=PathFilter(filter(None, map(str.strip, given("PATHS_IGNORE").splitlines()))),
            record=until_failure(ledger(runtime, base, credential)),
        ):
            results += batch
    if not results:
        skip("this push brings no commits that were not here before")
    return None


def _read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError("the file of GITHUB_EVENT_PATH cannot be read") from error
    return event if isinstance(event, dict) else {}


def _git_settings(
    environ: Mapping[str, str], workspace: Path, push: Push, token: str
) -> list[tuple[str, str]]:
    settings = [
        # In a container job the files belong to another user, at which git would stop.
        ("safe.directory", str(workspace)),
        # Also where the working tree is sparse, or of another commit.
        ("mailmap.blob", f"{push.after}:.mailmap"),
    ]
    if token:
        # An empty header first: it drops the one that actions/checkout may have left behind, and
        # GitHub refuses two.
        header = f"http.{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/.extraheader"
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings += [(header, ""), (header, f"Authorization: Basic {basic}")]
    return settings
