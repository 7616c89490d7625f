"""What the OpenAPI document says about each operation, beside what the table of routes knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.domain.errors import Conflict, LedgerError, NotFound
from shared.web import openapi_examples as examples
from shared.web.openapi_plain_schemas import list_of, ref

Schema = dict[str, Any]


@dataclass(frozen=True)
class Body:
    """The JSON body of a request."""

    schema: str
    examples: dict[str, Any]
    required: bool = True


@dataclass(frozen=True)
class Success:
    """What an operation answers when it did what it was asked for."""

    about: str
    schema: Schema
    example: Any
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Details:
    """An operation in words. `errors` are those that its access, path and body do not tell."""

    summary: str
    successes: dict[int, Success]
    about: str = ""
    parameters: tuple[str, ...] = ()
    body: Body | None = None
    errors: tuple[type[LedgerError], ...] = ()
    ledger: bool = True


_PAGE = ("limit", "page_token")
_TIMES = ("since", "until", "include_voided")
_CONTRIBUTION = ref("Contribution")


def _list(of: str, example: Any) -> dict[int, Success]:
    return {200: Success("A page, empty where there is none.", list_of(of), [example], ("Link",))}


def _one(of: str, example: Any, about: str = "Found.") -> dict[int, Success]:
    return {200: Success(about, ref(of), example)}


def _created(of: str, example: Any) -> dict[int, Success]:
    return {201: Success("Created.", ref(of), example)}


DETAILS: dict[str, Details] = {
    "track_commit": Details(
        "Record one commit",
        {
            201: Success("Recorded.", _CONTRIBUTION, examples.CONTRIBUTION),
            200: Success(
                "It was recorded before. The first report stays as it was.",
                _CONTRIBUTION,
                examples.CONTRIBUTION,
                ("Idempotency-Replayed", "Idempotency-Differs"),
            ),
        },
        "Creates the contributor and the asset where they are new. A cost that is left out is "
        "estimated. 409: the commit is kept for another author, or was voided.",
        body=Body("CommitReport", {"full": examples.REPORT, "short": examples.SHORTEST_REPORT}),
        errors=(Conflict,),
    ),
    "track_batch": Details(
        "Record up to 500 commits of one repository",
        {200: Success("An outcome for each.", ref("BatchAnswer"), examples.BATCH_ANSWER)},
        "Each commit is validated and recorded by itself: one that is no `Commit` has the outcome "
        "`invalid`, and the others are recorded.",
        body=Body("Batch", {"two": examples.BATCH}),
    ),
    "receive_webhook": Details(
        "Receive GitHub's webhook",
        {
            200: Success("Recorded, or a ping.", ref("EventAnswer"), examples.PUSH_ANSWER),
            202: Success(
                "Nothing to record in it.",
                ref("IgnoredEvent"),
                {"status": "ignored", "reason": "not a tracked branch"},
            ),
        },
        "Records the commits of a push to a tracked branch, merges left out. It is authenticated "
        "by GitHub's signature of the body; no API key is asked for.",
        ("X-Hub-Signature-256", "X-GitHub-Event", "X-GitHub-Delivery"),
        Body("Event", {"push": examples.PUSH}),
    ),
    "list_contributions": Details(
        "List contributions",
        _list("Contribution", examples.CONTRIBUTION),
        "Newest `timestamp` first.",
        ("contributor", "repository", "commit_hash", *_TIMES, *_PAGE),
    ),
    "create_contribution": Details(
        "Record a contribution by ids",
        {
            201: Success("Recorded.", _CONTRIBUTION, examples.CONTRIBUTION_BY_IDS),
            200: Success(
                "It was recorded before, with this `Idempotency-Key`.",
                _CONTRIBUTION,
                examples.CONTRIBUTION_BY_IDS,
                ("Idempotency-Replayed",),
            ),
        },
        "With `corrects`, it takes the place of a voided one. 409: that one is not voided, or has "
        "its correction.",
        ("Idempotency-Key",),
        Body("NewContribution", {"with_evidence": examples.NEW_CONTRIBUTION}),
        (NotFound, Conflict),
    ),
    "get_contribution": Details(
        "Show a contribution",
        _one("Contribution", examples.CONTRIBUTION),
        parameters=("contribution_id",),
    ),
    "void_contribution": Details(
        "Void a contribution",
        {
            200: Success(
                "Voided, now or before.",
                _CONTRIBUTION,
                examples.VOIDED_CONTRIBUTION,
                ("Idempotency-Replayed",),
            )
        },
        "It stays, leaves the totals once, and is left out of lists.",
        ("contribution_id", "reason"),
        Body("Void", {"with_reason": examples.VOID}, required=False),
    ),
    "list_contributors": Details(
        "List contributors",
        _list("Contributor", examples.CONTRIBUTOR),
        parameters=("sort", *_PAGE),
    ),
    "create_contributor": Details(
        "Create a contributor",
        _created("Contributor", examples.CREATED_CONTRIBUTOR),
        "409: the email is taken; the problem names the id of whose it is.",
        body=Body("NewContributor", {"person": examples.NEW_CONTRIBUTOR}),
        errors=(Conflict,),
    ),
    "list_contributor_contributions": Details(
        "List a contributor's contributions",
        _list("Contribution", examples.CONTRIBUTION),
        "Newest `timestamp` first; those as a co-author too.",
        ("contributor_key", "repository", *_TIMES, *_PAGE),
    ),
    "get_contributor": Details(
        "Show a contributor",
        _one("Contributor", examples.CONTRIBUTOR),
        parameters=("contributor_key",),
    ),
    "list_assets": Details(
        "List assets", _list("Asset", examples.ASSET), parameters=("sort", *_PAGE)
    ),
    "create_asset": Details(
        "Create an asset",
        _created("Asset", examples.CREATED_ASSET),
        "One that is named `owner/repo`, or described as `GitHub repository: owner/repo`, is that "
        "repository. 409: the name is taken; the problem names the id of whose it is.",
        body=Body("NewAsset", {"named": examples.NEW_ASSET}),
        errors=(Conflict,),
    ),
    "list_asset_contributions": Details(
        "List an asset's contributions",
        _list("Contribution", examples.CONTRIBUTION),
        "Newest `timestamp` first.",
        ("asset", "contributor", *_TIMES, *_PAGE),
    ),
    "get_asset": Details("Show an asset", _one("Asset", examples.ASSET), parameters=("asset_key",)),
    "alive": Details(
        "Say that the process is alive",
        _one("Alive", {"status": "ok"}, "Alive."),
        "Does not ask Firestore.",
        ledger=False,
    ),
    "ready": Details(
        "Say whether Firestore answers",
        _one("Ready", {"status": "ready", "firestore_latency_ms": 2.4}, "It does."),
    ),
    "tracking": Details(
        "Say whether tracking works",
        _one("Tracking", examples.TRACKING, "What arrived last, and how much there is."),
        "`quiet` and `empty` are 200, and 503 with `strict=true`.",
        ("repository", "strict"),
    ),
    "openapi": Details(
        "This document",
        {200: Success("OpenAPI 3.1.", {"type": "object"}, {"openapi": "3.1.0"})},
        ledger=False,
    ),
}
