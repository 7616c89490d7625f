"""Reports the commits of a push, or of a whole history, to a contribution ledger.

One file on purpose: the Python (3.10 or later) and the git of a GitHub runner are all it needs.

    track.py             the GitHub action; everything comes from the environment, see action.yml
    track.py backfill    an operator's command: the history of a local clone, see --help

What leaves the machine is in `payload`: who, when, and how much; no file name and no content.
What git and the service say is untrusted: it reaches the log through `public`, workflow commands
through `Workflow` and the job summary through `cell`.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime as dt
import email.utils
import http.client
import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import IO, Any, TextIO, cast

UTC = dt.timezone.utc  # noqa: UP017 - datetime.UTC came with Python 3.11
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)

SINGLE_PATH = "/v1/contributions/github"
BATCH_PATH = f"{SINGLE_PATH}/batch"
BATCH_COMMITS = 500
BATCH_BYTES = 4 * 1024 * 1024
ANSWER_BYTES = 8 * 1024 * 1024

NAME_LENGTH = 256
EMAIL_LENGTH = 254
CO_AUTHORS = 50

RECORDED, REPLAYED, CONFLICT, VOIDED, INVALID = OUTCOMES = (
    "recorded",
    "replayed",
    "conflict",
    "voided",
    "invalid",
)
REJECTED = (CONFLICT, VOIDED, INVALID)
FAILED = "failed"  # the service never said what became of the commit
SKIPPED = "skipped"
PLANNED = "planned"  # a dry run

REASONS = {
    CONFLICT: "recorded before with another author",
    VOIDED: "the entry was voided",
    INVALID: "the service refused it and gave no reason",
}


class TrackError(Exception):
    """Something could not be reported; the text says why and is fit for a public log."""


class ConfigurationError(TrackError):
    """An input or an option cannot be used."""


class GitError(TrackError):
    """git is missing, or refused a command."""


class ServiceError(TrackError):
    """The ledger, or GitHub's token service, did not do what it was asked."""


@dataclass(frozen=True)
class Runtime:
    """The world outside, handed in so that a test neither patches nor waits."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform


# --- Untrusted text ---------------------------------------------------------------------------


def one_line(text: str) -> str:
    """Return the text with every run of white space and control characters as one space."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def masked(text: str) -> str:
    """Return the text with each `text@text` as `t***@text`, as the ledger shows it in public."""
    return re.sub(r"(?:([^\s@<>])[^\s@<>]+|[^\s@<>])(@|%40)(?=[^\s@<>])", r"\1***\2", text)


def public(text: str, limit: int = 400) -> str:
    """Return the text for a log: one line, addresses masked, nothing in it a command.

    The runner obeys `##[...]` anywhere in a line, and bidirectional controls make a line look
    different from what it says.
    """
    short = one_line(text[: 4 * limit])
    inert = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", masked(short))
    inert = inert.replace("##[", "## [")
    return inert if len(inert) <= limit else inert[: limit - 1] + "…"


def cell(text: str) -> str:
    """Return the text for a cell of a Markdown table, what could be markup as numeric entities.

    An entity is never markup: https://github.github.com/gfm/#entity-and-numeric-character-references
    """
    markup = r"[!#$&*<>@\[\\\]_`{|}~]|:(?=\S)|(?<=www)\."
    return re.sub(markup, lambda m: f"&#{ord(m[0])};", public(text, limit=160), flags=re.I)


# --- Commits as git shows them ------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    email: str
    name: str

    @property
    def usable(self) -> bool:
        """Whether the ledger takes the address. Lenient: `root@localhost` does write commits."""
        local, _, host = self.email.partition("@")
        return (
            bool(local and host)
            and "@" not in host
            and len(unicodedata.normalize("NFC", self.email)) <= EMAIL_LENGTH
            and not any(c.isspace() or unicodedata.category(c) == "Cc" for c in self.email)
        )

    def same_address(self, other: Person) -> bool:
        return self.email.lower() == other.email.lower()


@dataclass(frozen=True)
class Change:
    """A changed file: a rename has its old and its new path, a binary file has no lines."""

    paths: tuple[str, ...]
    added: int
    deleted: int


@dataclass(frozen=True)
class Commit:
    """One commit; `author` is as .mailmap says and `written_email` as the commit itself does.

    `authored_at` is RFC 3339 in UTC, or None where the commit holds no time that fits it.
    """

    hash: str
    is_merge: bool
    author: Person
    written_email: str
    authored_at: str | None
    co_authors: tuple[Person, ...]
    changes: tuple[Change, ...]


# Each field ends with a NUL, which no commit header can contain; -z sets one after the last.
LOG_FORMAT = "%x00".join(
    (
        "commit %H",
        *("%P", "%aN", "%aE", "%ae", "%at", "%ct"),
        "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x0A)",
    )
)
# All that somebody's configuration could change, said outright.
LOG_OPTIONS = (
    "-z",
    f"--format={LOG_FORMAT}",
    "--numstat",
    "--find-renames",
    "--diff-algorithm=myers",
    "--encoding=UTF-8",
    "--no-ext-diff",
    "--no-textconv",
    "--no-show-signature",
)
NUMSTAT = re.compile(rb"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
CONTACT = re.compile(r"(?P<name>[^<]*)<(?P<email>[^<>]*)>")


def parse_log(tokens: Iterator[bytes], canonical: Callable[[Person], Person]) -> Iterator[Commit]:
    """Yield the commits in the output of `git log` with LOG_OPTIONS, split at NUL.

    No file name can pass for a commit: a numstat token has two tabs in front of its name, and the
    two names of a rename are taken right after the token that announces them.
    """
    token = next(tokens, None)
    while token is not None:
        fields = [_text(next(tokens, b"")) for _ in range(7)]
        parents, name, address, written_address, authored, committed, trailers = fields
        author = Person(address.strip(), _name(name))
        changes, following = _read_changes(tokens)
        yield Commit(
            hash=_text(token).removeprefix("commit "),
            is_merge=" " in parents,
            author=author,
            written_email=written_address.strip(),
            authored_at=_utc(authored) or _utc(committed),
            co_authors=_co_authors(trailers, author, canonical),
            changes=changes,
        )
        token = following


def _read_changes(tokens: Iterator[bytes]) -> tuple[tuple[Change, ...], bytes | None]:
    """Return the changes up to the next commit, and that commit's first token."""
    changes = []
    for token in tokens:
        entry = NUMSTAT.fullmatch(token)
        if entry:
            paths = (entry[3],) if entry[3] else (next(tokens, b""), next(tokens, b""))
            added, deleted = (0 if count == b"-" else int(count) for count in entry.group(1, 2))
            changes.append(Change(tuple(map(_text, paths)), added, deleted))
        elif token.startswith(b"commit "):
            return tuple(changes), token
    return tuple(changes), None


def _text(raw: bytes) -> str:
    """Decode; stray bytes become U+FFFD, so that no lone surrogate ever arises."""
    return raw.decode("utf-8", errors="replace")


def _utc(seconds: str) -> str | None:
    try:
        moment = EPOCH + dt.timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
    return moment.isoformat().replace("+00:00", "Z")


def _co_authors(
    trailers: str, author: Person, canonical: Callable[[Person], Person]
) -> tuple[Person, ...]:
    """Return the co-authors, each address once, without the author and unusable addresses."""
    people: list[Person] = []
    # A message of a million trailers must not keep git busy with a million questions.
    for contact in map(CONTACT.match, trailers.split("\n")[: 4 * CO_AUTHORS]):
        if contact:
            person = canonical(_person(contact))
            if person.usable and not any(map(person.same_address, (author, *people))):
                people.append(person)
    return tuple(people[:CO_AUTHORS])


def _person(contact: re.Match[str]) -> Person:
    return Person(contact["email"].strip(), _name(contact["name"]))


def _name(name: str) -> str:
    return one_line(name)[:NAME_LENGTH].rstrip()


class Git:
    """git in one clone: every call is an argument vector, never a shell line."""

    def __init__(
        self,
        directory: Path,
        environ: Mapping[str, str],
        settings: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._directory = directory
        self._canonical: dict[Person, Person] = {}
        # git starts programs of its own, credential stores for one: no secret is their business.
        # GIT_DIR and its like name another repository where this is run from a git hook.
        withheld = ("INPUT_", "LEDGER_", "ACTIONS_", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
        self._environ = {k: v for k, v in environ.items() if not k.startswith(withheld)}
        self._environ |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        # In the environment and not as `-c`, because the process list shows arguments to everybody.
        first = int(environ.get("GIT_CONFIG_COUNT") or 0)
        pairs = (("log.showRoot", "true"), ("diff.renameLimit", "1000"), *settings)
        for index, (key, value) in enumerate(pairs, start=first):
            self._environ[f"GIT_CONFIG_KEY_{index}"] = key
            self._environ[f"GIT_CONFIG_VALUE_{index}"] = value
        self._environ["GIT_CONFIG_COUNT"] = str(first + len(pairs))

    def run(self, *arguments: str) -> str:
        """Return what the command prints; GitError with git's last words where it fails."""
        with self._start(arguments, subprocess.PIPE) as process:
            output, complaint = process.communicate()
        _check(process, complaint)
        return _text(output).strip()

    def has(self, *revisions: str) -> bool:
        """Whether all the commits are in the clone."""
        try:
            self.run("rev-list", "--no-walk", "--quiet", *revisions, "--")
        except GitError:
            return False
        return True

    def log(self, *selection: str) -> Generator[Commit, None, None]:
        """Yield the selected commits, merges too, while git finds them."""
        yield from parse_log(self._tokens("log", *LOG_OPTIONS, *selection, "--"), self.canonical)

    def canonical(self, person: Person) -> Person:
        """Return the person as .mailmap has them; git is asked once for each."""
        if person not in self._canonical:
            contact = None
            if len(person.email) <= EMAIL_LENGTH:
                asked = f"{person.name} <{one_line(person.email)}>"
                contact = CONTACT.match(self.run("check-mailmap", "--", asked))
            self._canonical[person] = _person(contact) if contact else person
        return self._canonical[person]

    def _tokens(self, *arguments: str) -> Iterator[bytes]:
        """Yield what the command prints, split at NUL, while it runs."""
        # A file for its complaints: a pipe that nobody reads would fill up and block git.
        with (
            tempfile.TemporaryFile() as complaint,
            self._start(arguments, complaint) as process,
        ):
            try:
                rest = b""
                while chunk := cast("IO[bytes]", process.stdout).read(1 << 16):
                    *tokens, rest = (rest + chunk).split(b"\0")
                    yield from tokens
            except BaseException:
                process.kill()
                raise
            process.wait()
            complaint.seek(0)
            _check(process, complaint.read())

    def _start(self, arguments: Sequence[str], stderr: int | IO[bytes]) -> subprocess.Popen[bytes]:
        command = ["git", "-C", str(self._directory), *arguments]
        null, pipe = subprocess.DEVNULL, subprocess.PIPE
        try:
            return subprocess.Popen(
                command, env=self._environ, stdin=null, stdout=pipe, stderr=stderr
            )
        except OSError as error:
            raise GitError("git cannot be started; is it installed?") from error


def _check(process: subprocess.Popen[bytes], complaint: bytes) -> None:
    if process.returncode:
        said = _text(complaint).split("\n")
        reasons = [line for line in said if line.startswith(("fatal: ", "error: "))] or said[-1:]
        raise GitError(f"git says: {reasons[0]} (exit status {process.returncode})")


# --- Which commits a push brought ---------------------------------------------------------------


@dataclass(frozen=True)
class Push:
    """What GitHub's push event says: https://docs.github.com/webhooks/webhook-events-and-payloads#push

    `before` is None for a new branch. `listed` are the commits that the event names itself.
    """

    ref: str
    before: str | None
    after: str
    default_branch: str
    listed: tuple[str, ...]


OBJECT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
LISTED_AT_MOST = 2048
WHOLE_HISTORY = 2**31 - 1  # as --unshallow asks: https://git-scm.com/docs/shallow


def read_push(event: Mapping[str, Any]) -> Push | None:
    """Return the push to a branch; None for a tag and for a branch that was deleted."""
    ref, before, after = (str(event.get(key, "")) for key in ("ref", "before", "after"))
    repository = event.get("repository") or {}
    listed = (str(commit.get("id")) for commit in event.get("commits") or ())
    if not ref.startswith("refs/heads/") or not after.strip("0"):
        return None
    if not OBJECT_ID.fullmatch(after):
        raise ConfigurationError("the event names no commit as `after`")
    return Push(
        ref=ref,
        before=before if OBJECT_ID.fullmatch(before) and before.strip("0") else None,
        after=after,
        default_branch=str(repository.get("default_branch") or ""),
        listed=tuple(filter(OBJECT_ID.fullmatch, listed)),
    )


def select_commits(git: Git, push: Push, say: Callable[[str], None]) -> tuple[str, ...]:
    """Return the arguments that make `git log` yield what the push brought, oldest first.

    Fetches what the clone lacks. Where there is a choice, too much is better than too little: a
    commit that was reported before is a replay and changes nothing, a commit left out is lost.
    """
    if push.before:
        try:
            selection = ("--reverse", push.after, f"^{push.before}")
            return _obtain(git, selection, push.after, push.before)
        except GitError as error:
            say(f"The branch's state before the push, {push.before[:10]}, cannot be had: {error}")
        if push.listed:
            # Made by GitHub, which still knew both sides of the forced push.
            say(f"Reporting the commits that the event lists: {len(push.listed):,}.")
            if len(push.listed) >= LISTED_AT_MOST:
                say("The list is as long as GitHub makes it: a backfill reports what it lacks.")
            return _obtain(git, ("--no-walk=unsorted", *push.listed), *push.listed)
        say("Taking it for the push of a new branch.")
    if push.ref == f"refs/heads/{push.default_branch}" or not push.default_branch:
        return _obtain(git, ("--reverse", push.after), push.after)
    # The other branches do not matter: of two that share commits and are pushed at once, each
    # would leave those to the other.
    base = f"refs/remotes/origin/{push.default_branch}"
    selection = ("--reverse", push.after, f"^{base}")
    return _obtain(git, selection, push.after, f"+refs/heads/{push.default_branch}:{base}")


def _obtain(git: Git, selection: tuple[str, ...], *sources: str) -> tuple[str, ...]:
    """Return the selection when all that belongs to it has been fetched from the sources.

    In a shallow clone a commit at the edge passes for one without parents: the range would be cut
    there, and the commit's diff be the whole tree. So as long as the selection has a commit without
    parents, be it a true root, the clone is deepened.
    """
    revisions = [source.rpartition(":")[2] for source in sources]
    depth, exhausted = 32, False
    while True:
        is_shallow = git.run("rev-parse", "--is-shallow-repository") == "true"
        edge = ("rev-list", "--max-count=1", "--max-parents=0", *selection, "--")
        if git.has(*revisions) and not (is_shallow and git.run(*edge)):
            return selection
        if exhausted:
            raise GitError("the remote does not hold all that was pushed")
        options = ["--quiet", "--no-tags", "--no-recurse-submodules"]
        if is_shallow:
            # Deeper than the clone can be by now: --depth also makes one shallower.
            depth = 2 * max(depth, int(git.run("rev-list", "--count", "--all")))
            depth = depth if depth < 1 << 16 else WHOLE_HISTORY
            options.append(f"--depth={depth}")
        exhausted = not is_shallow or depth == WHOLE_HISTORY
        git.run("fetch", *options, "origin", *sources)


# --- What is reported of a commit ---------------------------------------------------------------

TEST_DIRECTORIES = {"test", "tests", "__tests__", "spec", "specs", "e2e"}
TEST_FILE = re.compile(
    r"(test_.+|conftest)\.py"
    r"|.+[_.-](test|tests|spec|specs)\.[^.]+"
    r"|.+(Test|Tests|Spec)\.(java|kt|scala|groovy|cs|php|swift)"
)
DOC_DIRECTORIES = {"doc", "docs", "documentation"}
DOC_FILE = re.compile(
    r".+\.(md|mdx|rst|adoc|asciidoc)|(readme|changelog|contributing)(\.[^.]+)?", re.IGNORECASE
)


def _touches(changes: Iterable[Change], directories: set[str], file_name: re.Pattern[str]) -> bool:
    """Whether a changed path lies below one of the directories or its file is named like that."""
    paths = (PurePosixPath(change.paths[-1]) for change in changes)
    return any(
        file_name.fullmatch(path.name)
        or any(part.lower() in directories for part in path.parts[:-1])
        for path in paths
    )


def payload(commit: Commit, commits_url: str) -> bytes:
    """Return the commit as the batch endpoint takes it: compact JSON in UTF-8.

    `has_tests` and `has_docs` hold where a path that the commit adds, changes or removes (the new
    one of a rename) lies in such a directory or is named like such a file: TEST_*, DOC_*.
    """
    report: dict[str, Any] = {
        "contributor_email": commit.author.email,
        "commit_hash": commit.hash,
        "url": f"{commits_url}/{commit.hash}",
        "metadata": {
            "files_changed": len(commit.changes),
            "lines_added": sum(change.added for change in commit.changes),
            "lines_deleted": sum(change.deleted for change in commit.changes),
            "has_tests": _touches(commit.changes, TEST_DIRECTORIES, TEST_FILE),
            "has_docs": _touches(commit.changes, DOC_DIRECTORIES, DOC_FILE),
        },
    }
    written = Person(commit.written_email, "")
    if commit.author.name:
        report["contributor_name"] = commit.author.name
    if written.usable and written.email != commit.author.email:
        report["author_email"] = written.email
    if commit.authored_at:
        report["timestamp"] = commit.authored_at
    if commit.co_authors:
        report["co_authors"] = [{"email": p.email, "name": p.name} for p in commit.co_authors]
    return _json(report)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class PathFilter:
    """GitHub's `paths-ignore`: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet

    The last pattern that matches a path decides on it; `!` in front takes it out again.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [
            (_compile(pattern.removeprefix("!")), not pattern.startswith("!"))
            for pattern in patterns
        ]

    def ignores(self, commit: Commit) -> bool:
        """Whether the commit changes files and every one of them is ignored, under both names."""
        paths = [path for change in commit.changes for path in change.paths]
        return bool(self._rules and paths) and all(map(self._ignores_path, paths))

    def _ignores_path(self, path: str) -> bool:
        verdicts = (ignored for rule, ignored in reversed(self._rules) if rule.fullmatch(path))
        return next(verdicts, False)


GLOB_PIECE = re.compile(r"(?:\A|(?<=/))\*\*/|\*+|[?+]+|\[[^\]]+\]|\\.|.", re.DOTALL)
GLOB_WILDCARDS = ("(?:.*/)?", "[^/]*", ".*")


def _compile(pattern: str) -> re.Pattern[str]:
    """Return the regular expression; `?` and `+` say how often the character before comes."""
    directories, segment, anything = GLOB_WILDCARDS
    parts: list[str] = []
    for piece in GLOB_PIECE.findall(pattern):
        if piece == "**/":
            parts.append(directories)
        elif piece.startswith("*"):
            wildcard = segment if piece == "*" else anything
            parts += [wildcard] if parts[-1:] != [wildcard] else []
        elif piece[0] in "?+" and parts:
            # Said of a wildcard it changes nothing but the time it takes.
            if parts[-1] not in GLOB_WILDCARDS:
                parts[-1] += piece[0]
        elif piece.startswith("[") and len(piece) > 1:
            parts.append("[" + re.sub(r"([^\w-])", r"\\\1", piece[1:-1]) + "]")
        else:
            parts.append(re.escape(piece[-1]))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise ConfigurationError(f"paths-ignore: {pattern} is no pattern ({error})") from error


# --- Sending ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What the service said of one commit; cost and score where it said them."""

    name: str
    reason: str = ""
    cost: str = ""
    score: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer, or with status 0 and an `error` that there was none."""

    status: int
    headers: Message = field(default_factory=Message)
    body: bytes = b""
    error: str = ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether the same request would be answered the same again."""
        return 0 < self.status < 500 and self.status != 429

    def parsed(self) -> Any:
        """Return the JSON of the body, or None where it holds none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: urllib would carry the credential to whatever origin it names."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Http:
    """Requests that are tried again, within bounds, where trying again can help.

    429, 5xx and network failures wait as `Retry-After` says, else by exponential backoff with full
    jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    TIMEOUT = 60.0
    PATIENCE = 180.0
    TRIES = 8
    FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._opener = urllib.request.build_opener(_NoRedirect)

    def exchange(self, request: urllib.request.Request) -> Any:
        """Return the JSON of the first 2xx answer; ServiceError with the last failure's reason."""
        deadline = self._runtime.clock() + self.PATIENCE
        for attempt in range(1, self.TRIES + 1):
            answer = self._once(request)
            if answer.is_success:
                return answer.parsed()
            failure = describe_failure(answer)
            if answer.is_final or attempt == self.TRIES:
                break
            delay = self._delay(answer, attempt)
            if self._runtime.clock() + delay > deadline:
                failure += f"; the next try would be {delay:.0f} s away"
                break
            print(f"{public(failure)}; next try in {delay:.1f} s", file=self._runtime.stderr)
            self._runtime.sleep(delay)
        raise ServiceError(failure)

    def _once(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=self.TIMEOUT) as response:
                return Answer(response.status, response.headers, response.read(ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read(ANSWER_BYTES))
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            return Answer(0, error=f"no answer: {cause or type(cause).__name__}")

    def _delay(self, answer: Answer, attempt: int) -> float:
        uniform = self._runtime.uniform
        asked = _retry_after(answer.headers.get("Retry-After", ""), self._runtime.wall_clock())
        if asked is None:
            return uniform(0.0, min(self.LONGEST_DELAY, self.FIRST_DELAY * 2 ** (attempt - 1)))
        # A little more than asked, or all who were turned away come back at the same moment.
        return asked * uniform(1.0, 1.1)


def _retry_after(value: str, now: float) -> float | None:
    """Return the seconds of a Retry-After header: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (TypeError, ValueError, OverflowError):
        return None


def describe_failure(answer: Answer) -> str:
    """Return why a request failed: the service's problem document (RFC 9457), or less."""
    text = answer.error or f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        target = urllib.parse.urlsplit(answer.headers.get("Location", ""))
        where = f"{target.scheme}://{target.netloc}" if target.netloc else "another path"
        return f"{text}: redirected to {where}, and redirects are not followed; correct the url"
    problem = answer.parsed()
    if not isinstance(problem, dict):
        return text
    said = [str(problem[key]) for key in ("title", "detail") if problem.get(key)]
    text = ": ".join([text, *said])
    if problem.get("code"):
        text += f" ({problem['code']})"
    return "; ".join(filter(None, [text, _describe_errors(problem.get("errors"))]))


def _describe_errors(errors: object) -> str:
    """Return `[{pointer, message}]` as one line, cut after the third."""
    entries = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    texts = [f"{e.get('pointer', '')} {e.get('message', '')}".strip() for e in entries[:3]]
    return "; ".join(texts + (["..."] if len(entries) > 3 else []))


def service_base(url: str) -> str:
    """Return the address that BATCH_PATH goes after.

    The service's, a function's own, and either with the path of the endpoint are all taken.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        acceptable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        acceptable = False
    if not acceptable or "@" in parts.netloc or not re.fullmatch(r"[!-~]+", url):
        raise ConfigurationError("url must be like https://ledger.example.com")
    path = parts.path.rstrip("/").removesuffix(BATCH_PATH).removesuffix(SINGLE_PATH)
    return f"{parts.scheme}://{parts.netloc}{path}"


Credential = Callable[[], tuple[str, str]]
"""Returns the header that shows who is asking."""


def api_key(key: str) -> Credential:
    if not re.fullmatch(r"[!-~]+", key):
        raise ConfigurationError("the API key holds characters that no header can carry")
    return lambda: ("X-API-Key", key)


def identity_token(runtime: Runtime, audience: str, mask: Callable[[str], None]) -> Credential:
    """Return GitHub's own proof of which workflow is asking, a new one for each request.

    https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect
    """
    query = urllib.parse.urlencode({"audience": audience})
    request = urllib.request.Request(
        f"{runtime.environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&{query}",
        headers={"Authorization": f"Bearer {runtime.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
    )

    def ask() -> tuple[str, str]:
        try:
            answer = Http(runtime).exchange(request)
        except ServiceError as error:
            raise ServiceError(f"GitHub gave no identity token: {error}") from error
        token = answer.get("value") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise ServiceError("GitHub gave no identity token")
        mask(token)
        return ("Authorization", f"Bearer {token}")

    return ask


Record = Callable[[Sequence[str], bytes], list[Outcome]]
"""Takes the hashes and the body of a batch; returns their outcomes in order, or ServiceError."""


def ledger(runtime: Runtime, base: str, credential: Credential) -> Record:
    """Return what records a batch at the service."""
    web = Http(runtime)

    def record(hashes: Sequence[str], body: bytes) -> list[Outcome]:
        name, value = credential()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, application/problem+json",
            "User-Agent": "track-contributions",
            name: value,
        }
        request = urllib.request.Request(base + BATCH_PATH, body, headers, method="POST")
        return read_outcomes(web.exchange(request), hashes)

    return record


def until_failure(record: Record) -> Record:
    """Return the same with a failure as the outcome of the batch's and all later commits.

    Nothing more is sent then: the service has had all its tries.
    """
    failures: list[str] = []

    def attempt(hashes: Sequence[str], body: bytes) -> list[Outcome]:
        if not failures:
            try:
                return record(hashes, body)
            except ServiceError as error:
                failures.append(str(error))
        return [Outcome(FAILED, failures[0])] * len(hashes)

    return attempt


def read_outcomes(answer: object, hashes: Sequence[str]) -> list[Outcome]:
    """Return the outcomes, believed only where there is one for each commit, in order."""
    entries = answer.get("outcomes") if isinstance(answer, dict) else None
    if (
        not isinstance(entries, list)
        or not all(
            isinstance(entry, dict) and entry.get("outcome") in OUTCOMES for entry in entries
        )
        or [entry.get("commit_hash") for entry in entries] != list(hashes)
    ):
        raise ServiceError("what answers at that url is not a contribution ledger")
    return [
        Outcome(
            name=entry["outcome"],
            reason=_describe_errors(entry.get("errors")) or REASONS.get(entry["outcome"], ""),
            cost=_shown(entry.get("cost_amount")),
            score=_shown(entry.get("coherence_score")),
        )
        for entry in entries
    ]


def _shown(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) else ""


# --- From commits to outcomes -------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    commit_hash: str
    author: Person
    outcome: Outcome


MERGE = Outcome(SKIPPED, "merge commit")


class Batch:
    """Commits on their way, in order; those that are not sent have their outcome already."""

    def __init__(self, repository: str) -> None:
        self._head = b'{"repository":' + _json(repository) + b',"commits":['
        self._commits: list[tuple[Commit, Outcome | None]] = []
        self._payloads: list[bytes] = []
        self._size = len(self._head) + len(b"]}")

    def has_room(self, payload: bytes) -> bool:
        return (
            len(self._commits) < BATCH_COMMITS
            and self._size + len(payload) + len(b",") <= BATCH_BYTES
        )

    def add(self, commit: Commit, payload: bytes, outcome: Outcome | None) -> None:
        self._commits.append((commit, outcome))
        if outcome is None:
            self._payloads.append(payload)
            self._size += len(payload) + len(b",")

    def settle(self, record: Record) -> list[Result]:
        """Send what is to be sent; return the results in order."""
        hashes = [commit.hash for commit, outcome in self._commits if outcome is None]
        body = self._head + b",".join(self._payloads) + b"]}"
        answered = iter(record(hashes, body) if hashes else ())
        return [
            Result(commit.hash, commit.author, outcome or next(answered))
            for commit, outcome in self._commits
        ]


def report(
    commits: Iterable[Commit],
    *,
    repository: str,
    commits_url: str,
    ignored: PathFilter,
    record: Record,
) -> Iterator[list[Result]]:
    """Yield the results in the order of the commits, a batch at a time, so memory is bounded."""
    batch = Batch(repository)
    for commit in commits:
        outcome = _decide(commit, ignored)
        body = b"" if outcome else payload(commit, commits_url)
        if not batch.has_room(body):
            yield batch.settle(record)
            batch = Batch(repository)
        batch.add(commit, body, outcome)
    yield batch.settle(record)


def _decide(commit: Commit, ignored: PathFilter) -> Outcome | None:
    """Return the outcome of a commit that is not sent, None for one that is."""
    if commit.is_merge:
        return MERGE
    if ignored.ignores(commit):
        return Outcome(SKIPPED, "changes ignored paths only")
    if not commit.author.usable:
        return Outcome(INVALID, "the author has no usable email address")
    return None


class Tally(Counter[str]):
    """How many commits had which outcome."""

    @property
    def rejected(self) -> int:
        return sum(self[name] for name in REJECTED)

    @property
    def is_clean(self) -> bool:
        return not self.rejected and not self[FAILED]

    def __str__(self) -> str:
        counts = {name: self[name] for name in (RECORDED, REPLAYED)} | {"rejected": self.rejected}
        counts |= {name: self[name] for name in (PLANNED, FAILED, SKIPPED) if self[name]}
        return ", ".join(f"{count:,} {name}" for name, count in counts.items())


# --- The GitHub action --------------------------------------------------------------------------


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


def commits_url(environ: Mapping[str, str], repository: str = "") -> str:
    """Return the address that a commit's page has before its hash."""
    server = environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    return f"{server}/{repository or environ.get('GITHUB_REPOSITORY', '')}/commit"


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


# --- The backfill -------------------------------------------------------------------------------


class Progress:
    """How far it is, at what rate and for how much longer: a bar on a terminal, else lines."""

    LINE_SECONDS = 10.0
    LINE_BATCHES = 10

    def __init__(self, runtime: Runtime, total: int) -> None:
        self._stream, self._clock = runtime.stderr, runtime.clock
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
        width = min(40, shutil.get_terminal_size().columns - len(status) - 4)
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
            addresses = [p["email"] for p in commit.get("co_authors", ())]
            self.people.update(map(str.lower, (commit["contributor_email"], *addresses)))
        return [Outcome(PLANNED)] * len(hashes)


def run_backfill(runtime: Runtime, options: argparse.Namespace) -> int:
    """Report a clone's history; 0 where all of it is recorded, 1 where not, 130 on Ctrl-C."""
    git = Git(options.repo_dir, runtime.environ)
    if git.run("rev-parse", "--is-shallow-repository") == "true":
        raise ConfigurationError("the clone is shallow; run `git fetch --unshallow` in it first")
    dry_run = DryRun()
    record = dry_run if options.dry_run else _backfill_ledger(runtime, options)
    ignored = PathFilter(options.paths_ignore)
    tip = git.run("rev-parse", "--verify", "--end-of-options", f"{options.branch}^{{commit}}")
    selection = [tip, *([f"--since={options.since}"] if options.since else [])]
    total = int(git.run("rev-list", "--count", "--no-merges", *selection, "--"))
    progress, tally = Progress(runtime, total), Tally()
    status, ending = 0, "Done"
    try:
        with contextlib.closing(git.log(*selection)) as commits:
            for batch in report(
                commits,
                repository=options.repository,
                commits_url=commits_url(runtime.environ, options.repository),
                ignored=ignored,
                record=record,
            ):
                tally.update(result.outcome.name for result in batch)
                for result in batch:
                    if result.outcome.name in REJECTED:
                        said = result.outcome
                        progress.say(f"{result.commit_hash} {said.name}: {said.reason}")
                progress.advance(sum(result.outcome is not MERGE for result in batch))
    except KeyboardInterrupt:
        status, ending = 130, "Interrupted"
    except TrackError as error:
        status, ending = 1, f"Stopped: {error}"
    progress.finish()
    print(public(f"{ending}. {tally}."), file=runtime.stdout)
    if options.dry_run:
        counts = f"Requests: {dry_run.requests:,}. People: {len(dry_run.people):,}."
        print(counts, file=runtime.stdout)
    if status:
        again = "The same command goes on from here: what is recorded already stays as it is."
        print(again, file=runtime.stdout)
    return status or (1 if tally.rejected else 0)


def _backfill_ledger(runtime: Runtime, options: argparse.Namespace) -> Record:
    key = runtime.environ.get("LEDGER_API_KEY", "").strip()
    if not key:
        raise ConfigurationError("the environment variable LEDGER_API_KEY is not set")
    return ledger(runtime, service_base(options.url), api_key(key))


# --- The command line ---------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="track.py",
        description="Without a command this is the GitHub action, led by its environment.",
    )
    backfill = parser.add_subparsers(dest="command").add_parser(
        "backfill",
        help="report the history of a local clone",
        description="Report the history of a local clone, merge commits left out. It can be "
        "stopped and started again at any time: what is recorded already stays as it is. "
        "The API key comes from the environment variable LEDGER_API_KEY.",
        epilog="Exit status: 0 all is recorded, 1 something is not, 2 wrong usage, 130 Ctrl-C.",
    )
    option = backfill.add_argument
    option("--url", default="", help="the service's address")
    option("--repository", required=True, type=_repository, help="owner/name on GitHub")
    option("--repo-dir", default=".", type=Path, metavar="DIR", help="the clone (default: here)")
    option("--branch", default="HEAD", metavar="REF", help="default: HEAD")
    option("--since", metavar="DATE", help="only commits after it, as `git log --since` takes it")
    option("--paths-ignore", action="append", default=[], metavar="PATTERN", help="as the action's")
    option("--dry-run", action="store_true", help="read and count everything, send nothing")
    return parser


def _repository(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+", text):
        raise argparse.ArgumentTypeError("must be owner/name")
    return text


def main(arguments: Sequence[str], runtime: Runtime) -> int:
    options = _parser().parse_args(arguments)
    try:
        return run_backfill(runtime, options) if options.command else run_action(runtime)
    except ConfigurationError as error:
        print(f"track.py: {public(str(error))}", file=runtime.stderr)
        return 2
    except TrackError as error:
        print(f"track.py: {public(str(error))}", file=runtime.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main(sys.argv[1:], Runtime()))
