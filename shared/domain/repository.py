"""A GitHub repository's name, the natural key of an asset, and commit hashes."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Letters, digits, `-`, and `_` in enterprise-managed users; old accounts begin or end with a
# hyphen, which GitHub no longer gives out.
# https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
OWNER_PATTERN = "[A-Za-z0-9-][A-Za-z0-9_-]{0,38}"
NAME_PATTERN = "[A-Za-z0-9._-]{1,100}"
_OWNER = re.compile(OWNER_PATTERN, re.ASCII)
_NAME = re.compile(NAME_PATTERN, re.ASCII)
_BEGINNING = re.compile(rf"{OWNER_PATTERN}(/[A-Za-z0-9._-]{{0,100}})?", re.ASCII)
_COMMIT_HASH = re.compile(r"[0-9a-fA-F]{6,64}", re.ASCII)
_DESCRIPTION = re.compile(r"\s*GitHub repository:\s*(\S+?)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Repository:
    """`owner/name` as spelt by the reporter; `key` folds case, since GitHub does."""

    owner: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Repository:
        """The repository of `owner/name`; raises `ValueError` for any other text."""
        owner, slash, name = text.strip().partition("/")
        if not slash or not _OWNER.fullmatch(owner) or not _NAME.fullmatch(name):
            raise ValueError("must be owner/name as GitHub spells repositories")
        if name in {".", ".."}:
            raise ValueError("must be owner/name as GitHub spells repositories")
        return cls(owner, name)

    @classmethod
    def named_in(cls, description: str) -> Repository | None:
        """The repository of a description `GitHub repository: owner/name`, if it is one."""
        match = _DESCRIPTION.fullmatch(description)
        if not match:
            return None
        try:
            return cls.parse(match[1])
        except ValueError:
            return None

    @property
    def full_name(self) -> str:
        """`owner/name` as it was spelt."""
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """`owner/name` in lower case: the same for every spelling of one repository."""
        return self.full_name.lower()


def folded_beginning(text: str) -> str | None:
    """What the keys of some repositories may begin with, in lower case; None where none can."""
    text = text.strip()
    return text.lower() if _BEGINNING.fullmatch(text) else None


def normalise_commit_hash(text: str) -> str:
    """A commit's hash in lower case; raises `ValueError` unless 6 to 64 hex digits."""
    text = text.strip()
    if not _COMMIT_HASH.fullmatch(text):
        raise ValueError("must be 6 to 64 hex digits")
    return text.lower()
