"""The weight of a credit: what its part is of an amount that is shared out among people.

Recording adds it, a void takes it out again, and reconcile counts it anew: all by this one
function, from what the contribution keeps.
"""

from __future__ import annotations

# A score of 0 halves a share, one of 0.5 leaves it as it is, one of 1 makes it half as much again.
_LEAST = 5_000
_ONE = 10_000


def weight(share_micros: int, coherence_score: float) -> int:
    """floor(share x (5000 + round(10000 x score)) / 10000), in whole micro-units.

    `share_micros` is the credit's share of the cost, `coherence_score` the one that its
    contribution keeps, from 0 to 1.
    """
    return share_micros * (_LEAST + round(_ONE * coherence_score)) // _ONE
