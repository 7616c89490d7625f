"""GitHub accounts, as GitHub's no-reply addresses tell them."""

from __future__ import annotations

from dataclasses import dataclass

_NO_REPLY = "@users.noreply.github.com"


@dataclass(frozen=True, slots=True)
class GitHubAccount:
    """A GitHub account as its no-reply address tells it; old addresses hold no number.

    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
    """

    login: str
    number: int | None

    @classmethod
    def of(cls, email: str) -> GitHubAccount | None:
        """The account of a normalised address, if it is one of GitHub's."""
        if not email.endswith(_NO_REPLY):
            return None
        local = email.removesuffix(_NO_REPLY)
        number, plus, login = local.partition("+")
        if plus and login and number.isascii() and number.isdigit():
            return cls(login, int(number))
        return cls(local, None)
