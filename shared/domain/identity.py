"""Who is who: which addresses belong to bots and AI agents.

Decided by address and never by display name, which anybody can choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.agents import AGENT_ACCOUNTS, AGENT_ADDRESSES, AGENT_APPS, BOT_ADDRESSES
from shared.domain.contributor import ContributorType
from shared.domain.email import normalise_email
from shared.domain.github_account import GITHUB, GitHubAccount


def never_fits_an_address(pattern: str) -> bool:
    """Whether a pattern can fit no address: a `*` elsewhere than in front is no wildcard."""
    end = pattern.removeprefix("*")
    whole = end if end == pattern else f"x{end}" if "@" in end else f"x@x{end}"
    try:
        normalise_email(whole)
    except ValueError:
        return True
    return "*" in end


@dataclass(frozen=True)
class Classifier:
    """Tells what kind of contributor an address belongs to when it is first recorded.

    `rules` are an operator's own patterns, which come before what is known: each an address, or
    `*` and the end of one. Of several that fit, the first one counts.
    """

    rules: Mapping[str, ContributorType] = field(default_factory=dict)

    def __call__(self, email: str) -> ContributorType:
        for pattern, contributor_type in self.rules.items():
            if email == pattern or (pattern[:1] == "*" and email.endswith(pattern[1:])):
                return contributor_type
        account = GitHubAccount.of(email)
        if email in AGENT_ADDRESSES or (account and _is_agent(account)):
            return ContributorType.AGENT
        if email in BOT_ADDRESSES or (account and account.is_app):
            return ContributorType.BOT
        return ContributorType.HUMAN


def _is_agent(account: GitHubAccount) -> bool:
    return account.login in AGENT_APPS or (
        account.host == GITHUB and account.login in AGENT_ACCOUNTS
    )
