"""Commits, as GitHub itself reports them."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from shared.domain.api_key import Caller, Scope
from shared.domain.errors import InvalidInput, Unauthenticated, Unavailable, UnsupportedMedia
from shared.domain.push import read_push
from shared.domain.rename import read_rename
from shared.domain.signature import Signatures, is_signature
from shared.web.answer import JSON, Answer, Ignored
from shared.web.batches import batch_answer, record_items
from shared.web.call import Call
from shared.web.incoming import UNSIGNED
from shared.web.json_text import parse_json_of_many
from shared.web.operations import KIB, Access, Operation
from shared.web.parameters import REQUIRED, Parameters

if TYPE_CHECKING:
    from pydantic import Field
    from typing_extensions import Doc

    from shared.store.deadline import Deadline
    from shared.web.described import EventAnswer, HeaderName, IgnoredEvent

# GitHub hangs up after 10 seconds, and does not deliver again by itself.
# https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
ANSWER_WITHIN_S = 7.5
# https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
_TARGET = "X-GitHub-Hook-Installation-Target-"
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


class DeliveryHeaders(Parameters):
    """What GitHub sends beside the event."""

    signature: Annotated[
        str,
        HeaderName("X-Hub-Signature-256"),
        Field(
            pattern="^sha256=[0-9a-f]{64}$",
            examples=["sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"],
        ),
        Doc(
            "GitHub's HMAC of the body with a secret that the service is configured with. "
            "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"
        ),
    ] = REQUIRED
    event: Annotated[
        str,
        HeaderName("X-GitHub-Event"),
        Field(examples=["push"]),
        Doc("The kind of event; `push`, `repository` and `ping` are of interest."),
    ]
    delivery: Annotated[
        str, HeaderName("X-GitHub-Delivery"), Doc("GitHub's id of the delivery, for the log.")
    ]


@Operation(
    "POST",
    "/v1/webhooks/github",
    Access.SIGNED,
    main=True,
    headers=DeliveryHeaders,
    # It is read with tolerance, so nothing is held against this model.
    body="shared.web.described:Event",
    # https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
    body_limit=25 * KIB * KIB,
)
def receive_webhook(call: Call) -> Answer[EventAnswer] | Ignored[IgnoredEvent]:
    """Receive GitHub's webhook.

    Records the commits of a push to a tracked branch, merges left out. Of a `repository` event it
    takes that a repository was renamed or transferred. It is authenticated by GitHub's signature of
    the body; no API key is asked for.
    """
    began = time.monotonic()
    sender, body = _signed_body(call)
    call = replace(call, caller=sender)
    call.facts["caller"] = sender.name
    call.facts["delivery"] = _delivery(call)
    if call.request.mimetype != JSON:
        raise UnsupportedMedia(f"In the webhook's settings on GitHub, choose content type {JSON}")
    event = call.request.headers.get("X-GitHub-Event", "")
    if event == "ping":
        return Answer({"status": "pong"}, outcome="ping")
    if event not in {"push", "repository"}:
        return _ignored("only push events are recorded")
    with call.services.large_bodies.turn(len(body)):
        deadline = call.deadline(within=ANSWER_WITHIN_S - (time.monotonic() - began))
        return _take(call, event, body, deadline)


def _take(
    call: Call, event: str, body: bytearray, deadline: Deadline
) -> Answer[EventAnswer] | Ignored[IgnoredEvent]:
    payload = parse_json_of_many(body)
    if not isinstance(payload, dict):
        raise InvalidInput.at("", "must be a JSON object")
    return (_record if event == "push" else _rename)(call, payload, deadline)


def _record(
    call: Call, payload: dict[str, Any], deadline: Deadline
) -> Answer[EventAnswer] | Ignored[IgnoredEvent]:
    push = read_push(
        payload,
        branches=call.services.settings.tracked_branches,
        target_type=call.request.headers.get(f"{_TARGET}Type"),
        target_id=call.request.headers.get(f"{_TARGET}ID"),
    )
    if push.ignored is not None:
        return _ignored(push.ignored)
    call.authorize(push.repository)
    done = record_items(call, push.repository, push.commits, number=push.number, deadline=deadline)
    notice = "GitHub lists at most 2048 commits of a push; backfill the rest" if push.cut else None
    if notice:
        call.facts["notice"] = notice
    skipped = [{"commit_hash": merge, "reason": "a merge commit"} for merge in push.merges]
    return batch_answer(call, {"status": "recorded", **done, "skipped": skipped, "notice": notice})


def _rename(
    call: Call, payload: dict[str, Any], deadline: Deadline
) -> Answer[EventAnswer] | Ignored[IgnoredEvent]:
    rename = read_rename(payload)
    if rename is None:
        return _ignored("only renames and transfers on github.com are of interest")
    call.authorize(rename.repository)
    # First under the name that it had, in case that it was reported without its number.
    for name in (rename.former, rename.repository):
        if name and call.caller and call.caller.covers(name):
            call.services.ledger.commits.record_all(
                name,
                (),
                recorded_by=call.recorded_by,
                claim=call.claim(rename.number),
                deadline=deadline,
            )
    return Answer({"status": "noted"}, outcome="rename")


def _signed_body(call: Call) -> tuple[Caller, bytearray]:
    """Who sent the body, by the name of the secret that it is signed with, and the body."""
    settings = call.services.settings
    secrets = settings.webhook_secrets
    if not secrets:
        raise Unavailable(
            "No webhook secret is configured, so every delivery is refused; "
            "set LEDGER_WEBHOOK_SECRETS",
            code="no_secret_configured",
            retry_after=60,
        )
    signature = call.request.headers.get("X-Hub-Signature-256", "")
    signatures = Signatures(secrets)
    # What cannot be one is refused before its body is read.
    if is_signature(signature):
        body = call.incoming.read(call.operation.body_limit, pace=UNSIGNED, seen=signatures.update)
        if name := signatures.signing_secret(signature):
            repositories = settings.webhook_repositories.get(name, ())
            return Caller(f"webhook:{name}", frozenset({Scope.RECORD}), repositories), body
    raise Unauthenticated("X-Hub-Signature-256 is missing, or not made with the secret")


def _delivery(call: Call) -> str:
    """GitHub's id of the delivery, for the log; what else might stand there is not logged."""
    delivery = call.request.headers.get("X-GitHub-Delivery", "")
    return delivery if _DELIVERY.fullmatch(delivery) else "unknown"


def _ignored(reason: str) -> Ignored[IgnoredEvent]:
    return Ignored({"status": "ignored", "reason": reason})
