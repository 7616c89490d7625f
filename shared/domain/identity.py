"""Who is who: which addresses belong to bots and AI agents.

Decided by address and never by display name, which anybody can choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.contributor import ContributorType
from shared.domain.email import normalise_email

# A pattern is an address, or `*` and the end of one. Of several that fit, the first one counts.
_KNOWN = {
    "*+copilot@users.noreply.github.com": ContributorType.AGENT,
    "*+copilot-swe-agent[bot]@users.noreply.github.com": ContributorType.AGENT,
    "*+devin-ai-integration[bot]@users.noreply.github.com": ContributorType.AGENT,
    "*+google-labs-jules[bot]@users.noreply.github.com": ContributorType.AGENT,
    "*+claude[bot]@users.noreply.github.com": ContributorType.AGENT,
    "noreply@anthropic.com": ContributorType.AGENT,
    "copilot@github.com": ContributorType.AGENT,
    "cursoragent@cursor.com": ContributorType.AGENT,
    "codex@openai.com": ContributorType.AGENT,
    "*@aider.chat": ContributorType.AGENT,
    "*[bot]@users.noreply.github.com": ContributorType.BOT,
    "support@dependabot.com": ContributorType.BOT,
    "bot@renovateapp.com": ContributorType.BOT,
    "action@github.com": ContributorType.BOT,
    "actions@github.com": ContributorType.BOT,
}


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

    `rules` are an operator's own patterns, which come before the known ones.
    """

    rules: Mapping[str, ContributorType] = field(default_factory=dict)

    def __call__(self, email: str) -> ContributorType:
        for pattern, contributor_type in (*self.rules.items(), *_KNOWN.items()):
            if email == pattern or (pattern[:1] == "*" and email.endswith(pattern[1:])):
                return contributor_type
        return ContributorType.HUMAN
