"""GitHub accounts, as GitHub's no-reply addresses tell them."""

from __future__ import annotations

from dataclasses import dataclass

GITHUB = "github.com"
_NO_REPLY = "@users.noreply."


@dataclass(frozen=True, slots=True)
class GitHubAccount:
    """A GitHub account as its no-reply address tells it; old addresses hold no number.

    GitHub Enterprise has hosts of its own, and numbers of its own on each.
    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
    https://docs.github.com/en/enterprise-server@latest/account-and-profile/reference/email-addresses-reference
    """

    login: str
    number: int | None
    host: str = GITHUB

    @classmethod
    def of(cls, email: str) -> GitHubAccount | None:
        """The account of a normalised address, if it is one of GitHub's."""
        local, _, host = email.partition(_NO_REPLY)
        if not host:
            return None
        number, plus, login = local.partition("+")
        if plus and login and number.isascii() and number.isdigit():
            return cls(login, int(number), host)
        return cls(local, None, host)

    def is_same(self, other: GitHubAccount) -> bool:
        """Whether both are surely one account, under whatever logins."""
        ours, theirs = ((a.host, a.number, a.is_app) for a in (self, other))
        return self.number is not None and ours == theirs

    @property
    def is_app(self) -> bool:
        """Whether it belongs to a GitHub App; no person's login has brackets."""
        return self.login.endswith("[bot]")
