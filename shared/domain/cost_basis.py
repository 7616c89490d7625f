"""Where a cost comes from, and whether somebody can check it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

# Metadata that lets somebody check a cost: with one of these filled in, it counts as verified.
EVIDENCE = frozenset(
    {
        "invoice_id",
        "receipt_id",
        "billing_reference",
        "payment_tx_hash",
        "cost_evidence_url",
        "vendor_invoice_id",
    }
)


class CostBasis(StrEnum):
    """Where a cost comes from.

    A cost with evidence is `actual_verified`, whichever way it came. Without evidence it is
    `submitted` by commit and `declared_unverified` by ids. A cost that nobody gave is `estimated`:
    no evidence is of an estimate.
    """

    SUBMITTED = "submitted"
    ESTIMATED = "estimated"
    ACTUAL_VERIFIED = "actual_verified"
    DECLARED_UNVERIFIED = "declared_unverified"


def cost_basis(
    metadata: Mapping[str, Any], *, by_commit: bool, estimated: bool = False
) -> CostBasis:
    """Where a cost comes from, by what is known about the contribution."""
    if estimated:
        return CostBasis.ESTIMATED
    values = (metadata.get(name) for name in EVIDENCE)
    if any(value.strip() if isinstance(value, str) else value for value in values):
        return CostBasis.ACTUAL_VERIFIED
    return CostBasis.SUBMITTED if by_commit else CostBasis.DECLARED_UNVERIFIED
