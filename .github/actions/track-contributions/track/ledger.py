"""The service: where it is, who is asking, and what it says of a batch."""

from __future__ import annotations

import functools
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common import ConfigurationError, Runtime, ServiceError
from sending import Http, describe_errors

SINGLE_PATH = "/v1/contributions/github"
BATCH_PATH = f"{SINGLE_PATH}/batch"
TOKEN_PATIENCE = 60.0  # seconds; asked for before each try at the ledger


RECORDED, REPLAYED, CONFLICT, VOIDED, INVALID = OUTCOMES = (
    "recorded",
    "replayed",
    "conflict",
    "voided",
    "invalid",
)
REJECTED = (CONFLICT, VOIDED, INVALID)
FAILED = "failed"  # the service never said what became of the commit
SKIPPED = "skipped"
UNREPORTABLE = "unreportable"  # no ledger would take it
PLANNED = "planned"  # a dry run

REASONS = {
    CONFLICT: "recorded before with another author",
    VOIDED: "the entry was voided",
    INVALID: "the service refused it and gave no reason",
}


@dataclass(frozen=True)
class Outcome:
    """What the service said of one commit; cost and score where it said them."""

    name: str
    reason: str = ""
    cost: str = ""
    score: str = ""
    differs: tuple[str, ...] = ()
    """The fields in which the ledger keeps something else, because the first report wins."""


def service_base(url: str) -> str:
    """Return the address that BATCH_PATH goes after.

    The service's, a function's own, and either with the path of the endpoint are all taken.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        acceptable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        acceptable = False
    if not acceptable or "@" in parts.netloc or not re.fullmatch(r"[!-~]+", url):
        raise ConfigurationError("url must be like https://ledger.example.com")
    path = parts.path.rstrip("/").removesuffix(BATCH_PATH).removesuffix(SINGLE_PATH)
    return f"{parts.scheme}://{parts.netloc}{path}"


# A function's own address, as Google Cloud gives it: there is no page at it.
FUNCTION_HOSTS = (".run.app", ".cloudfunctions.net")


def page_of(base: str, repository: str) -> str:
    """Return the address of the ledger's page about the repository, or nothing."""
    if (urllib.parse.urlsplit(base).hostname or "").endswith(FUNCTION_HOSTS):
        return ""
    # Nothing in it may end a link in Markdown.
    place = urllib.parse.quote(base, safe="/:[]%~")
    return f"{place}/?repository={urllib.parse.quote(repository)}"


Credential = Callable[[], tuple[str, str]]
"""Returns the header that shows who is asking."""


def api_key(key: str) -> Credential:
    if not re.fullmatch(r"[!-~]+", key):
        raise ConfigurationError("the API key holds characters that no header can carry")
    return lambda: ("X-API-Key", key)


def identity_token(runtime: Runtime, audience: str, mask: Callable[[str], None]) -> Credential:
    """Return GitHub's own proof of which workflow is asking, a new one for each request.

    https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect
    """
    query = urllib.parse.urlencode({"audience": audience})
    request = functools.partial(
        urllib.request.Request,
        f"{runtime.environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&{query}",
        headers={"Authorization": f"Bearer {runtime.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
    )

    def ask() -> tuple[str, str]:
        try:
            answer = Http(runtime, TOKEN_PATIENCE).exchange(request)
        except ServiceError as error:
            raise ServiceError(f"GitHub gave no identity token: {error}") from error
        token = answer.get("value") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise ServiceError("GitHub gave no identity token")
        mask(token)
        return ("Authorization", f"Bearer {token}")

    return ask


Record = Callable[[Sequence[str], bytes], list[Outcome]]
"""Takes the hashes and the body of a batch; returns their outcomes in order, or ServiceError."""


def ledger(runtime: Runtime, base: str, credential: Credential) -> Record:
    """Return what records a batch at the service."""
    web = Http(runtime)

    def request(body: bytes) -> urllib.request.Request:
        name, value = credential()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, application/problem+json",
            "User-Agent": "track-contributions",
            name: value,
        }
        return urllib.request.Request(base + BATCH_PATH, body, headers, method="POST")

    def record(hashes: Sequence[str], body: bytes) -> list[Outcome]:
        return read_outcomes(web.exchange(lambda: request(body)), hashes)

    return record


def until_failure(record: Record) -> Record:
    """Return the same with a failure as the outcome of the batch's and all later commits.

    Nothing more is sent then: the service has had all its tries.
    """
    failures: list[str] = []

    def attempt(hashes: Sequence[str], body: bytes) -> list[Outcome]:
        if not failures:
            try:
                return record(hashes, body)
            except ServiceError as error:
                failures.append(str(error))
        return [Outcome(FAILED, failures[0])] * len(hashes)

    return attempt


def read_outcomes(answer: object, hashes: Sequence[str]) -> list[Outcome]:
    """Return the outcomes, believed only where there is one for each commit, in order."""
    entries = answer.get("outcomes") if isinstance(answer, dict) else None
    if (
        not isinstance(entries, list)
        or not all(
            isinstance(entry, dict) and entry.get("outcome") in OUTCOMES for entry in entries
        )
        or [entry.get("commit_hash") for entry in entries] != list(hashes)
    ):
        raise ServiceError("what answers at that url is not a contribution ledger")
    return [_read_outcome(entry) for entry in entries]


def _read_outcome(entry: Mapping[str, Any]) -> Outcome:
    differs = entry.get("differs")
    fields = tuple(map(str, differs)) if isinstance(differs, list) else ()
    reasons = (
        describe_errors(entry.get("errors")) or REASONS.get(entry["outcome"], ""),
        f"kept with another {', '.join(fields)}" if fields else "",
    )
    return Outcome(
        name=entry["outcome"],
        reason="; ".join(filter(None, reasons)),
        cost=_shown(entry.get("cost_amount")),
        score=_shown(entry.get("coherence_score")),
        differs=fields,
    )


def _shown(value: object) -> str:
    return str(value) if isinstance(value, (str, int, float)) else ""
