"""How contributors, assets and contributions stand in Firestore documents, and back.

A document has the fields of the answer, except that money stands in `..._micros` as int64: the
console shows `total_cost_micros: 100000000` for 100.00.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from shared.domain.asset import Asset
from shared.domain.contribution import StoredContribution
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.email import name_from_email
from shared.domain.fields import Request, Stored
from shared.domain.timestamps import micros_of, time_of

Fields = dict[str, Any]

_MONEY = {
    "total_cost": "total_cost_micros",
    "hourly_rate": "hourly_rate_micros",
    "cost_amount": "cost_micros",
    "share_amount": "share_micros",
}
_TIMES = {"first_contribution_at": "first_at_micros", "last_contribution_at": "last_at_micros"}
_MONEY_BACK = {stored: name for name, stored in _MONEY.items()}

# Of a contributor or an asset: the server's time of what was recorded last, as versions without
# months and parts name it. They leave it wherever they record, and this one never does.
OLD_TIME = "last_contribution_at"


def has_times(account: Mapping[str, Any]) -> bool:
    """Whether an account's first and last time are those of all its contributions."""
    return account.get("parts") == 1 and OLD_TIME not in account


def _renamed(fields: Mapping[str, Any], names: Mapping[str, str]) -> Fields:
    return {names.get(name, name): value for name, value in fields.items()}


def to_fields(stored: Stored) -> Fields:
    """The document of a contributor, an asset or a contribution."""
    # What follows from other fields or documents is answered, and not kept.
    derived = {*type(stored).model_computed_fields, "aliases", "former_names"}
    fields = _renamed(stored.model_dump(mode="python", exclude=derived), _MONEY)
    if isinstance(stored, Contributor | Asset):
        # Its first and last time as numbers: Firestore keeps a minimum and a maximum of no others.
        for name, field in _TIMES.items():
            time = fields.pop(name)
            fields[field] = None if time is None else micros_of(time)
        # From the first, all that it has is in its months and parts.
        fields["parts"] = 1
    if isinstance(stored, StoredContribution):
        fields["credits"] = [_renamed(credit, _MONEY) for credit in fields["credits"]]
        # One array, so that the contributions of a co-author are found by one index.
        fields["contributor_ids"] = [credit["contributor_id"] for credit in fields["credits"]]
    return fields


def changed_fields(change: Request) -> Fields:
    """The fields of a document that an operator's change is about."""
    return _renamed(change.model_dump(exclude_unset=True), _MONEY)


def contributor_from(fields: Mapping[str, Any]) -> Contributor:
    """The contributor of a document."""
    return Contributor.model_validate(_account(fields))


def contributor_type_from(fields: Mapping[str, Any]) -> ContributorType:
    """The type in a contributor's document, which a person may have typed in without one."""
    return ContributorType(fields.get("contributor_type") or ContributorType.HUMAN)


def name_is_guess(fields: Mapping[str, Any]) -> bool:
    """Whether the name in a contributor's document was only taken from the address."""
    name = fields.get("name")
    guess = name is None or name == name_from_email(str(fields.get("email")))
    return guess and not fields.get("named_by_hand")


def asset_from(fields: Mapping[str, Any]) -> Asset:
    """The asset of a document."""
    return Asset.model_validate(_account(fields))


def _account(fields: Mapping[str, Any]) -> Fields:
    account = _renamed(fields, _MONEY_BACK)
    for name, field in _TIMES.items():
        at = fields.get(field) if has_times(fields) else None
        account[name] = None if at is None else time_of(at)
    recorded = [fields.get("last_recorded_at"), fields.get(OLD_TIME)]
    account["last_recorded_at"] = max(filter(None, recorded), default=None)
    return account


def months_of(accounts: Iterable[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """What some accounts, or parts, count in each month together."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for account in accounts:
        for month, amounts in (account.get("months") or {}).items():
            sums[month].update(amounts)
    return dict(sums)


def contribution_from(fields: Mapping[str, Any]) -> StoredContribution:
    """The contribution of a document."""
    renamed = _renamed(fields, _MONEY_BACK)
    renamed["credits"] = [_renamed(credit, _MONEY_BACK) for credit in fields.get("credits", ())]
    return StoredContribution.model_validate(renamed)
