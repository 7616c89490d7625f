"""The handbook's queries find in the log what they say, in the lines that the service writes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied, ServiceUnavailable

from shared.embedded import EmbeddedFirestore
from shared.web.logs import Log
from shared.web.settings import Settings
from tests.contract.spy import Before, Spy
from tests.http.framework import KEY, Service
from tests.http.test_logs import PUSH, SECRET, TRACK, deliver
from tests.unit.test_readme import HANDBOOK, table

HASH = "2f4a1c9d8e7b6a5f4e3d2c1b0a9f8e7d6c5b4a39"
DELIVERY = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
REQUEST = "7d1c0f7be0f94d0a9a3b6a1c2d3e4f50"
QUERIES = {
    name: re.findall(r"`([^`]+)`", queries)
    for name, queries in table(HANDBOOK, "What the log says")
}
SEVERITIES = ["DEFAULT", "INFO", "WARNING", "ERROR"]
TERM = re.compile(r'(?P<not>NOT )?(?P<field>[\w.]+)(?P<op>>=|<|=|:)(?P<value>\(.*?\)|".*?"|\S+)')


def finds(query: str, entry: dict[str, Any]) -> bool:
    """Whether Cloud Logging would find an entry, as far as these queries go.

    https://cloud.google.com/logging/docs/view/logging-query-language
    """
    terms = query.split(" AND ")
    return all(_holds(TERM.fullmatch(term), entry) for term in terms)


def _holds(term: re.Match[str] | None, entry: dict[str, Any]) -> bool:
    assert term, "not understood"
    wanted = [value.strip('"') for value in term["value"].strip("()").split(" OR ")]
    found = any(_compares(term["op"], _value(entry, term["field"]), value) for value in wanted)
    return found != bool(term["not"])


def _value(entry: dict[str, Any], field: str) -> Any:
    value: Any = entry
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _compares(operator: str, value: Any, wanted: str) -> bool:
    if value is None:
        return False
    if operator == ":":
        return wanted == "*" or wanted in value
    if operator == "=":
        return bool(value == wanted)
    ranks = (
        (SEVERITIES.index(value), SEVERITIES.index(wanted))
        if wanted in SEVERITIES
        else (float(value.rstrip("s")), float(wanted.rstrip("s")))
    )
    return ranks[0] >= ranks[1] if operator == ">=" else ranks[0] < ranks[1]


def entry_of(line: str) -> dict[str, Any]:
    """A line as Cloud Logging keeps it: it takes what it knows out of the payload."""
    payload = json.loads(line)
    known = {name: payload.pop(name) for name in ("severity", "httpRequest")}
    return {**known, "jsonPayload": payload, "resource": {"type": "cloud_run_revision"}}


CRASHED = {"severity": "ERROR", "textPayload": "Killed", "resource": {"type": "cloud_run_revision"}}
FOUND = {
    "what was turned away, and why": [["not an address", "a batch with a bad commit"]],
    "what failed on our side": [["a failure", "Firestore away"]],
    "what no function answered": [["a crash"]],
    "a repository's reports": [["a report", "a slow report"]],
    "a commit that was reported by itself": [["a report"]],
    "what one key did": [
        [
            "a report",
            "not an address",
            "a batch with a bad commit",
            "a slow report",
            "a void",
            "a new name",
            "a join",
        ]
    ],
    "a webhook's deliveries, and one of them": [["a delivery"], ["a delivery"]],
    "what was voided, split or set right; what was joined or split": [
        ["a void", "a new name"],
        ["a join"],
    ],
    "the request of an answer": [["a list"]],
    "what was slow": [["a slow report"]],
}


@pytest.fixture
def entries(store: EmbeddedFirestore) -> dict[str, dict[str, Any]]:
    """What is logged of requests of each kind, by what they are."""
    spy = Spy(store.client())
    settings = Settings(api_keys={"ci": "s3cret"}, webhook_secrets={"main": SECRET})
    service = Service(lambda: spy.client, settings)
    service.services.log = Log(write=service.logged.append)
    made: dict[str, dict[str, Any]] = {}

    def note(name: str) -> None:
        made[name] = entry_of(service.logged[-1])

    service.track(repository="octo/hello", commit_hash=HASH)
    note("a report")
    service.track(contributor_email="nobody")
    note("not an address")
    service.post(f"{TRACK}/batch", {"repository": "octo/batch", "commits": [{}]})
    note("a batch with a bad commit")
    deliver(service, PUSH.read_bytes(), X_GitHub_Delivery=DELIVERY)
    note("a delivery")
    service.track(repository="octo/hello", commit_hash=HASH[::-1])
    note("a slow report")
    made["a slow report"]["httpRequest"]["latency"] = "2.000001s"
    who = "/v1/contributors/test@example.com"
    service.request("PATCH", who, headers=KEY, json={"name": "Ada"})
    note("a new name")
    service.post(f"{who}/aliases", {"email": "ada@home.example"})
    note("a join")
    service.request("DELETE", f"/v1/contributions/octo/hello@{HASH}?reason=a+test", headers=KEY)
    note("a void")
    service.get("/v1/assets", headers={"X-Request-Id": REQUEST})
    note("a list")
    spy.fail("run_query", Before(PermissionDenied("a test")))
    service.get("/v1/contributors")
    note("a failure")
    spy.fail("run_query", Before(ServiceUnavailable("a test")))
    service.get("/v1/health/ready")
    note("Firestore away")
    service.get("/v1/health/tracking?strict=true&repository=octo/none")
    note("nothing yet")
    made["a crash"] = CRASHED
    return made


def test_every_query_is_tried() -> None:
    assert {name: len(queries) for name, queries in QUERIES.items()} == {
        name: len(found) for name, found in FOUND.items()
    }


@pytest.mark.parametrize("name", FOUND)
def test_a_query_finds_what_it_says(name: str, entries: dict[str, dict[str, Any]]) -> None:
    for query, found in zip(QUERIES[name], FOUND[name], strict=True):
        assert sorted(kind for kind, entry in entries.items() if finds(query, entry)) == sorted(
            found
        ), query
