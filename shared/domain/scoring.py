"""What metadata tell: a contribution's score, its cost where none was given, and a cost's basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.metadata import count
from shared.domain.money import MICROS

FORMULA_VERSION = "1"

_ESTIMATE_BASE = 100_000
_ESTIMATE_PER_FILE = 150_000
_ESTIMATE_PER_LINE = 2_000
_ESTIMATE_MIN = 50_000
_ESTIMATE_MAX = 10 * MICROS
_CENT = 10_000

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


@dataclass(frozen=True, slots=True)
class Score:
    """A score from 0 to 1 with the parts it came from; parts beyond 1 together are cut off."""

    value: float
    components: dict[str, float]


def coherence_score(metadata: Mapping[str, object]) -> Score:
    """0.5; +0.2 `has_tests`; +0.2 `has_docs`; +0.1 `complexity` is `low`; +0.1 `files_changed`
    above 0; +0.2 for 1 to 99 `lines_added` or +0.1 for 100 and more; at most 1.
    """
    lines = count(metadata, "lines_added")
    # Tenths, added as whole numbers: 0.1 + 0.2 is not 0.3 in binary.
    tenths = {
        "base": 5,
        "has_tests": 2 if metadata.get("has_tests") is True else 0,
        "has_docs": 2 if metadata.get("has_docs") is True else 0,
        "low_complexity": 1 if metadata.get("complexity") == "low" else 0,
        "files_changed": 1 if count(metadata, "files_changed") > 0 else 0,
        "lines_added": 0 if lines == 0 else 2 if lines < 100 else 1,
    }
    return Score(
        value=min(sum(tenths.values()), 10) / 10,
        components={name: part / 10 for name, part in tenths.items() if part},
    )


def estimated_cost(metadata: Mapping[str, object]) -> int:
    """Micro-units: 0.10 + 0.15 a file + 0.002 a line added, from 0.05 to 10.00, rounded half up
    to 0.01.
    """
    micros = (
        _ESTIMATE_BASE
        + _ESTIMATE_PER_FILE * count(metadata, "files_changed")
        + _ESTIMATE_PER_LINE * count(metadata, "lines_added")
    )
    clamped = min(max(micros, _ESTIMATE_MIN), _ESTIMATE_MAX)
    return (clamped + _CENT // 2) // _CENT * _CENT


def cost_basis(
    metadata: Mapping[str, object], *, by_commit: bool, estimated: bool = False
) -> CostBasis:
    """Where a cost comes from, by what is known about the contribution."""
    if estimated:
        return CostBasis.ESTIMATED
    values = (metadata.get(name) for name in EVIDENCE)
    if any(value.strip() if isinstance(value, str) else value for value in values):
        return CostBasis.ACTUAL_VERIFIED
    return CostBasis.SUBMITTED if by_commit else CostBasis.DECLARED_UNVERIFIED
