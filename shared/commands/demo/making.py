"""How the made-up ledger comes to be: through the ledger, as if it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shared.commands.demo.events import Description, Event, Join, Push, Refusal, Void
from shared.domain.asset import AssetChange
from shared.domain.contribution import Commit, NewContribution
from shared.domain.identity import Classifier
from shared.domain.number import Claim
from shared.domain.person import Address
from shared.domain.repository import Repository
from shared.domain.tracking import Rejection
from shared.embedded import open_embedded

if TYPE_CHECKING:
    from shared.store.ledger import Ledger

_OPERATOR = "operator"


def make_ledger(
    folder: Path, events: Iterable[Event], *, project: str, going_on: Callable[[], None]
) -> None:
    """Make an embedded store in which all this happened, each at its time.

    `going_on` is called between any two; it may raise to end it.
    """
    from shared.store.ledger import ledger_on

    time = _Time()
    with open_embedded(folder, project=project, clock=time) as store:
        ledger = ledger_on(store.client(), classify=Classifier(), clock=time)
        for event in events:
            going_on()
            time.now = event.at
            _happen(event, ledger)


class _Time:
    """The clock of the store and of the ledger."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def _happen(event: Event, ledger: Ledger) -> None:
    match event:
        case Push(_, name, number, commits):
            token = f"oidc:{name}"
            ledger.commits.record_all(
                Repository.parse(name),
                [Commit.model_validate(commit) for commit in commits],
                recorded_by=token,
                claim=Claim(number, token, proven=True),
            )
        case Void(_, name, commit_hash, reason, instead):
            voided = ledger.voids.void(
                f"{name}@{commit_hash}", voided_by=_OPERATOR, reason=reason
            ).contribution
            if instead is not None:
                right = {
                    "contributor_id": voided.contributor_id,
                    "asset_id": voided.asset_id,
                    "cost_amount": instead,
                    "metadata": voided.metadata,
                    "timestamp": voided.timestamp.isoformat(),
                    "corrects": voided.id,
                }
                ledger.by_ids.record(NewContribution.model_validate(right), recorded_by=_OPERATOR)
        case Description(_, name, text):
            ledger.registrar.change_asset(name, AssetChange(description=text))
        case Join(_, email, further, reason):
            ledger.aliases.join(Address.of(email), further, joined_by=_OPERATOR, reason=reason)
        case Refusal(_, code, reason, name):
            ledger.tracker.note(Rejection(code=code, reason=reason, repository=name))
