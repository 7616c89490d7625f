"""git, in the clone and in a repository that nobody has configured."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple, cast

from common import GitError, MissingTool
from text import decode

Settings = Sequence[tuple[str, str]]

SECRETS = ("INPUT_", "LEDGER_", "ACTIONS_")
# They name another repository, where this is run from a git hook, or put others' words in a
# commit's mouth: https://git-scm.com/docs/git-rev-parse (--local-env-vars)
REPOSITORY_VARIABLES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE"),
    *("GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_PREFIX"),
)
# What a lazy fetch may need in a partial clone; none of it has a say in what a commit is.
TRANSPORT_VARIABLES = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_", "GIT_EXEC_")
TRANSPORT_SETTINGS = (
    r"^(remote|url|http|credential|protocol|ssh)\.|^core\.(sshcommand|askpass|gitproxy)$"
)
ATTRIBUTES = re.compile(rb"\A100.*[\t/]\.gitattributes\Z", re.DOTALL)  # a file, no link


class Listed(NamedTuple):
    """A commit as `rev-list` names it, its committer's time in seconds since 1970."""

    hash: str
    committed_at: int
    is_merge: bool


class Git:
    """git in one folder: every call is an argument vector, never a shell line."""

    def __init__(self, directory: Path, environ: Mapping[str, str], settings: Settings = ()):
        self.directory = directory
        self.environ = {**environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        # In the environment and not as `-c`, because the process list shows arguments to everybody.
        given = environ.get("GIT_CONFIG_COUNT", "")
        first = int(given) if given.isdecimal() else 0
        for index, (key, value) in enumerate(settings, start=first):
            self.environ[f"GIT_CONFIG_KEY_{index}"] = key
            self.environ[f"GIT_CONFIG_VALUE_{index}"] = value
        self.environ["GIT_CONFIG_COUNT"] = str(first + len(settings))

    def run(self, *arguments: str, given: bytes = b"") -> str:
        """Return what the command prints; GitError with git's last words where it fails."""
        return decode(self.run_raw(*arguments, given=given)).strip()

    def run_raw(self, *arguments: str, given: bytes = b"") -> bytes:
        process = self.start(arguments, subprocess.PIPE, subprocess.PIPE)
        with process:
            output, complaint = process.communicate(given)
        _check(process, complaint)
        return output

    def has(self, *revisions: str) -> bool:
        """Whether all the commits are in the clone."""
        try:
            self.run("rev-list", "--no-walk", "--quiet", *revisions, "--")
        except GitError:
            return False
        return True

    def list(self, *selection: str) -> Generator[Listed, None, None]:
        """Yield the selected commits, merges too, while git finds them."""
        with self.output("rev-list", "--timestamp", "--parents", *selection, "--") as lines:
            for line in lines:
                seconds, commit_hash, *parents = decode(line).split()
                yield Listed(commit_hash, int(seconds), len(parents) > 1)

    @contextlib.contextmanager
    def output(self, *arguments: str, source: Path | None = None) -> Iterator[IO[bytes]]:
        """Yield what the command prints while it runs; `source` is its standard input."""
        with (
            open(source or os.devnull, "rb") as standard_input,  # noqa: PTH123 - devnull
            # A file for its complaints: a pipe that nobody reads would fill up and block git.
            tempfile.TemporaryFile() as complaint,
            self.start(arguments, standard_input, complaint) as process,
        ):
            try:
                yield cast("IO[bytes]", process.stdout)
            except BaseException:
                process.kill()
                raise
            process.wait()
            complaint.seek(0)
            _check(process, complaint.read())

    def start(
        self, arguments: Sequence[str], stdin: int | IO[bytes], stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        command = ["git", "-C", str(self.directory), *arguments]
        try:
            return subprocess.Popen(
                command, env=self.environ, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
            )
        except OSError as error:
            raise MissingTool("there is no git that can be started") from error


def clone_at(directory: Path, environ: Mapping[str, str], settings: Settings = ()) -> Git:
    """Return git in the clone, of which only what is stored counts: no replacement, no graft."""
    # git starts programs of its own, credential stores for one: no secret is their business.
    kept = {k: v for k, v in environ.items() if not k.startswith((*SECRETS, *REPOSITORY_VARIABLES))}
    kept |= {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull}
    try:
        is_git = Git(Path(os.sep), kept).run("version").startswith("git version ")
    except GitError:
        is_git = False
    if not is_git:
        raise MissingTool("what is named git is no git")
    return Git(directory, kept, (("core.commitGraph", "false"), *settings))


@contextlib.contextmanager
def unconfigured(clone: Git, tip: str) -> Iterator[Git]:
    """Yield git in a repository without anybody's configuration that has the clone's objects.

    Of the clone only what is versioned has a say, as it stands in the commit `tip`: .mailmap, and
    .gitattributes, which say what is binary.
    """
    with tempfile.TemporaryDirectory(prefix="track-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        for folder in ("git/refs", "tree"):
            (home / folder).mkdir(parents=True)
        (home / "git" / "HEAD").write_text("ref: refs/heads/none\n")
        (home / "git" / "config").write_text(
            f"[core]\n\trepositoryFormatVersion = {int(len(tip) == 64)}\n\tbare = false\n"
            "\tcommitGraph = false\n[diff]\n\trenameLimit = 1000\n"
            f"[mailmap]\n\tblob = {tip}:.mailmap\n"
            + ("[extensions]\n\tobjectFormat = sha256\n" if len(tip) == 64 else "")
        )
        objects = clone.run("rev-parse", "--git-path", "objects")
        transport = _transport(clone)
        environ = {
            **{k: v for k, v in clone.environ.items() if not k.startswith("GIT_")},
            # What GIT_CONFIG_GLOBAL says, for a git before 2.32, too.
            **({} if transport else {"HOME": name, "XDG_CONFIG_HOME": name}),
            **{k: v for k, v in clone.environ.items() if k.startswith(TRANSPORT_VARIABLES)},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_DIR": str(home / "git"),
            "GIT_WORK_TREE": str(home / "tree"),
            "GIT_OBJECT_DIRECTORY": str(clone.directory / objects),
        }
        git = Git(home / "tree", environ, transport)
        # From an index git reads them where no file lies in the working tree.
        entries = git.run_raw("ls-tree", "-r", "-z", "--full-tree", tip).split(b"\0")
        index = b"".join(entry + b"\0" for entry in entries if ATTRIBUTES.search(entry))
        git.run_raw("update-index", "-z", "--index-info", given=index)
        yield git


def _transport(clone: Git) -> list[tuple[str, str]]:
    """Return how a partial clone is to fetch what it lacks; nothing for a complete one."""
    try:
        clone.run("config", "--get-regexp", r"^remote\..*\.promisor$")
    except GitError:
        return []
    entries = clone.run_raw("config", "-z", "--get-regexp", TRANSPORT_SETTINGS).split(b"\0")
    pairs = (decode(entry).partition("\n") for entry in entries if entry)
    return [(key, value) for key, _, value in pairs]


def _check(process: subprocess.Popen[bytes], complaint: bytes) -> None:
    if process.returncode:
        said = decode(complaint).split("\n")
        reasons = [line for line in said if line.startswith(("fatal: ", "error: "))] or said[-1:]
        raise GitError(f"git says: {reasons[0]} (exit status {process.returncode})")
