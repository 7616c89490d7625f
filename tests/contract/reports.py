"""Reports of commits for tests, and the ledgers that take them."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore import Client

from shared.domain.contribution import CommitReport, Outcome
from shared.domain.contributor import ContributorType
from shared.domain.errors import AuthorConflict, Conflict, WasVoided
from shared.domain.fields import parse
from shared.store.deadline import Timing
from shared.store.ledger import Ledger, ledger_on
from shared.store.recording import Recorded
from tests.literals import NOW as NOW
from tests.literals import REPORT

# Many threads on few cores take their time, and may.
PATIENT = Timing(budget=120, rpc_timeout=60)


def classify(email: str) -> ContributorType:
    """Agents are those at agents.example."""
    is_agent = email.endswith("@agents.example")
    return ContributorType.AGENT if is_agent else ContributorType.HUMAN


def ledger_of(client: Client, *, timing: Timing = PATIENT) -> Ledger:
    return ledger_on(client, classify=classify, clock=lambda: NOW, timing=timing)


def report(commit_hash: str = "abc123", **changes: Any) -> CommitReport:
    """A report as a workflow sends it; `cost` and the like change its fields."""
    return parse(CommitReport, REPORT | {"commit_hash": commit_hash} | changes)


def outcome_of(result: Recorded | Conflict) -> Outcome:
    """What a client is told of one commit of a batch."""
    match result:
        case Recorded(replayed=replayed):
            return Outcome.REPLAYED if replayed else Outcome.RECORDED
        case WasVoided():
            return Outcome.VOIDED
        case AuthorConflict():
            return Outcome.CONFLICT
        case other:
            raise other
