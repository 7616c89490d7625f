"""What requests and answers hold that no other model stands for.

For annotations and the OpenAPI document: imported for type checking only, so that no deployed
function pays for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel
from typing_extensions import Doc

from shared.domain.contribution import Outcome
from shared.domain.fields import LEFT_OUT, Money, RepositoryName
from shared.domain.metadata import MAX_METADATA_BYTES, MAX_METADATA_DEPTH
from shared.domain.scoring import EVIDENCE
from shared.domain.tracking import Tracking, TrackingStatus

Count = Annotated[int, Field(ge=0)]
StoredCount = Annotated[int, Field(ge=0, lt=2**63)]
AnyUrl = Annotated[str, Field(json_schema_extra={"format": "uri"})]

# Parameters of paths.
ContributionKey = Annotated[
    str,
    Field(examples=["d7238c20-c0fd-56ea-b9cd-69c0ef539947"]),
    Doc("Its UUID, an imported id, or `owner/repo@commit`."),
]
ContributorKey = Annotated[
    str,
    Field(examples=["4f758c4b-f15e-5ad8-9ddf-034d0b5e98ba"]),
    Doc("Their UUID, an imported id, or their email, which needs an API key."),
]
AliasEmail = Annotated[
    str,
    Field(examples=["ada@home.example.com"]),
    Doc("The further address."),
]
AssetKey = Annotated[
    str,
    Field(examples=["be2e4112-a5b0-5072-9971-c59703a2b0e1"]),
    Doc(
        "Its UUID, an imported id, or `owner/repo`, as `owner/repo~number` where another "
        "repository had the name first; the slash may be percent-encoded."
    ),
]
FurtherName = Annotated[
    str,
    Field(examples=["seeker71/new-name"]),
    Doc("The further name, as `owner/repo`; the slash may be percent-encoded."),
]


class HeaderName(str):
    """How a header is spelled, in the annotation of what it holds."""

    __slots__ = ()


class Metadata(BaseModel):
    """What is known about a contribution."""

    # What holds at every level is told in words: a schema that refers to itself is more than many
    # generators of clients can take.
    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "description": "What is known about the contribution, as free-form JSON: at most "
            f"{MAX_METADATA_BYTES // 1024} KiB and {MAX_METADATA_DEPTH} levels, integers of 64 "
            "bits, no list directly in a list, no key that is empty or begins and ends with two "
            "underscores. The score looks at the counts, `has_tests`, `has_docs` and "
            f"`complexity`; of {', '.join(f'`{e}`' for e in sorted(EVIDENCE))}, one that is filled "
            "in makes a cost that was given `actual_verified`.",
            "propertyNames": {"minLength": 1, "not": {"pattern": r"^__[\s\S]*__$"}},
        },
    )

    files_changed: StoredCount = LEFT_OUT
    lines_added: StoredCount = LEFT_OUT
    lines_deleted: StoredCount = LEFT_OUT
    has_tests: Annotated[Any, Field(description="`true` adds to the score.")] = LEFT_OUT
    has_docs: Annotated[Any, Field(description="`true` adds to the score.")] = LEFT_OUT
    complexity: Annotated[Any, Field(description='`"low"` adds to the score.')] = LEFT_OUT


class Fault(BaseModel):
    """One thing wrong with an input."""

    pointer: Annotated[
        str,
        Field(
            description="A JSON pointer into the body, or the name of a query parameter behind "
            "`?` or of a header behind `:`."
        ),
    ]
    message: str


class Problem(BaseModel):
    """An error as in RFC 9457. It never holds an address or a secret."""

    type: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="What is wrong, in words.")]
    code: Annotated[str, Field(description="What is wrong, for a program.")]
    errors: Annotated[
        list[Fault], Field(description="With status 422: each thing wrong with the input.")
    ] = LEFT_OUT


class OutcomeCounts(BaseModel):
    """How many commits had which outcome."""

    recorded: Count
    replayed: Count
    conflict: Count
    voided: Count
    invalid: Count


class CommitOutcome(BaseModel):
    """`conflict`: kept for another author. `invalid`: not recorded, see `errors`."""

    commit_hash: Annotated[str | None, Field(description="As it was sent, if it was one.")]
    outcome: Outcome
    id: UUID = LEFT_OUT
    cost_amount: Money = LEFT_OUT
    coherence_score: Annotated[float, Field(ge=0, le=1)] = LEFT_OUT
    differs: Annotated[
        list[str],
        Field(description="Fields in which a replay says something else than what is kept."),
    ] = LEFT_OUT
    errors: list[Fault] = LEFT_OUT


class BatchAnswer(BaseModel):
    """An outcome for each commit, in order."""

    counts: OutcomeCounts
    outcomes: list[CommitOutcome]


class SkippedCommit(BaseModel):
    """A commit of a push that is not recorded."""

    commit_hash: str
    reason: str


class PushAnswer(BatchAnswer):
    """To a push."""

    status: Literal["recorded"]
    skipped: list[SkippedCommit]
    notice: str | None


class Pong(BaseModel):
    """To a ping."""

    status: Literal["pong"]


class Noted(BaseModel):
    """The answer to a rename or a transfer: where it is known, the new name leads to it."""

    status: Literal["noted"]


class EventAnswer(RootModel[PushAnswer | Noted | Pong]):
    """Recorded, noted, or a ping."""


class IgnoredEvent(BaseModel):
    """Why nothing was recorded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"status": "ignored", "reason": "not a tracked branch"}],
        }
    )

    status: Literal["ignored"]
    reason: str


class PushedAuthor(BaseModel):
    """The author of a pushed commit."""

    name: str = LEFT_OUT
    email: str | None = LEFT_OUT


class PushedCommit(BaseModel):
    """A commit of a push."""

    id: str = LEFT_OUT
    message: Annotated[str, Field(description="With the trailers that name co-authors.")] = LEFT_OUT
    timestamp: datetime = LEFT_OUT
    url: AnyUrl = LEFT_OUT
    author: PushedAuthor = LEFT_OUT
    added: list[str] = LEFT_OUT
    modified: list[str] = LEFT_OUT
    removed: list[str] = LEFT_OUT


class PushedRepository(BaseModel):
    """The repository of a push."""

    full_name: RepositoryName
    id: Annotated[int, Field(description="GitHub's number of it.")] = LEFT_OUT
    default_branch: str = LEFT_OUT


class Event(BaseModel):
    """GitHub's event as it sends it. Of a `push`, this is read:"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ref": "refs/heads/main",
                    "deleted": False,
                    "repository": {
                        "full_name": "seeker71/Coherence-Network",
                        "id": 1296269,
                        "default_branch": "main",
                    },
                    "head_commit": {"id": "8d2b0c9f6e1a4735b8c2d0e4f6a1938576c4b2d1"},
                    "commits": [
                        {
                            "id": "8d2b0c9f6e1a4735b8c2d0e4f6a1938576c4b2d1",
                            "message": "Add a ledger",
                            "timestamp": "2026-01-05T13:00:00+01:00",
                            "url": "https://github.com/seeker71/Coherence-Network/commit/8d2b0c9f",
                            "author": {"name": "Ada Example", "email": "test@example.com"},
                            "added": ["ledger.py", "tests/test_ledger.py"],
                            "modified": ["README.md"],
                            "removed": [],
                        }
                    ],
                }
            ]
        }
    )

    ref: Annotated[str, Field(examples=["refs/heads/main"])] = LEFT_OUT
    deleted: bool = LEFT_OUT
    head_commit: dict[str, Any] | None = LEFT_OUT
    repository: PushedRepository = LEFT_OUT
    commits: list[PushedCommit] = LEFT_OUT


class Alive(BaseModel):
    """The process is alive."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"status": "ok", "version": "1.0.0", "revision": "health-00007-vab"}]
        }
    )

    status: Literal["ok"]
    version: str
    revision: Annotated[str | None, Field(description="Cloud Run's name of what is deployed.")]


class TrackingAlone(BaseModel):
    """All that is told of tracking without a key, where reads need one."""

    model_config = ConfigDict(extra="forbid")

    status: TrackingStatus


class TrackingAnswer(RootModel[Tracking | TrackingAlone]):
    """Whether tracking works."""


class Ready(BaseModel):
    """Firestore answers."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "ready", "firestore_latency_ms": 2.4}]}
    )

    status: Literal["ready"]
    firestore_latency_ms: Annotated[float, Field(ge=0)]
