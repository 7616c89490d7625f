"""Which addresses belong to bots and AI agents. Decided by address, never by display name."""

from __future__ import annotations

from shared.domain.contributor import ContributorType
from shared.domain.email import name_from_email


def contributor_type_of(email: str) -> ContributorType:
    """What kind of contributor an address belongs to when it is first recorded."""
    if name_from_email(email).endswith("[bot]"):
        return ContributorType.BOT
    return ContributorType.HUMAN
