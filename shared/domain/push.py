"""GitHub's `push` event: which commits it brings, as they are reported to the ledger.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from shared.domain.assistance import MAX_ASSISTANCE
from shared.domain.branches import fits
from shared.domain.contribution import MAX_CO_AUTHORS
from shared.domain.email import normalise_email
from shared.domain.errors import InvalidInput
from shared.domain.fields import MAX_NAME_LENGTH, parse_url
from shared.domain.number import MAX_NUMBER
from shared.domain.repository import Repository
from shared.domain.timestamps import format_timestamp, time_of_commit
from shared.domain.trailers import trailers
from shared.domain.unreadable import Unreadable

# GitHub leaves out the commits beyond, and does not say so.
MAX_LISTED_COMMITS = 2048

_BRANCH = "refs/heads/"
_GITHUB_COM = "https://github.com/"
# The subjects that git and GitHub give to merges; the payload does not tell a commit's parents.
# https://github.com/git/git/blob/v2.39.5/builtin/fmt-merge-msg.c
_MERGE = re.compile(
    r"Merge (?:pull request #\d+ |(?:branch(?:es)?|remote-tracking branch(?:es)?|tags?|commits?) ')"
)
# What GitHub's squash button writes behind a title, and `git cherry-pick -x -m` below a message:
# one parent both, whatever the subject says.
_SQUASH = re.compile(r".* \(#\d+\)\s*")
_PICKED = re.compile(r"^\(cherry picked from commit [0-9a-f]+\)\s*$", re.MULTILINE)
_CONTACT = re.compile(r"(?P<name>[^<]*)<(?P<email>[^<>]*)>")
_ABOUT_TOOLS = frozenset({"assisted-by", "generated-by"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

_READ = ("author", "message", "added", "modified", "removed")
_TEST_DIRECTORIES = frozenset({"test", "tests", "__tests__", "spec", "specs", "e2e"})
_TEST_FILE = re.compile(
    r"(test_.+|conftest)\.py"
    r"|.+[_.-](test|tests|spec|specs)\.[^.]+"
    r"|.+(Test|Tests|Spec)\.(java|kt|scala|groovy|cs|php|swift)"
)
_DOC_DIRECTORIES = frozenset({"doc", "docs", "documentation"})
_DOC_FILE = re.compile(
    r".+\.(md|mdx|rst|adoc|asciidoc)|(readme|changelog|contributing)(\.[^.]+)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Push:
    """A push, or the reason why there is nothing to record in it.

    `commits` are JSON values as a batch has them, not validated yet; `merges` are the hashes of
    the merge commits left out; `cut` says that GitHub may have listed only a part; `number` is
    GitHub.com's of the repository.
    """

    repository: Repository
    ignored: str | None = None
    commits: tuple[dict[str, Any], ...] = ()
    merges: tuple[str, ...] = ()
    cut: bool = False
    number: int | None = None


def read_push(
    payload: Any,
    *,
    branches: Collection[str],
    target_type: str | None = None,
    target_id: str | None = None,
) -> Push:
    """The push that an event describes.

    `branches` are patterns of those tracked; none means the repository's default branch.
    `target_type` and `target_id` say where the hook was set, as in the headers
    `X-GitHub-Hook-Installation-Target-`: an organisation's or an app's hook reports each fork too,
    and what a fork takes over counts in the repository that it comes from.

    Raises `InvalidInput` where the event is not a push as GitHub documents it.
    """
    repository = event_repository(payload)
    ref = payload.get("ref")
    if not isinstance(ref, str) or not isinstance(payload.get("commits"), list):
        raise InvalidInput.at("", "is no push event: ref or commits are missing")
    default = payload["repository"].get("default_branch")
    if not branches and not isinstance(default, str):
        raise InvalidInput.at("/repository/default_branch", "must be the name of a branch")
    if payload["repository"].get("fork") is True and not _is_set_on(
        payload["repository"], target_type, target_id
    ):
        return Push(repository, ignored="a fork")
    if not ref.startswith(_BRANCH):
        return Push(repository, ignored="not a branch")
    if payload.get("deleted") is True or payload.get("head_commit") is None:
        return Push(repository, ignored="the branch was deleted, or holds no new commit")
    branch = ref.removeprefix(_BRANCH)
    if not (fits(branch, branches) if branches else branch == default):
        return Push(repository, ignored="not a tracked branch")
    listed = [item for item in payload["commits"] if isinstance(item, dict)]
    merges = tuple(clean_name(item.get("id")) or "" for item in listed if _is_merge(_message(item)))
    commits = tuple(_commit(item) for item in listed if not _is_merge(_message(item)))
    cut = len(listed) >= MAX_LISTED_COMMITS
    return Push(repository, None, commits, merges, cut, repository_number(payload["repository"]))


def repository_number(repository: Mapping[str, Any]) -> int | None:
    """GitHub.com's number of an event's repository; those of another host are other numbers."""
    number, url = repository.get("id"), repository.get("html_url", _GITHUB_COM)
    if type(number) is not int or not 0 < number <= MAX_NUMBER:
        return None
    return number if isinstance(url, str) and url.startswith(_GITHUB_COM) else None


def event_repository(payload: Any) -> Repository:
    """The repository that an event is about; raises `InvalidInput` where it names none."""
    try:
        return Repository.parse(payload["repository"]["full_name"])
    except (KeyError, TypeError, AttributeError, ValueError):
        raise InvalidInput.at("/repository/full_name", "must be owner/name") from None


def _is_set_on(
    repository: Mapping[str, Any], target_type: str | None, target_id: str | None
) -> bool:
    """Whether a hook was set on the repository itself; old servers do not tell, and it was."""
    if target_type is None:
        return True
    return target_type == "repository" and target_id in (None, str(repository.get("id")))


def _is_merge(message: str) -> bool:
    """Whether a commit is a merge, as far as its message tells.

    A merge whose subject somebody wrote, or GitHub took from its pull request, looks like any
    other commit: it is recorded.
    """
    subject, *_ = message.lstrip().split("\n", 1)
    return bool(
        _MERGE.match(subject) and not _SQUASH.fullmatch(subject) and not _PICKED.search(message)
    )


def _commit(item: Mapping[str, Any]) -> dict[str, Any]:
    author = item.get("author")
    email = author.get("email") or "" if isinstance(author, dict) else ""
    kinds = (item.get(kind) for kind in ("added", "modified", "removed"))
    listed = (path for paths in kinds if isinstance(paths, list) for path in paths)
    paths = {path for path in listed if isinstance(path, str)}
    found = trailers(_message(item))
    commit = {
        "contributor_email": email,
        "contributor_name": clean_name(author.get("name") if isinstance(author, dict) else None),
        "commit_hash": item.get("id"),
        "timestamp": _time(item.get("timestamp")),
        "url": _url(item.get("url")),
        "co_authors": co_authors(found, author=str(email)),
        "assistance": assistance(found) or None,
        "metadata": {
            "files_changed": len(paths),
            "has_tests": _touches(paths, _TEST_DIRECTORIES, _TEST_FILE),
            "has_docs": _touches(paths, _DOC_DIRECTORIES, _DOC_FILE),
        },
    }
    # What is read and cannot be told is no field of a commit, and makes this one invalid.
    unreadable = {name: item[name] for name in _READ if isinstance(item.get(name), Unreadable)}
    return {name: value for name, value in commit.items() if value is not None} | unreadable


# What a commit need not have never decides whether it counts: where it is unusable, it is left out.
def _time(shown: object) -> str | None:
    moment = time_of_commit(shown)
    return format_timestamp(moment) if moment else None


def _url(text: object) -> str | None:
    try:
        return parse_url(text) if isinstance(text, str) else None
    except ValueError:
        return None


def co_authors(found: Iterable[tuple[str, str]], *, author: str) -> list[dict[str, str | None]]:
    """The people in the `Co-authored-by` trailers found in a message, where their address is one.

    Each once, without the author, and no more than the ledger takes.
    """
    people: dict[str, str | None] = {}
    for key, value in found:
        contact = _CONTACT.match(value)
        if key.lower() != "co-authored-by" or not contact:
            continue
        with suppress(ValueError):
            people.setdefault(normalise_email(contact["email"]), clean_name(contact["name"]))
    with suppress(ValueError):
        people.pop(normalise_email(author), None)
    named = islice(people.items(), MAX_CO_AUTHORS)
    return [{"email": email, "name": name} for email, name in named]


def assistance(found: Iterable[tuple[str, str]]) -> list[str]:
    """What the trailers say that are about tools, each once and no more than the ledger takes."""
    told = (clean_name(value) for key, value in found if key.lower() in _ABOUT_TOOLS)
    return list(dict.fromkeys(filter(None, told)))[:MAX_ASSISTANCE]


def clean_name(name: object) -> str | None:
    """A name as git has it, made fit for the ledger: on one line, and not too long."""
    if not isinstance(name, str):
        return None
    return _CONTROL.sub(" ", name).strip()[:MAX_NAME_LENGTH].strip() or None


def _message(item: Mapping[str, Any]) -> str:
    message = item.get("message")
    return message if isinstance(message, str) else ""


def _touches(
    paths: Iterable[str], directories: Collection[str], file_name: re.Pattern[str]
) -> bool:
    """Whether a path lies below one of the directories, or its file is named like that."""
    # Each directory and each name once: a delivery of 25 MB lists hundreds of thousands of paths.
    split = [path.rpartition("/") for path in paths]
    parts = {part for path in {path for path, _, _ in split} for part in path.lower().split("/")}
    return not parts.isdisjoint(directories) or any(
        file_name.fullmatch(name) for name in {name for _, _, name in split}
    )
