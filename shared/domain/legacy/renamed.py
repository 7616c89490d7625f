"""The plan for a file whose repositories have other names in the ledger by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shared.domain.asset import Asset
from shared.domain.identifiers import commit_document_id, contribution_id, repository_of
from shared.domain.legacy.file import NotTaken
from shared.domain.legacy.plan import ImportPlan, PlannedContribution
from shared.domain.repository import Repository


def renamed(
    plan: ImportPlan, leads_to: Mapping[str, tuple[str, Asset]]
) -> tuple[ImportPlan, list[NotTaken]]:
    """The same with what is of an asset that leads to another one under that one.

    `leads_to` has the document id and the asset, by the document id that leads there. Beside it
    what has then no place of its own.
    """
    assets: dict[str, Asset] = {}
    for name, asset in plan.assets.items():
        document_id, account = leads_to.get(name, (name, asset))
        first = assets.get(document_id)
        ids = (*(first.legacy_ids if first else ()), *asset.legacy_ids)
        assets[document_id] = (first or account).model_copy(update={"legacy_ids": ids})
    contributions: dict[str, PlannedContribution] = {}
    not_taken: list[NotTaken] = []
    for name, planned in plan.contributions.items():
        document_id, moved = _moved(name, planned, leads_to)
        before = contributions.setdefault(document_id, moved)
        if before is moved:
            continue
        first_author = before.contribution.contributor_email
        if first_author != moved.contribution.contributor_email:
            reason = "an earlier record has this commit, for another author"
        else:
            reason = "an earlier record has this commit; this id now leads to it"
            ids = (*before.contribution.legacy_ids, *moved.contribution.legacy_ids)
            kept = before.contribution.model_copy(update={"legacy_ids": ids})
            contributions[document_id] = replace(before, contribution=kept)
        not_taken.append(NotTaken(moved.place, reason))
    return replace(plan, assets=assets, contributions=contributions), not_taken


def _moved(
    name: str, planned: PlannedContribution, leads_to: Mapping[str, tuple[str, Asset]]
) -> tuple[str, PlannedContribution]:
    if planned.asset_document_id not in leads_to:
        return name, planned
    document_id, asset = leads_to[planned.asset_document_id]
    account = repository_of(document_id) or Repository.parse(planned.contribution.repository or "")
    commit_hash = planned.contribution.commit_hash
    name = commit_document_id(account, commit_hash) if commit_hash else name
    change = {
        "id": contribution_id(name),
        "asset_id": asset.id,
        "asset_key": document_id,
        "repository": asset.called(account).full_name,
    }
    contribution = planned.contribution.model_copy(update=change)
    return name, PlannedContribution(planned.place, contribution, document_id, asset)
