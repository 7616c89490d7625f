"""Which commits a push brought."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common import ConfigurationError, GitError
from git import Git


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
    listed = (str(commit.get("id")) for commit in event.get("commits") or ())
    if not ref.startswith("refs/heads/") or not after.strip("0"):
        return None
    if not OBJECT_ID.fullmatch(after):
        raise ConfigurationError("the event names no commit as `after`")
    return Push(
        ref=ref,
        before=before if OBJECT_ID.fullmatch(before) and before.strip("0") else None,
        after=after,
        default_branch=default_branch(event),
        listed=tuple(filter(OBJECT_ID.fullmatch, listed)),
    )


def default_branch(event: Mapping[str, Any]) -> str:
    """Return the repository's default branch, or nothing where the event names no repository."""
    repository = event.get("repository")
    return str(repository.get("default_branch") or "") if isinstance(repository, dict) else ""


def select_commits(git: Git, push: Push, say: Callable[[str], None]) -> tuple[str, ...]:
    """Return the arguments that make `git rev-list` yield what the push brought, oldest first.

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


def obtain_branch(git: Git, branch: str, head: str) -> str:
    """Return the tip of the branch when its whole history is there; `head` where it is known."""
    tracking = f"refs/remotes/origin/{branch}"
    tip, source = (head, head) if head else (tracking, f"+refs/heads/{branch}:{tracking}")
    _obtain(git, (tip,), source, depth=WHOLE_HISTORY)
    return git.run("rev-parse", "--verify", f"{tip}^{{commit}}")


def _obtain(
    git: Git, selection: tuple[str, ...], *sources: str, depth: int = 32
) -> tuple[str, ...]:
    """Return the selection when all that belongs to it has been fetched from the sources.

    In a shallow clone a commit at the edge passes for one without parents: the range would be cut
    there, and the commit's diff be the whole tree. So as long as the selection has a commit without
    parents, be it a true root, the clone is deepened.
    """
    revisions = [source.rpartition(":")[2] for source in sources]
    exhausted = False
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
