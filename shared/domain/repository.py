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
_NUMBER = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_COMMIT_HASH = re.compile(r"[0-9a-fA-F]{6,64}", re.ASCII)
_DESCRIPTION = re.compile(r"\s*GitHub repository:\s*(\S+?)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Repository:
    """`owner/name` as spelt by the reporter; `key` folds case, since GitHub does.

    As what an account is kept under it has GitHub's `number` where another account has the name.
    """

    owner: str
    name: str
    number: int | None = None

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
    def parse_key(cls, text: str) -> Repository:
        """The repository of `owner/name`, or of `owner/name~number` as an account may be kept.

        Raises `ValueError` for any other text.
        """
        name, tilde, number = text.partition("~")
        repository = cls.parse(name)
        if not tilde:
            return repository
        if not _NUMBER.fullmatch(number):
            raise ValueError("must be owner/name~number with GitHub's number")
        return cls(repository.owner, repository.name, int(number))

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

    def __str__(self) -> str:
        """As `parse_key` takes it."""
        return self.full_name if self.number is None else f"{self.full_name}~{self.number}"

    @property
    def full_name(self) -> str:
        """`owner/name` as it was spelt."""
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """`owner/name` in lower case: the same for every spelling of one repository.

        With `~number` behind it, where it has one.
        """
        return str(self).lower()


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
