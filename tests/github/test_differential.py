"""Action, backfill and webhook against git itself and each other, on a history of random commits.

git is asked by `git log` and `git interpret-trailers` in a plain clone without any configuration,
which has the tip of the push checked out. What they say differently is named here:

- `git log` leaves out submodules that .gitmodules ignores: it is told not to.
- `git log` believes of a header that it is in an encoding in which no header can be, and prints
  what it happens to find in memory: such a commit is read from its own bytes.
- `git interpret-trailers` takes a blank line in front for the title, of which `git log` knows
  nothing; and a line `---` for the end of the message, unless it is told that it has no patch.
- A payload knows no .mailmap, so people are as the commit names them.
- A payload knows no parents: a merge with a title of its own counts as a commit there.
- A payload knows no lines, and no renames: a moved file is one removed and one added.
- A payload knows no committer's time to take where the author's lies beyond the year 9999, be it
  only in the author's own zone.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from action import run_action
from common import Runtime
from shared.domain.push import read_push
from tests.github.random_history import RandomHistory, clone_of
from tests.github.repositories import ZEROS, Repository
from tests.github.runner import Backfill, Runner
from tests.github.stub_ledger import StubLedger

FIELDS = ("%H", "%P", "%aN", "%aE", "%an", "%ae", "%at", "%ct", "%aI", "%B")
UNREADABLE = "UTF-16LE"
CONTACT = re.compile(r"([^<]*)<([^<>]*)>")
ABOUT_TOOLS = ("assisted-by", "generated-by")
LAST_SECOND = 253402300799


@dataclass(frozen=True)
class Said:
    """What git says of a commit; people are (address in lower case, name)."""

    is_merge: bool
    title: str
    message: str
    author: tuple[str, str]
    written: tuple[str, str]
    seconds: int
    authored: int
    shown_time: str
    trailers: tuple[str, ...]
    tools: tuple[str, ...]
    files: int
    added: int
    deleted: int
    paths: dict[str, list[str]]


@dataclass
class PlainGit:
    """git in a plain clone, one commit of which is checked out."""

    clone: Repository

    def ask(self, tip: str, *selection: str) -> dict[str, Said]:
        """Return what git says of the selected commits where `tip` is checked out."""
        self.clone.git("checkout", "--quiet", "--force", "--detach", tip)
        sizes = dict(self._sizes(*selection))
        paths = dict(self._paths(*selection))
        listed = list(self._records(("%H", "%e"), *selection))
        unreadable = [commit for commit, encoding in listed if encoding == UNREADABLE]
        readable = "\n".join(commit for commit, encoding in listed if encoding != UNREADABLE)
        found = list(self._records(FIELDS, "--no-walk", "--stdin", given=readable.encode()))
        found += map(self._as_written, unreadable)
        return {
            fields[0]: self._said(fields, sizes[fields[0]], paths[fields[0]]) for fields in found
        }

    def people(self, contacts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the people as the checked out .mailmap has them."""
        asked = "".join(f"{name} <{email}>\n" for email, name in contacts)
        answered = self.clone.git("check-mailmap", "--stdin", given=asked.encode())
        return [(m[2], m[1].strip()) for m in map(CONTACT.match, answered.splitlines()) if m]

    def _said(self, fields: tuple[str, ...], size: tuple[int, int, int], paths: Any) -> Said:
        _, parents, name, email, written_name, written, at, ct, shown, body = fields
        message = re.sub(r"\A[ \t\r\n]*\n", "", body).encode()
        parsed = self.clone.git("interpret-trailers", "--parse", "--no-divider", given=message)
        pairs = [line.partition(":") for line in parsed.split("\n")]
        return Said(
            is_merge=" " in parents,
            title=body.lstrip().split("\n")[0],
            message=body,
            author=(email, name),
            written=(written, written_name),
            seconds=next((int(s) for s in (at, ct) if s and int(s) <= LAST_SECOND), -1),
            authored=int(at),
            shown_time=shown,
            trailers=tuple(v for key, _, v in pairs if key.lower() == "co-authored-by"),
            tools=tuple(v for key, _, v in pairs if key.lower() in ABOUT_TOOLS),
            files=size[0],
            added=size[1],
            deleted=size[2],
            paths=paths,
        )

    def _as_written(self, commit: str) -> tuple[str, ...]:
        """Return FIELDS of a commit in an encoding in which no header can be."""
        raw = self.clone.git("cat-file", "commit", commit)
        parents = " ".join(re.findall("^parent (.*)$", raw, re.MULTILINE))
        people = re.findall(r"^(?:author|committer) (.*) <(.*)> (\d+) ", raw, re.MULTILINE)
        (name, email, at), (_, _, ct) = people
        shown = moment(int(at)) if int(at) <= LAST_SECOND else "10000-"
        body = raw.partition("\n\n")[2]
        return commit, parents, name, email, name, email, at, ct, shown, body

    def _records(
        self, fields: tuple[str, ...], *arguments: str, given: bytes = b""
    ) -> Iterator[tuple[str, ...]]:
        tokens = self._log("--no-patch", f"--format={'%x00'.join(fields)}", *arguments, given=given)
        # After the last NUL stands nothing.
        return zip(*[iter(tokens[:-1])] * len(fields), strict=True)

    def _log(self, *arguments: str, given: bytes = b"") -> list[str]:
        options = ("-z", "--ignore-submodules=none", "--encoding=UTF-8")
        return self.clone.git("log", *options, *arguments, "--", given=given).split("\0")

    def _sizes(self, *selection: str) -> Iterator[tuple[str, tuple[int, int, int]]]:
        tokens = iter(self._log("--numstat", "--format=commit %H", *selection))
        commit, files, added, deleted = "", 0, 0, 0
        for token in tokens:
            entry = re.fullmatch(r"\n?(\d+|-)\t(\d+|-)\t(.*)", token, re.DOTALL)
            if entry:
                if not entry[3]:
                    next(tokens), next(tokens)
                files += 1
                added += int(entry[1].replace("-", "0"))
                deleted += int(entry[2].replace("-", "0"))
            elif token.startswith("commit "):
                if commit:
                    yield commit, (files, added, deleted)
                commit, files, added, deleted = token.removeprefix("commit "), 0, 0, 0
        yield commit, (files, added, deleted)

    def _paths(self, *selection: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """Yield the paths of each commit as a payload lists them."""
        lists = {"A": "added", "M": "modified", "T": "modified", "D": "removed"}
        options = ("--name-status", "--no-renames", "--format=commit %H")
        tokens = iter(self._log(*options, *selection))
        commit, paths = "", dict[str, list[str]]()
        for token in tokens:
            if token.startswith("commit "):
                if commit:
                    yield commit, paths
                commit, paths = token.removeprefix("commit "), {}
            elif token.strip() in lists:
                paths.setdefault(lists[token.strip()], []).append(next(tokens))
        yield commit, paths


def usable(email: str) -> bool:
    return bool(re.fullmatch(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+", email))


def clean(name: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", name).strip()[:256].strip()


def credited(people: Iterable[tuple[str, str]], author: str) -> list[tuple[str, str]]:
    """Return the co-authors: each once, usable, without the author, at most fifty."""
    found = {author.strip().lower(): ""}
    for email, name in people:
        if usable(email.strip()):
            found.setdefault(email.strip().lower(), clean(name))
    return list(found.items())[1:51]


def contacts(said: Said) -> list[tuple[str, str]]:
    matches = (CONTACT.match(value) for value in said.trailers)
    return [(match[2].strip(), clean(match[1])) for match in matches if match]


def assistance(said: Said) -> list[str]:
    """Return what is told of tools: each once, at most ten."""
    return list(dict.fromkeys(filter(None, map(clean, said.tools))))[:10]


def shown(commit: dict[str, Any]) -> list[tuple[str, str]]:
    return [(p["email"].lower(), p["name"] or "") for p in commit.get("co_authors", ())]


def moment(seconds: int) -> str:
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return time.isoformat().replace("+00:00", "Z")


class TestAgainstGit:
    @pytest.fixture(params=[300, pytest.param(10_000, marks=pytest.mark.long)])
    def history(self, request: pytest.FixtureRequest, tmp_path: Path) -> Repository:
        repository = Repository.create(tmp_path / "random")
        RandomHistory(request.param).write(repository)
        return repository

    @pytest.fixture
    def plain(self, history: Repository, tmp_path: Path) -> PlainGit:
        return PlainGit(clone_of(history, tmp_path / "plain"))

    def test_the_backfill_reports_what_git_says(
        self, history: Repository, plain: PlainGit, ledger: StubLedger
    ) -> None:
        tip = history.git("rev-parse", "main")

        done = Backfill(history.path, ledger.url).run("--branch", "main")

        assert done.returncode == 0, done.stderr
        compare_with_git(plain, plain.ask(tip, tip), ledger)

    def test_the_action_and_the_webhook_report_each_push_as_git_says(
        self, history: Repository, plain: PlainGit, ledger: StubLedger, tmp_path: Path
    ) -> None:
        workspace = clone_of(history, tmp_path / "workspace")
        runner = Runner(tmp_path / "runner", workspace.path)

        for before, after in pushes(history):
            ledger.requests.clear()
            event = {"ref": "refs/heads/main", "before": before, "after": after}
            event |= {"repository": {"default_branch": "main"}}  # type: ignore[dict-item]
            environ = runner.environ(event, inputs=ledger.inputs)
            log = io.StringIO()
            assert run_action(Runtime(environ=environ, stdout=log, stderr=log)) == 0
            assert "::error" not in log.getvalue()
            selection = (after,) if before == ZEROS else (after, f"^{before}")
            said = plain.ask(after, *selection)
            compare_with_git(plain, said, ledger)
            compare_webhook_with_git(said)


def pushes(history: Repository) -> Iterator[tuple[str, str]]:
    """Yield whole pushes of random sizes, a new branch first, as (before, after)."""
    tips = history.git("rev-list", "--reverse", "--first-parent", "main").split()
    sizes, before, position = random.Random(1), ZEROS, -1
    while position < len(tips) - 1:
        position = min(position + sizes.randint(1, max(len(tips) // 8, 2)), len(tips) - 1)
        yield before, tips[position]
        before = tips[position]


def compare_with_git(plain: PlainGit, said: dict[str, Said], ledger: StubLedger) -> None:
    expected = {
        commit: found
        for commit, found in said.items()
        if not found.is_merge and usable(found.author[0].strip())
    }
    assert sorted(ledger.hashes) == sorted(expected)
    for commit in ledger.sent:
        found = expected[commit["commit_hash"]]
        metadata = commit["metadata"]
        email, name = found.author
        written = found.written[0].strip()
        assert {
            "author": (commit["contributor_email"], commit.get("contributor_name", "")),
            "written": commit.get("author_email", commit["contributor_email"]),
            "time": commit.get("timestamp"),
            "co-authors": shown(commit),
            "assistance": commit.get("assistance", []),
            "size": [metadata[f] for f in ("files_changed", "lines_added", "lines_deleted")],
        } == {
            "author": (email.strip(), clean(name)),
            "written": written if usable(written) else email.strip(),
            "time": moment(found.seconds),
            "co-authors": credited(plain.people(contacts(found)), email),
            "assistance": assistance(found),
            "size": [found.files, found.added, found.deleted],
        }, found


MERGED_BY_GIT = re.compile(r"Merge (pull request #\d+ |branch ')(?!.* \(#\d+\)\s*$)")


def compare_webhook_with_git(said: dict[str, Said]) -> None:
    event = {
        "ref": "refs/heads/main",
        "head_commit": {},
        "repository": {"full_name": "octo/demo", "default_branch": "main"},
        "commits": [payload(commit, found) for commit, found in said.items()],
    }

    push = read_push(event, branches=())

    taken = {said[str(commit)].title for commit in push.merges}
    assert taken == {found.title for found in said.values() if MERGED_BY_GIT.match(found.title)}
    assert len(push.commits) + len(push.merges) == len(said)
    for commit in push.commits:
        found = said[commit["commit_hash"]]
        email, name = found.written
        paths = {path for paths in found.paths.values() for path in paths}
        assert {
            "author": (commit["contributor_email"], commit.get("contributor_name", "")),
            "time": commit.get("timestamp"),
            "co-authors": shown(commit),
            "assistance": commit.get("assistance", []),
            "files": commit["metadata"]["files_changed"],
        } == {
            "author": (email, clean(name)),
            "time": moment(found.authored) if can_be_told(found) else None,
            "co-authors": credited(contacts(found), email),
            "assistance": assistance(found),
            "files": len(paths),
        }, found


def can_be_told(found: Said) -> bool:
    """Whether the author's time has four digits for its year, in its own zone and in UTC."""
    return found.shown_time[4] == "-" and found.authored <= LAST_SECOND


def payload(commit: str, found: Said) -> dict[str, Any]:
    """Return the commit as GitHub's push event has it."""
    email, name = found.written
    return {
        "id": commit,
        "distinct": True,
        "message": found.message,
        "timestamp": found.shown_time,
        "url": f"https://github.com/octo/demo/commit/{commit}",
        "author": {"name": name, "email": email},
        **{kind: found.paths.get(kind, []) for kind in ("added", "modified", "removed")},
    }
