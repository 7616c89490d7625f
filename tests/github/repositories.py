"""Real git repositories for tests, made commit by commit, also of the kind that nobody wants."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ADA = ("Ada Lovelace", "ada@example.com")
GRACE = ("Grace Hopper", "grace@example.com")
ZEROS = "0" * 40

FIRST_SECOND = 1_700_000_000
"""The first commit's time, 2023-11-14T22:13:20Z; each further one is a minute later."""


def git_environment() -> dict[str, str]:
    """Return an environment in which nobody's configuration or repository has a say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}


@dataclass
class Repository:
    """One repository with a working tree; every method that commits returns the full hash."""

    path: Path
    _ticks: list[int] = field(default_factory=list)

    @classmethod
    def create(cls, path: Path, *, branch: str = "main") -> Repository:
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", f"--initial-branch={branch}")
        return repository

    @property
    def url(self) -> str:
        """Return an address that git fetches from as from a server, shallow clones included."""
        return self.path.as_uri()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def git(
        self, *arguments: str, given: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> str:
        """Run git in the repository and return what it prints."""
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            input=given,
            capture_output=True,
            env=git_environment() | dict(environment or {}),
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode(errors="replace").strip()

    def commit(
        self,
        message: str = "Change something",
        *,
        author: tuple[str, str] = ADA,
        files: Mapping[str | bytes, str | bytes] | None = None,
        removed: tuple[str, ...] = (),
        at: str = "",
    ) -> str:
        """Write the files (default: a new line in one), remove others, and commit.

        `at` is the time of author and committer, if not a minute after the last one's.
        """
        seconds = self._tick()
        written = {"notes.txt": f"{seconds}\n"} if files is None else files
        for name, content in written.items():
            target = os.path.join(os.fsencode(self.path), os.fsencode(name))  # noqa: PTH118 - bytes
            os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120 - bytes
            Path(os.fsdecode(target)).write_bytes(
                content.encode() if isinstance(content, str) else content
            )
        for name in removed:
            (self.path / name).unlink()
        self.git("add", "--all")
        self.git(
            *("commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--file=-"),
            given=message.encode(),
            environment=_identities(author, at or f"{seconds} +0200"),
        )
        return self.head

    def rename(self, old: str, new: str, *, author: tuple[str, str] = ADA) -> str:
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        self.git("mv", "--", old, new)
        return self.commit("Rename", author=author, files={})

    def commit_object(
        self, author_line: bytes, *, message: bytes = b"Odd\n", encoding: str = ""
    ) -> str:
        """Commit, as git itself never would, with exactly this author line after `author `."""
        seconds = self._tick()
        tree, parent = self.git("rev-parse", "HEAD^{tree}").encode(), self.head.encode()
        committer = f"{GRACE[0]} <{GRACE[1]}> {seconds} +0000".encode()
        lines = (b"tree " + tree, b"parent " + parent, b"author " + author_line)
        claimed = (f"encoding {encoding}".encode(),) if encoding else ()
        content = b"\n".join((*lines, b"committer " + committer, *claimed, b"", message))
        made = self.git(
            *("hash-object", "-t", "commit", "-w", "--stdin", "--literally"), given=content
        )
        self.git("reset", "--quiet", "--hard", made)
        return made

    def commit_many(self, number: int, *, name: str = "A", message: str = "") -> None:
        """Commit to `main` without files, in one go: a process for each takes its time."""
        stream = []
        for position in range(number):
            person = f"{name} <a{position % 7}@example.com> {self._tick()} +0000"
            start = "" if position else "from refs/heads/main^0\n"
            stream.append(f"commit refs/heads/main\nauthor {person}\ncommitter {person}\n")
            stream.append(f"data {len(message.encode())}\n{message}\n{start}")
        self.git("fast-import", "--quiet", given="".join(stream).encode())

    def branch(self, name: str, start: str = "HEAD") -> None:
        """Create the branch and work on it."""
        self.git("checkout", "--quiet", "-b", name, start)

    def switch(self, name: str) -> None:
        self.git("checkout", "--quiet", name)

    def merge(self, name: str, *, at: str = "") -> str:
        seconds = self._tick()
        self.git(
            *("merge", "--quiet", "--no-ff", "--strategy=ort", "--strategy-option=ours"),
            *("-m", f"Merge branch '{name}'", name),
            environment=_identities(GRACE, at or f"{seconds} +0200"),
        )
        return self.head

    def _tick(self) -> int:
        self._ticks.append(FIRST_SECOND + 60 * len(self._ticks))
        return self._ticks[-1]


def _identities(author: tuple[str, str], at: str) -> dict[str, str]:
    return {
        f"GIT_{role}_{part}": value
        for role, (name, email) in (("AUTHOR", author), ("COMMITTER", GRACE))
        for part, value in (("NAME", name), ("EMAIL", email), ("DATE", at))
    }


def checkout(
    origin: Repository, path: Path, *, commit: str, branch: str = "main", depth: int = 0
) -> Repository:
    """Check the commit out as actions/checkout does: one ref, and `depth` commits (0 for all)."""
    workspace = Repository.create(path)
    workspace.git("remote", "add", "origin", origin.url)
    limit = (f"--depth={depth}",) if depth else ()
    tracking = f"refs/remotes/origin/{branch}"
    wanted = (f"+{commit}:{tracking}",) if depth else ("+refs/heads/*:refs/remotes/origin/*",)
    workspace.git("fetch", "--quiet", "--no-tags", *limit, "origin", *wanted)
    workspace.git("checkout", "--quiet", "--force", "-B", branch, commit)
    return workspace
