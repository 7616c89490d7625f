"""The GitHub action: everything comes from the environment, see action.yml."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import ConfigurationError, GitError, MissingTool, Runtime, TrackError
from git import Git, clone_at
from history import read_history
from ledger import (
    Credential,
    api_key,
    identity_token,
    ledger,
    page_of,
    service_base,
    until_failure,
)
from paths import PathFilter
from push import Push, default_branch, obtain_branch, read_push, select_commits
from reports import Result, Tally, commits_url, report
from since import arrived_since, moment, read_since
from unreportable import Unreportable
from workflow import Workflow

# Events that bring no commits of their own: with them a run heals what pushes without one left out.
CATCHING_UP = ("schedule", "workflow_dispatch", "repository_dispatch")
SINCE = "30 days"
GITHUB_COM = "https://github.com"

PARTIAL = "The push was not recorded in full"


def run_action(runtime: Runtime) -> int:
    """Report what the event is about; 1 only where `fail-on-error` asks for it."""
    workflow = Workflow(runtime)
    action = Action(runtime, workflow, results=[], notes=[])
    failure = ""
    try:
        action.run()
    except MissingTool as error:
        failure = f"Skipped: {error}"
        workflow.annotate("notice", failure)
    except TrackError as error:
        failure = f"{PARTIAL}: {error}"
    except Exception as error:  # noqa: BLE001 - a mistake in here is no reason to fail a build
        failure = f"{PARTIAL}: unexpected {type(error).__name__}"
    tally, unreportable = Tally(), Unreportable()
    tally.add(action.results)
    unreportable.add(action.results)
    remedies = list(unreportable.remedies())
    workflow.results(action.results)
    workflow.remedies(remedies)
    if failure.startswith(PARTIAL):
        workflow.annotate("error", failure)
    notes = [*action.notes, *filter(None, [failure]), *([str(tally)] if action.results else [])]
    for note in notes:
        workflow.line(note)
    workflow.output(tally)
    workflow.summarise(
        action.results, notes, remedies, commits_url(runtime.environ), page=action.page
    )
    strict = runtime.environ.get("INPUT_FAIL_ON_ERROR", "").strip().lower() == "true"
    return 1 if strict and (failure or not tally.is_clean) else 0


@dataclass
class Action:
    """One run; what becomes of each commit is added to `results` at once."""

    runtime: Runtime
    workflow: Workflow
    results: list[Result]
    notes: list[str]
    page: str = ""
    """The ledger's page about the repository, once it is known."""

    def run(self) -> None:
        environ, event_name = self.runtime.environ, self.runtime.environ.get("GITHUB_EVENT_NAME")
        if not self._given("URL"):
            return self._skip("no url is set")
        base = service_base(self._given("URL"))
        self.page = page_of(base, environ.get("GITHUB_REPOSITORY", ""))
        credential = self._credential(base)
        if credential is None:
            return self._skip("no api-key is set, and the job may not ask for an id-token")
        if event_name not in ("push", *CATCHING_UP):
            return self._skip(f"this is not a push, nor one of {', '.join(CATCHING_UP)}")
        event = _read_event(environ)
        push = read_push(event) if event_name == "push" else None
        if event_name == "push" and push is None:
            return self._skip("this push brings no commits to a branch")
        since = read_since(self._given("SINCE") or SINCE, self.runtime.wall_clock())
        git = self._clone()
        tip, hashes = self._pushed(git, push) if push else self._arrived(git, event, since)
        with contextlib.closing(read_history(git, tip, hashes)) as commits:
            for batch in report(
                commits,
                repository=environ["GITHUB_REPOSITORY"],
                repository_id=_repository_id(environ),
                commits_url=commits_url(environ),
                ignored=PathFilter(map(str.strip, self._given("PATHS_IGNORE").splitlines())),
                record=until_failure(ledger(self.runtime, base, credential)),
            ):
                self.results += batch
        if not self.results:
            self._skip("there are no commits that were not here before")
        return None

    def _given(self, name: str) -> str:
        return self.runtime.environ.get(f"INPUT_{name}", "").strip()

    def _skip(self, reason: str) -> None:
        self.notes.append(f"Skipped: {reason}")
        self.workflow.annotate("notice", self.notes[-1])

    def _credential(self, base: str) -> Credential | None:
        """Return what shows who is asking; None where there is nothing to show."""
        origin = urllib.parse.urlsplit(base)
        if origin.scheme == "http" and origin.hostname not in ("localhost", "127.0.0.1", "::1"):
            text = "Over plain http everybody on the way can read the credential"
            self.workflow.annotate("warning", text)
        key = self._given("API_KEY")
        if key:
            self.workflow.mask(key)
            return api_key(key)
        if not self.runtime.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
            return None
        audience = self._given("OIDC_AUDIENCE") or f"{origin.scheme}://{origin.netloc}"
        return identity_token(self.runtime, audience, self.workflow.mask)

    def _clone(self) -> Git:
        """Return git in the folder that actions/checkout has filled."""
        environ, path = self.runtime.environ, self._given("PATH")
        folder = (Path(environ.get("GITHUB_WORKSPACE", ".")) / path).resolve()
        # In a container job the files belong to another user, at which git would stop.
        settings = [("safe.directory", str(folder)), *self._authorisation()]
        git = clone_at(folder, environ, settings)
        try:
            git.run("rev-parse", "--git-dir")
        except GitError as error:
            hint = (
                "does actions/checkout run before this step? Where it has a `path`, "
                f"this step needs the same one as its input `path`, which is {path or 'not set'}"
            )
            raise GitError(f"{error} ({hint})") from error
        return git

    def _authorisation(self) -> list[tuple[str, str]]:
        """Return the settings by which git shows the job's token, which no file keeps."""
        token = self._given("GITHUB_TOKEN")
        if not token:
            return []
        # An empty header first: it drops the one that actions/checkout may have left behind, and
        # GitHub refuses two.
        server = self.runtime.environ.get("GITHUB_SERVER_URL", GITHUB_COM)
        header = f"http.{server}/.extraheader"
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        return [(header, ""), (header, f"Authorization: Basic {basic}")]

    def _pushed(self, git: Git, push: Push) -> tuple[str, Iterator[str]]:
        """Return the tip, and the hashes of what the push brought."""
        selection = select_commits(git, push, self.notes.append)
        return push.after, (commit.hash for commit in git.list(*selection))

    def _arrived(self, git: Git, event: Mapping[str, Any], since: int) -> tuple[str, Iterator[str]]:
        """Return the tip of the default branch, and the hashes of what it got since then."""
        environ = self.runtime.environ
        # These events but workflow_dispatch are always about the default branch, and name none.
        here = environ.get("GITHUB_REF", "").removeprefix("refs/heads/")
        branch = default_branch(event) or here
        tip = obtain_branch(git, branch, environ.get("GITHUB_SHA", "") if branch == here else "")
        self.notes.append(f"Reporting what {branch} got since {moment(since)}.")
        return tip, arrived_since(git, tip, since)


def _repository_id(environ: Mapping[str, str]) -> int | None:
    """Return the number of the repository; another host than github.com has other numbers."""
    number = environ.get("GITHUB_REPOSITORY_ID", "")
    here = environ.get("GITHUB_SERVER_URL", GITHUB_COM).rstrip("/") == GITHUB_COM
    return int(number) if here and re.fullmatch("[1-9][0-9]{0,14}", number) else None


def _read_event(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError("the file of GITHUB_EVENT_PATH cannot be read") from error
    return event if isinstance(event, dict) else {}
