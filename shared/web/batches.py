"""Many commits in one request: each valid one is recorded, each gets an outcome of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shared.domain.contribution import Commit, Outcome
from shared.domain.email import mask_text
from shared.domain.errors import Conflict, InvalidInput, WasVoided
from shared.domain.fields import parse
from shared.domain.money import format_money
from shared.domain.repository import Repository
from shared.web.answer import Answer
from shared.web.call import Call

_REJECTED = {Outcome.CONFLICT.value, Outcome.VOIDED.value, Outcome.INVALID.value}

if TYPE_CHECKING:
    from shared.store.deadline import Deadline
    from shared.store.recording import Recorded


def record_items(
    call: Call,
    repository: Repository,
    items: Sequence[Any],
    *,
    number: int | None,
    deadline: Deadline,
) -> dict[str, Any]:
    """The `counts` and `outcomes` of commits that are recorded, in order.

    `number` is GitHub's of the repository, where it was sent.

    One bad commit never blocks the others: it is `invalid`, with what is wrong with it.
    """
    outcomes: list[dict[str, Any]] = []
    valid: dict[int, Commit] = {}
    for index, item in enumerate(items):
        shown: dict[str, Any] = {"commit_hash": _echo(item), "outcome": Outcome.INVALID.value}
        try:
            valid[index] = parse(Commit, item)
        except InvalidInput as error:
            faults = [{"pointer": f.pointer, "message": f.message} for f in error.faults]
            shown["errors"] = faults
        outcomes.append(shown)
    done = call.services.ledger.commits.record_all(
        repository,
        list(valid.values()),
        recorded_by=call.recorded_by,
        claim=call.claim(number),
        deadline=deadline,
    )
    for index, outcome in zip(valid, done, strict=True):
        outcomes[index] = {"commit_hash": valid[index].commit_hash, **_shown(outcome)}
    counted = Counter(outcome["outcome"] for outcome in outcomes)
    counts = {outcome.value: counted[outcome.value] for outcome in Outcome}
    return {"counts": counts, "outcomes": outcomes}


def batch_answer(call: Call, done: Mapping[str, Any]) -> Answer[Any]:
    """The answer to a batch, with what was turned away noted for the log and for health."""
    call.facts["counts"] = {name: n for name, n in done["counts"].items() if n}
    rejected = [o for o in done["outcomes"] if o["outcome"] in _REJECTED]
    if not rejected:
        return Answer(done, outcome="batch")
    first = rejected[0]
    faults = "; ".join(f"{f['pointer'] or 'it'}: {f['message']}" for f in first.get("errors", ()))
    reason = f"{len(rejected)} of {len(done['outcomes'])} commits, first {first['commit_hash']}"
    reason += f": {faults}" if faults else ""
    return Answer(done, outcome="batch", rejection=(first["outcome"], reason))


def _shown(result: Recorded | Conflict) -> dict[str, Any]:
    if isinstance(result, WasVoided):
        return {"outcome": Outcome.VOIDED.value, "id": result.contribution_id}
    if isinstance(result, Conflict):
        return {"outcome": Outcome.CONFLICT.value}
    contribution = result.contribution
    shown: dict[str, Any] = {
        "outcome": (Outcome.REPLAYED if result.replayed else Outcome.RECORDED).value,
        "id": contribution.id,
        "cost_amount": format_money(contribution.cost_amount),
        "coherence_score": contribution.coherence_score,
    }
    if result.differs:
        shown["differs"] = list(result.differs)
    return shown


def _echo(item: Any) -> str | None:
    """The hash as it was sent, where it is short and plain enough to be one; it may be anything."""
    commit_hash = item.get("commit_hash") if isinstance(item, dict) else None
    if not isinstance(commit_hash, str) or len(commit_hash) > 64 or not commit_hash.isprintable():
        return None
    return mask_text(commit_hash)
