"""A contribution: one commit of one repository, or one contribution recorded by ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from shared.domain.assistance import Assistance, GivenAssistances, disagree
from shared.domain.contributor import ContributorType
from shared.domain.credits import Credit, share_out
from shared.domain.email import spelt_as_today
from shared.domain.fields import (
    CommitHash,
    Email,
    GivenMoney,
    GivenTime,
    MaybeName,
    Metadata,
    Money,
    Request,
    Stored,
    Text,
    Time,
    Url,
)
from shared.domain.identifiers import (
    commit_document_id,
    contribution_id,
    repository_asset_id,
    repository_document_id,
)
from shared.domain.number import Reported
from shared.domain.place import Place
from shared.domain.scoring import (
    FORMULA_VERSION,
    CostBasis,
    coherence_score,
    cost_basis,
    estimated_cost,
)
from shared.domain.timestamps import counted_at_micros, month_of

MAX_CO_AUTHORS = 50
MAX_BATCH = 500


class Outcome(StrEnum):
    """What became of one commit of a batch."""

    RECORDED = "recorded"
    REPLAYED = "replayed"
    CONFLICT = "conflict"
    VOIDED = "voided"
    INVALID = "invalid"


class CoAuthor(Request):
    """Somebody named in a commit's `Co-authored-by` trailer; `Credit` says who takes what."""

    email: Email
    name: MaybeName = None


class Commit(Request):
    """One commit, without the repository it belongs to."""

    contributor_email: Email
    commit_hash: CommitHash
    contributor_name: MaybeName = None
    author_email: Email | None = None
    cost_amount: GivenMoney | None = None
    metadata: Metadata = Field(default_factory=dict)
    timestamp: GivenTime | None = None
    co_authors: Annotated[
        tuple[CoAuthor, ...],
        Field(max_length=MAX_CO_AUTHORS, examples=[[{"email": "grace@example.com"}]]),
    ] = ()
    assistance: GivenAssistances = ()
    url: Url | None = None

    def addresses(self) -> frozenset[str]:
        """The author's address, and the one in the commit where they differ."""
        return frozenset({self.contributor_email, self.author_email or self.contributor_email})

    def distinct_co_authors(self) -> dict[str, str | None]:
        """Address to name of each co-author, once, and without the author."""
        distinct: dict[str, str | None] = {}
        for person in self.co_authors:
            if person.email not in self.addresses():
                distinct.setdefault(person.email, person.name)
        return distinct


class CommitReport(Commit, Reported):
    """One commit of one repository, as a workflow reports it."""


class NewContribution(Request):
    """A contribution recorded by the ids of a contributor and an asset."""

    contributor_id: Annotated[
        str, Field(max_length=64, examples=["4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"])
    ]
    asset_id: Annotated[
        str, Field(max_length=64, examples=["be2e4112-a5b0-5072-9971-c59703a2b0e1"])
    ]
    cost_amount: GivenMoney
    metadata: Metadata = Field(default_factory=dict, examples=[{"invoice_id": "2026-0017"}])
    assistance: GivenAssistances = ()
    timestamp: GivenTime | None = None
    corrects: Annotated[str, Field(max_length=64)] | None = None


class Void(Request):
    """Why a contribution is voided."""

    reason: Text | None = Field(None, examples=["Reported with the wrong cost"])


class Batch(Reported):
    """Up to 500 commits of one repository; each is validated by itself."""

    commits: Annotated[
        tuple[Any, ...],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            examples=[[{"contributor_email": "test@example.com", "commit_hash": "abc123"}]],
        ),
    ]


class Coherence(Stored):
    """How the score came about."""

    version: str = FORMULA_VERSION
    components: dict[str, float] = Field(default_factory=dict)


class Contribution(Stored):
    """A contribution as the ledger answers it."""

    id: str
    contributor_id: str
    contributor_email: str
    asset_id: str
    repository: str | None = None
    commit_hash: str | None = None
    cost_amount: Money
    cost_basis: CostBasis
    coherence_score: float
    coherence: Coherence = Coherence()
    credits: tuple[Credit, ...] = ()
    assistance: tuple[Assistance, ...] = ()
    metadata: dict[str, Any] = Field(default_factory=dict)
    url: str | None = None
    timestamp: Time
    recorded_at: Time | None = None
    recorded_by: str | None = None
    voided: bool = False
    voided_at: Time | None = None
    voided_by: str | None = None
    void_reason: str | None = None
    corrects: str | None = None
    corrected_by: str | None = None
    legacy_ids: tuple[str, ...] = ()


class StoredContribution(Contribution):
    """A contribution with what is kept beside it to recognise a replay."""

    # The document id of its asset; None where a version recorded it to which a name was one.
    asset_key: str | None = None
    # As reported: the ledger's own name for the person may be another one.
    contributor_name: str | None = None
    author_email: str | None = None
    request_digest: str | None = None
    # Of the request that recorded it, which knows it by this when the answer of a Commit is lost.
    request_nonce: str | None = None
    # What it is counted by: as its recorder took it, so that a void takes out the same. None where
    # a version recorded it that counted no months and no parts.
    author_type: ContributorType | None = None
    agent_ids: tuple[str, ...] = ()
    month: str | None = None
    counted_at_micros: int | None = None

    def shown(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude=_KEPT_ONLY)

    def same_author(self, commit: Commit) -> bool:
        """Whether a report of this commit names the person this contribution is kept for."""
        return not commit.addresses().isdisjoint(self.addresses())

    def differences(self, commit: Commit) -> tuple[str, ...]:
        """The fields of a replay that say something else than this contribution."""
        reported = {
            "contributor_email": (commit.contributor_email, spelt_as_today(self.contributor_email)),
            "cost_amount": (commit.cost_amount, self.cost_amount),
            "contributor_name": (commit.contributor_name, self.contributor_name),
            "metadata": (commit.metadata, self.metadata),
            "timestamp": (commit.timestamp, self.timestamp),
            "url": (commit.url, self.url),
        }
        differing = [
            name
            for name, (theirs, ours) in reported.items()
            if name in commit.model_fields_set and theirs is not None and theirs != ours
        ]
        credited = dict.fromkeys(spelt_as_today(credit.email) for credit in self.credits[1:])
        kept = [email for email in credited if email not in self.addresses()]
        given, named = commit.model_fields_set, commit.distinct_co_authors()
        if "co_authors" in given and list(named) != kept:
            differing.append("co_authors")
        if "assistance" in given and disagree(commit.assistance, named, kept=self.assistance):
            differing.append("assistance")
        return tuple(differing)

    def addresses(self) -> frozenset[str]:
        """The author's, as a report of today would spell them."""
        written = self.author_email or self.contributor_email
        return frozenset({spelt_as_today(self.contributor_email), spelt_as_today(written)})


_KEPT_ONLY = set(StoredContribution.model_fields) - set(Contribution.model_fields)


def contribution_of_commit(
    commit: Commit,
    place: Place,
    *,
    assistance: tuple[Assistance, ...] = (),
    type_of: Callable[[str], ContributorType],
    recorded_by: str,
    now: datetime,
    request_nonce: str | None = None,
) -> StoredContribution:
    """The contribution that a reported commit becomes; `now` is its time where it names none.

    `type_of` is asked for everybody credited.
    """
    co_authors = tuple(commit.distinct_co_authors())
    credits = share_out(
        cost_of(commit), author=commit.contributor_email, co_authors=co_authors, type_of=type_of
    )
    score = coherence_score(commit.metadata)
    return StoredContribution(
        id=contribution_id(commit_document_id(place.account, commit.commit_hash)),
        contributor_id=credits[0].contributor_id,
        contributor_email=commit.contributor_email,
        contributor_name=commit.contributor_name,
        author_email=commit.author_email,
        asset_id=repository_asset_id(place.account),
        asset_key=repository_document_id(place.account),
        repository=place.shown.full_name,
        commit_hash=commit.commit_hash,
        cost_amount=cost_of(commit),
        cost_basis=cost_basis(
            commit.metadata, by_commit=True, estimated=commit.cost_amount is None
        ),
        coherence_score=score.value,
        coherence=Coherence(components=score.components),
        credits=credits,
        assistance=assistance,
        metadata=commit.metadata,
        url=commit.url,
        timestamp=commit.timestamp or now,
        recorded_by=recorded_by,
        request_nonce=request_nonce,
        **counted_by(commit.timestamp or now, credits, type_of=type_of, now=now),
    )


def counted_by(
    timestamp: datetime,
    credits: Sequence[Credit],
    *,
    type_of: Callable[[str], ContributorType],
    now: datetime,
) -> dict[str, Any]:
    """What a contribution keeps to be counted by, when it is recorded `now`."""
    at_micros = counted_at_micros(timestamp, now=now)
    types = {credit.contributor_id: type_of(credit.email) for credit in credits}
    return {
        "author_type": types[credits[0].contributor_id],
        "agent_ids": tuple(id for id, kind in types.items() if kind is ContributorType.AGENT),
        "month": month_of(at_micros),
        "counted_at_micros": at_micros,
    }


def cost_of(commit: Commit) -> int:
    """Micro-units: the reported cost, or an estimate where there is none."""
    return estimated_cost(commit.metadata) if commit.cost_amount is None else commit.cost_amount
