"""The commits of a clone, read as a machine without any configuration reads them."""

from __future__ import annotations

import contextlib
import functools
import re
import subprocess
from collections.abc import Generator, Iterable, Iterator
from typing import IO, cast

from commits import IDENTITY, Canonical, Change, Commit, Person, encoding_of, read_commit, read_name
from common import GitError
from git import Git, unconfigured
from text import decode, extends_ascii

TRAILERS = "key=Co-authored-by,key=Assisted-by,key=Generated-by,unfold,separator=%x0A"
# Each field ends with a NUL, which no trailer can contain; -z sets one after the last.
DIFF = (
    *("diff-tree", "--stdin", "--always", "--root", "-r", "-z", "--numstat", "--find-renames"),
    *(f"--format=commit %H%x00%(trailers:{TRAILERS})",),
    *("--encoding=UTF-8", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"),
)
NUMSTAT = re.compile(rb"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)


def read_history(
    clone: Git, tip: str, hashes: Iterable[str], *, mailmapped: bool = True
) -> Generator[Commit, None, None]:
    """Yield the commits in the order of the hashes, while git reads them.

    `tip` is the commit whose .gitattributes hold for all, and whose .mailmap does unless people are
    to be as each commit has them.
    """
    with unconfigured(clone, tip) as git:
        source = git.directory.parent / "hashes"
        with source.open("w", encoding="ascii") as file:
            file.writelines(f"{commit_hash}\n" for commit_hash in hashes)
        with (
            _mailmap(git) if mailmapped else contextlib.nullcontext(_as_written) as canonical,
            git.output("cat-file", "--batch", "--buffer", source=source) as objects,
            git.output(*DIFF, source=source) as diffs,
        ):
            tokens = _tokens(diffs)
            token = next(tokens, None)
            while token is not None:
                commit_hash, trailers = token.removeprefix(b"commit "), next(tokens, b"")
                changes, token = _read_changes(tokens)
                raw = _read_object(objects, commit_hash)
                if not extends_ascii(encoding_of(raw) or "utf-8"):
                    trailers = _trailers_as_written(git, raw)
                yield read_commit(decode(commit_hash), raw, trailers, changes, canonical)


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands before each NUL."""
    rest = b""
    while chunk := stream.read(1 << 16):
        *tokens, rest = (rest + chunk).split(b"\0")
        yield from tokens


def _read_changes(tokens: Iterator[bytes]) -> tuple[list[Change], bytes | None]:
    """Return the changes up to the next commit, and that commit's first token.

    No file name can pass for a commit: a numstat token has two tabs in front of its name, and the
    two names of a rename are taken right after the token that announces them.
    """
    changes: list[Change] = []
    for token in tokens:
        entry = NUMSTAT.fullmatch(token)
        if entry is None:
            return changes, token
        paths = (entry[3],) if entry[3] else (next(tokens, b""), next(tokens, b""))
        added, deleted = (0 if count == b"-" else int(count) for count in entry.group(1, 2))
        changes.append(Change(tuple(map(decode, paths)), added, deleted))
    return changes, None


def _read_object(stream: IO[bytes], commit_hash: bytes) -> bytes:
    """Return the next object: https://git-scm.com/docs/git-cat-file#_batch_output"""
    found, *rest = stream.readline().split() or [b""]
    if found != commit_hash or rest[:1] != [b"commit"]:
        raise GitError(f"the clone lacks the commit {decode(commit_hash)[:10]}")
    return stream.read(int(rest[1]) + 1)[:-1]


def _trailers_as_written(git: Git, raw: bytes) -> bytes:
    """Return the trailers of a commit that git would read in an encoding in which it is not."""
    # Without the blank lines in front, of which `git log` knows nothing either.
    message = re.sub(rb"\A[ \t\r\n]*\n", b"", raw.partition(b"\n\n")[2])
    return git.run_raw("interpret-trailers", "--parse", "--no-divider", given=message)


def _as_written(person: Person) -> Person:
    return person


@contextlib.contextmanager
def _mailmap(git: Git) -> Iterator[Canonical]:
    """Yield what returns a person as .mailmap has them; git is asked once for each."""
    with git.start(("check-mailmap", "--stdin"), subprocess.PIPE, subprocess.DEVNULL) as process:
        questions, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)

        @functools.cache
        def canonical(person: Person) -> Person:
            asked = f"{person.name} <{person.email}>".replace("\0", " ")
            questions.write(f"{asked}\n".encode())
            questions.flush()
            found = IDENTITY.match(decode(answers.readline()))
            if found is None:
                raise GitError("git check-mailmap gives no answer")
            return Person(found["email"], read_name(found["name"]))

        yield canonical
