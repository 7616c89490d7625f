"""github-webhook: records the commits of GitHub's own `push` webhook."""

from __future__ import annotations

import re
import time
from http import HTTPStatus

from shared.domain.errors import InvalidInput, Unauthenticated, Unavailable, UnsupportedMedia
from shared.domain.push import read_push
from shared.domain.signature import signing_secret
from shared.web.answer import JSON, Answer
from shared.web.batches import batch_answer, record_items
from shared.web.body import parse_json, read_body
from shared.web.call import Call
from shared.web.entry_point import entry_point

# GitHub hangs up after 10 seconds, and does not deliver again by itself.
# https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
ANSWER_WITHIN_S = 7.5
# https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
_TARGET = "X-GitHub-Hook-Installation-Target-"
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


def receive_webhook(call: Call) -> Answer:
    began = time.monotonic()
    body = read_body(call.request, call.operation.body_limit)
    call.facts["caller"] = f"webhook:{_verify(call, body)}"
    call.facts["delivery"] = _delivery(call)
    if call.request.mimetype != JSON:
        raise UnsupportedMedia(f"In the webhook's settings on GitHub, choose content type {JSON}")
    event = call.request.headers.get("X-GitHub-Event", "")
    if event == "ping":
        return Answer({"status": "pong"}, outcome="ping")
    if event != "push":
        return _ignored("only push events are recorded")
    with call.services.large_bodies.turn(len(body)):
        return _record(call, body, began)


def _record(call: Call, body: bytes, began: float) -> Answer:
    payload = parse_json(body)
    if not isinstance(payload, dict):
        raise InvalidInput.at("", "must be a JSON object")
    push = read_push(
        payload,
        branches=call.services.settings.tracked_branches,
        target_type=call.request.headers.get(f"{_TARGET}Type"),
        target_id=call.request.headers.get(f"{_TARGET}ID"),
    )
    if push.ignored is not None:
        return _ignored(push.ignored)
    timing = call.services.ledger.connection.timing
    call.facts["repository"] = push.repository.full_name
    done = record_items(
        call,
        push.repository,
        push.commits,
        recorded_by=call.facts["caller"],
        deadline=timing.deadline(ANSWER_WITHIN_S - (time.monotonic() - began)),
    )
    notice = "GitHub lists at most 2048 commits of a push; backfill the rest" if push.cut else None
    if notice:
        call.facts["notice"] = notice
    skipped = [{"commit_hash": merge, "reason": "a merge commit"} for merge in push.merges]
    return batch_answer(call, {"status": "recorded", **done, "skipped": skipped, "notice": notice})


def _verify(call: Call, body: bytes) -> str:
    """The name of the secret that the delivery is signed with."""
    secrets = call.services.settings.webhook_secrets
    if not secrets:
        raise Unavailable(
            "No webhook secret is configured, so every delivery is refused; "
            "set LEDGER_WEBHOOK_SECRETS",
            code="no_secret_configured",
            retry_after=60,
        )
    signature = call.request.headers.get("X-Hub-Signature-256", "")
    name = signing_secret(body, signature=signature, secrets=secrets)
    if name is None:
        raise Unauthenticated("X-Hub-Signature-256 is missing, or not made with the secret")
    return name


def _delivery(call: Call) -> str:
    """GitHub's id of the delivery, for the log; what else might stand there is not logged."""
    delivery = call.request.headers.get("X-GitHub-Delivery", "")
    return delivery if _DELIVERY.fullmatch(delivery) else "unknown"


def _ignored(reason: str) -> Answer:
    body = {"status": "ignored", "reason": reason}
    return Answer(body, HTTPStatus.ACCEPTED, outcome="ignored")


HANDLERS = {"receive_webhook": receive_webhook}

github_webhook = entry_point("github_webhook", HANDLERS)
