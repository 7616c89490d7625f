"""git in one clone."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from commits import CONTACT, EMAIL_LENGTH, LOG_OPTIONS, Commit, Person, parse_log, read_person
from common import GitError
from text import decode, one_line


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
        return decode(output).strip()

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
            self._canonical[person] = read_person(contact) if contact else person
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
        said = decode(complaint).split("\n")
        reasons = [line for line in said if line.startswith(("fatal: ", "error: "))] or said[-1:]
        raise GitError(f"git says: {reasons[0]} (exit status {process.returncode})")
