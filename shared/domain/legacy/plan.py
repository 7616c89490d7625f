"""What the file of the replaced service becomes in the ledger, decided from the file alone.

Its UUIDs are kept as `legacy_ids` of documents that have the ledger's own keys. The old service
made a new asset, and at first a new contributor, for each commit, so many old ids can lead to one
document. It also took similar names for the same: what a commit itself says about its author and
its repository counts more than the ids beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from shared.domain.asset import Asset, asset_of_repository
from shared.domain.contribution import Coherence, StoredContribution, counted_by
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.credits import share_out
from shared.domain.email import name_from_email
from shared.domain.identifiers import (
    commit_document_id,
    contribution_id,
    contributor_document_id,
    contributor_id,
    named_asset_id,
    repository_of,
    unkeyed_document_id,
)
from shared.domain.legacy.file import (
    LegacyAsset,
    LegacyContribution,
    LegacyContributor,
    LegacyFile,
    NotTaken,
    repository_in,
)
from shared.domain.legacy.notes import Notes
from shared.domain.push import clean_name
from shared.domain.repository import Repository
from shared.domain.scoring import cost_basis

RECORDED_BY = "import"
SCORED_BY = "legacy"
# A document holds 1 MiB and 40,000 index entries, of which each old id takes one.
# https://firebase.google.com/docs/firestore/quotas#indexes
MAX_LEGACY_IDS = 10_000


@dataclass(frozen=True, slots=True)
class PlannedContribution:
    """A contribution to record; `asset` is the first state of its asset, where that is new."""

    place: str
    contribution: StoredContribution
    asset_document_id: str
    asset: Asset


@dataclass(frozen=True)
class ImportPlan:
    """Documents by their ids, with the old ids they are to carry.

    `notes` say what is different from the file although everything was taken.
    """

    contributors: Mapping[str, Contributor]
    assets: Mapping[str, Asset]
    contributions: Mapping[str, PlannedContribution]
    not_taken: tuple[NotTaken, ...]
    notes: tuple[str, ...]


def plan_import(
    file: LegacyFile, *, classify: Callable[[str], ContributorType], now: datetime
) -> ImportPlan:
    """The plan for a file; `classify` tells bots and agents, which the old service did not."""
    return _Planner(file, classify, now).plan()


@dataclass
class _Planner:
    file: LegacyFile
    classify: Callable[[str], ContributorType]
    now: datetime
    contributors: dict[str, Contributor] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    contributions: dict[str, PlannedContribution] = field(default_factory=dict)
    # Old ids of accounts, to the address or the document id.
    emails: dict[str, str] = field(default_factory=dict)
    asset_documents: dict[str, str] = field(default_factory=dict)
    notes: Notes = field(default_factory=Notes)

    def plan(self) -> ImportPlan:
        for place, contributor in self.file.records("contributors", LegacyContributor):
            self._contributor(place, contributor)
        for place, asset in self.file.records("assets", LegacyAsset):
            self._asset(place, asset)
        for place, contribution in self.file.records("contributions", LegacyContribution):
            self._contribution(place, contribution)
        return ImportPlan(
            self.contributors,
            self.assets,
            self.contributions,
            tuple(self.file.not_taken),
            tuple(self.notes.lines(self.file, self._sums())),
        )

    def _sums(self) -> Counter[str]:
        """Micro-units by document id, of contributors and assets alike."""
        sums: Counter[str] = Counter()
        for planned in self.contributions.values():
            person = contributor_document_id(planned.contribution.contributor_email)
            sums[person] += planned.contribution.cost_amount
            sums[planned.asset_document_id] += planned.contribution.cost_amount
        return sums

    def _contributor(self, place: str, old: LegacyContributor) -> None:
        email = old.email
        known_type = old.type is not ContributorType.HUMAN
        opening = Contributor(
            id=contributor_id(email),
            email=email,
            name=clean_name(old.name) or name_from_email(email),
            contributor_type=old.type if known_type else self.classify(email),
            wallet_address=old.wallet_address,
            hourly_rate=old.hourly_rate,
            created_at=old.created_at,
        )
        document_id = contributor_document_id(email)
        kept = self.contributors.get(document_id, opening)
        if self._has_room(place, kept.legacy_ids):
            legacy_ids = (*kept.legacy_ids, old.id)
            self.contributors[document_id] = kept.model_copy(update={"legacy_ids": legacy_ids})
        self.emails[old.id] = email
        self.notes.total(document_id, place, old.total_cost)

    def _asset(self, place: str, old: LegacyAsset) -> None:
        document_id, opening = _opening(old)
        kept = self.assets.get(document_id, opening)
        if self._has_room(place, kept.legacy_ids):
            legacy_ids = (*kept.legacy_ids, old.id)
            self.assets[document_id] = kept.model_copy(update={"legacy_ids": legacy_ids})
        self.asset_documents[old.id] = document_id
        self.notes.total(document_id, place, old.total_cost)

    def _has_room(self, place: str, legacy_ids: tuple[str, ...]) -> bool:
        if len(legacy_ids) < MAX_LEGACY_IDS:
            return True
        self.file.refuse(place, f"id: its document has {MAX_LEGACY_IDS} old ids already")
        return False

    def _contribution(self, place: str, old: LegacyContribution) -> None:
        commit = old.commit()
        email = (old.commit_address() if commit else None) or self.emails.get(old.contributor_id)
        if email is None:
            self.file.refuse(
                place, "contributor_id: there is no such contributor, or it is not taken"
            )
            return
        if commit:
            repository, commit_hash = commit
            document_id = commit_document_id(repository, commit_hash)
            asset_document_id, opening = asset_of_repository(repository)
            asset = self.assets.get(asset_document_id, opening)
        else:
            found = self.asset_documents.get(old.asset_id)
            if found is None:
                self.file.refuse(place, "asset_id: there is no such asset, or it is not taken")
                return
            commit_hash = None
            document_id = unkeyed_document_id(UUID(old.id))
            asset_document_id, asset = found, self.assets[found]
        contribution = self._planned(old, document_id, email, asset_document_id, asset, commit_hash)
        first = self.contributions.get(document_id)
        if first is None:
            self.contributions[document_id] = PlannedContribution(
                place, contribution, asset_document_id, asset
            )
            if self.emails.get(old.contributor_id) != email:
                self.notes.leads_elsewhere("contributor_id", place)
            if self.asset_documents.get(old.asset_id) != asset_document_id:
                self.notes.leads_elsewhere("asset_id", place)
        elif first.contribution.contributor_email != email:
            self.file.refuse(place, "an earlier record has this commit, for another author")
        elif self._has_room(place, first.contribution.legacy_ids):
            self.file.refuse(place, "an earlier record has this commit; this id now leads to it")
            legacy_ids = (*first.contribution.legacy_ids, old.id)
            contribution = first.contribution.model_copy(update={"legacy_ids": legacy_ids})
            self.contributions[document_id] = replace(first, contribution=contribution)

    def _planned(
        self,
        old: LegacyContribution,
        document_id: str,
        email: str,
        asset_key: str,
        asset: Asset,
        commit_hash: str | None,
    ) -> StoredContribution:
        repository = repository_of(asset_key)
        credits = share_out(old.cost_amount, author=email, co_authors=(), type_of=self._type_of)
        return StoredContribution(
            id=contribution_id(document_id),
            contributor_id=contributor_id(email),
            contributor_email=email,
            asset_id=asset.id,
            asset_key=asset_key,
            repository=asset.called(repository).full_name if repository else None,
            commit_hash=commit_hash,
            cost_amount=old.cost_amount,
            cost_basis=cost_basis(
                old.metadata,
                by_commit=commit_hash is not None,
                estimated=commit_hash is not None and old.metadata.get("estimation_used") is True,
            ),
            coherence_score=old.coherence_score,
            coherence=Coherence(version=SCORED_BY),
            credits=credits,
            metadata=old.metadata,
            timestamp=old.timestamp,
            recorded_by=RECORDED_BY,
            legacy_ids=(old.id,),
            **counted_by(old.timestamp, credits, type_of=self._type_of, now=self.now),
        )

    def _type_of(self, email: str) -> ContributorType:
        planned = self.contributors.get(contributor_document_id(email))
        return planned.contributor_type if planned else self.classify(email)


def _opening(old: LegacyAsset) -> tuple[str, Asset]:
    """Document id and first state of an asset."""
    repository = repository_in(old.name) or Repository.named_in(old.description or "")
    if repository:
        document_id, asset = asset_of_repository(repository)
    else:
        # Without a name, there is nothing better than the old id to know it by next time.
        document_id = named_asset_id(old.name) if old.name else old.id
        asset = Asset(id=document_id, name=old.name)
    own = {"asset_type": old.type, "created_at": old.created_at}
    description = old.description or asset.description
    return document_id, asset.model_copy(update=own | {"description": description})
