"""Contributors, assets and contributions made by hand, as an operator sends them."""

from __future__ import annotations

from typing import Any

from shared.domain.asset import Asset, NewAsset
from shared.domain.contribution import NewContribution
from shared.domain.contributor import Contributor, NewContributor
from shared.domain.fields import parse
from shared.store.ledger import Ledger
from shared.store.recording import Recorded


def new_contributor(ledger: Ledger, email: str = "ada@example.com", **changes: Any) -> Contributor:
    fields = {"name": "Ada", "email": email, "type": "HUMAN"}
    return ledger.registrar.create_contributor(parse(NewContributor, fields | changes))


def new_asset(ledger: Ledger, name: str | None = "Manual", **changes: Any) -> Asset:
    fields = {"name": name, "description": "A manual", "type": "CONTENT"}
    return ledger.registrar.create_asset(parse(NewAsset, fields | changes))


def new_contribution(
    ledger: Ledger,
    contributor_id: str,
    asset_id: str,
    *,
    key: str | None = None,
    recorded_by: str = "ops",
    **changes: Any,
) -> Recorded:
    """A contribution of 10.00 by ids; `key` is its Idempotency-Key."""
    fields = {"contributor_id": contributor_id, "asset_id": asset_id, "cost_amount": "10.00"}
    request = parse(NewContribution, fields | changes)
    return ledger.by_ids.record(request, recorded_by=recorded_by, idempotency_key=key)


def import_id(ledger: Ledger, path: str, legacy_id: str) -> str:
    """Give a document an id that it had in an older service."""
    put(ledger, path, {"legacy_ids": [legacy_id]})
    return legacy_id


def put(ledger: Ledger, path: str, fields: dict[str, Any]) -> None:
    """Change fields of a document as somebody at the console may: no total follows."""
    connection = ledger.connection
    writes = connection.write_batch()
    writes.update(connection.client.document(path), fields)
    connection.commit(writes, connection.timing.deadline())
