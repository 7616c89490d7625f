"""Who is credited with a contribution, and with how much of its cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from shared.domain.contributor import ContributorType
from shared.domain.fields import Money, Stored
from shared.domain.identifiers import contributor_id
from shared.domain.money import split_money

# A score of 0 halves a share, one of 0.5 leaves it as it is, one of 1 makes it half as much again.
_LEAST = 5_000
_ONE = 10_000


class Role(StrEnum):
    """In which role somebody is credited."""

    AUTHOR = "author"
    CO_AUTHOR = "co_author"


class Credit(Stored):
    """One person's part of one contribution.

    The cost is shared equally among the author and the co-authors, in millionths, and the author
    takes what is left. Bots and agents among the co-authors take nothing; as authors they are
    credited like anybody.
    """

    contributor_id: str
    email: str
    role: Role
    share_amount: Money


def share_out(
    cost_micros: int,
    *,
    author: str,
    co_authors: Sequence[str],
    type_of: Callable[[str], ContributorType],
) -> tuple[Credit, ...]:
    """The credits of a contribution, author first; their shares sum to the cost exactly.

    The cost is split equally in whole micro-units, and the author takes the rest. `co_authors`
    holds each address once and not the author's. A co-author of type AGENT or BOT gets 0: it is
    named, and takes nothing from the people. An author of either type is credited like anybody.
    """
    paid = [email for email in co_authors if type_of(email) is ContributorType.HUMAN]
    author_share, share = split_money(cost_micros, 1 + len(paid))

    def credit(email: str, role: Role, micros: int) -> Credit:
        return Credit(
            contributor_id=contributor_id(email), email=email, role=role, share_amount=micros
        )

    return (
        credit(author, Role.AUTHOR, author_share),
        *(credit(e, Role.CO_AUTHOR, share if e in paid else 0) for e in co_authors),
    )


def weight(share_micros: int, coherence_score: float) -> int:
    """What a credit weighs where an amount is shared out among people, in whole micro-units.

    floor(share x (5000 + round(10000 x score)) / 10000), of the credit's share of the cost and the
    score that its contribution keeps, from 0 to 1.
    """
    return share_micros * (_LEAST + round(_ONE * coherence_score)) // _ONE
