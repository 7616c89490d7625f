"""No reader without a key gets an address, wherever somebody has written one down."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from werkzeug.test import TestResponse

from shared.commands.openapi.declared import operations
from tests.http.framework import KEY, Service

# The part before the at sign is nowhere else, so that any trace of it is a leak.
LOCAL = "zaphod.beeblebrox"
ADDRESS = f"{LOCAL}@hidden.test"
CO_AUTHOR = f"co-{ADDRESS}"
READS = [operation for operation in operations() if operation.method == "GET"]
TRACE = re.compile(re.escape(LOCAL), re.IGNORECASE)


@pytest.fixture
def planted(service: Service) -> dict[str, str]:
    """The address in every place that takes text; gives what names these in paths."""
    prose = f"Written by Zaphod <{ADDRESS}>, or {ADDRESS.upper()}; mailto:{ADDRESS}"
    metadata = {
        ADDRESS: 1,
        ADDRESS.upper(): 2,
        "note": prose,
        "nested": {"deep": [{"who": ADDRESS, f"by {ADDRESS}": [ADDRESS, prose]}]},
    }
    contributions = []
    for number in range(3):
        answer = service.track(
            contributor_email=ADDRESS,
            author_email=f"old-{ADDRESS}",
            contributor_name=prose,
            co_authors=[{"email": CO_AUTHOR, "name": ADDRESS}],
            assistance=[{"agent": f"A helper of {ADDRESS}", "model": ADDRESS}],
            commit_hash=f"{number:06x}",
            metadata=metadata,
            url=f"https://example.org/{ADDRESS}?by={LOCAL}%40hidden.test#{LOCAL}%40hidden.test",
        )
        assert answer.status_code == 201
        contributions.append(answer.get_json())
    path = f"/v1/contributions/{contributions[0]['id']}"
    voided = service.request(
        "DELETE", path, headers=KEY, query_string={"reason": f"Asked for by {ADDRESS}. {prose}"}
    )
    assert voided.status_code == 200
    unnamed = {"email": f"also-{ADDRESS}", "name": f"also-{LOCAL}", "type": "HUMAN"}
    person = service.post("/v1/contributors", unnamed).get_json()
    asset = {"name": f"Mail {ADDRESS}", "description": prose, "type": "DATA"}
    assert service.post("/v1/assets", asset).status_code == 201
    return {
        "voided": contributions[0]["id"],
        "contribution": contributions[1]["id"],
        "person": contributions[1]["contributor_id"],
        "unnamed": person["id"],
        "asset": contributions[1]["asset_id"],
    }


def reads(planted: dict[str, str]) -> Iterator[str]:
    """Every read path, with small pages so that there are tokens."""
    for operation in READS:
        if "{" not in operation.path:
            paged = operation.name.startswith("list_") and not operation.path.endswith("/months")
            yield f"{operation.path}?limit=1" if paged else operation.path
    for sort in ("created", "recent", "total_cost", "contributions"):
        yield f"/v1/contributors?sort={sort}&limit=1"
    for sort in ("created", "recent", "total_cost", "contributions", "name"):
        yield f"/v1/assets?sort={sort}&limit=1"
    yield "/v1/assets?name=seeker71/&limit=1"
    yield "/v1/contributions?include_voided=true&limit=1"
    yield "/v1/contributions?commit_hash=000001"
    yield "/v1/contributions?commit_hash=000000&include_voided=true"
    yield f"/v1/contributions?contributor={planted['person']}&limit=1"
    for key in (planted["voided"], planted["contribution"]):
        yield f"/v1/contributions/{key}"
    yield "/v1/contributions/seeker71/coherence-network@000001"
    for key in (planted["person"], planted["unnamed"]):
        yield f"/v1/contributors/{key}"
        yield f"/v1/contributors/{key}/contributions?include_voided=true&limit=1"
        yield f"/v1/contributors/{key}/assets?limit=1"
        yield f"/v1/contributors/{key}/months"
    for key in (planted["asset"], "seeker71/coherence-network"):
        yield f"/v1/assets/{key}"
        yield f"/v1/assets/{key}/contributions?include_voided=true&limit=1"
        yield f"/v1/assets/{key}/contributors?limit=1"
        yield f"/v1/assets/{key}/months"
        for form in ("csv", "ndjson"):
            yield f"/v1/contributors?format={form}"
            yield f"/v1/contributors?format={form}&rows=months"
            yield f"/v1/contributions?format={form}&rows=credits"
            yield f"/v1/assets?format={form}"
            yield f"/v1/assets/{key}/contributions?include_voided=true&format={form}"
            yield f"/v1/assets/{key}/contributors?format={form}"
        for form in ("svg", "json"):
            yield f"/v1/assets/{key}/badge?metric=contributors&format={form}"
        for form in ("json", "csv"):
            yield f"/v1/assets/{key}/distribution?amount=1&format={form}"


def whole_text(response: TestResponse) -> str:
    """Body, headers and decoded page token, also with percent escapes undone."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    text = f"{response.get_data(as_text=True)}\n{headers}"
    token = page_token(response)
    if token:
        text += base64.urlsafe_b64decode(token).decode()
    return f"{text}\n{unquote(text)}"


def page_token(response: TestResponse) -> str | None:
    link = re.match(r"<([^>]+)>", response.headers.get("Link", ""))
    return parse_qs(urlsplit(link[1]).query)["page_token"][0] if link else None


def test_nothing_that_can_be_read_holds_an_address(
    service: Service, planted: dict[str, str]
) -> None:
    tokens = 0
    for path in reads(planted):
        following: str | None = path
        while following:
            answer = service.get(following)
            assert answer.status_code == 200, following
            assert not TRACE.search(whole_text(answer)), following
            token = page_token(answer)
            tokens += token is not None
            joint = "&" if "?" in path else "?"
            following = f"{path}{joint}page_token={token}" if token else None
    assert tokens > 10


def test_the_paths_that_were_read_are_all_there_are(planted: dict[str, str]) -> None:
    paths = [path.partition("?")[0] for path in reads(planted)]
    for operation in READS:
        assert any(operation.pattern.fullmatch(path) for path in paths), operation.name


def test_the_same_reads_show_the_address_to_a_holder_of_a_key(
    service: Service, planted: dict[str, str]
) -> None:
    # Or the search above would find nothing because nothing was planted.
    for path in (
        "/v1/contributors",
        "/v1/contributions",
        "/v1/assets",
        f"/v1/contributions/{planted['voided']}",
    ):
        assert TRACE.search(service.get(path, headers=KEY).get_data(as_text=True))


def test_a_masked_contribution_keeps_everything_else(
    service: Service, planted: dict[str, str]
) -> None:
    path = f"/v1/contributions/{planted['voided']}"
    masked, shown = service.get(path).get_json(), service.get(path, headers=KEY).get_json()
    assert masked.keys() == shown.keys()
    hidden = {name for name in shown if masked[name] != shown[name]}
    texts = {"assistance", "metadata", "url", "void_reason"}
    assert hidden == {"contributor_email", "credits"} | texts
    assert masked["contributor_email"] == "z***@hidden.test"
    # Two keys that look alike when masked are both kept.
    assert len(masked["metadata"]) == len(shown["metadata"])


@pytest.mark.parametrize("key", [ADDRESS, CO_AUTHOR, f"nobody-{ADDRESS}"])
def test_no_refusal_repeats_the_address(
    service: Service, planted: dict[str, str], key: str
) -> None:
    refused: list[Any] = [
        service.get(f"/v1/contributors/{key}"),
        service.get(f"/v1/contributors/{key}/contributions"),
        service.get("/v1/contributions", query_string={"contributor": key}),
        service.get("/v1/contributions", query_string={key: "x"}),
        service.get(f"/v1/contributions/{key}"),
        service.get(f"/v1/assets/{key}"),
        service.track(contributor_email=f"{key}@", commit_hash="000001"),
        service.track(contributor_email=key, metadata={"lines_added": key}),
        service.post("/v1/contributors", {"email": ADDRESS, "name": "Z", "type": "HUMAN"}),
        service.get("/v1/contributors?sort=name"),
    ]
    for answer in refused:
        assert answer.status_code in {401, 404, 409, 422}
        assert not TRACE.search(whole_text(answer))
    assert not TRACE.search("\n".join(service.logged))


class TestWhatSomebodyIsPaid:
    PERSON: ClassVar = {
        "name": "Ada",
        "email": "ada@example.com",
        "type": "HUMAN",
        "wallet_address": "0xabc",
        "hourly_rate": "85.50",
    }
    PRIVATE: ClassVar = {"wallet_address": "0xabc", "hourly_rate": "85.50"}

    @pytest.fixture
    def path(self, service: Service) -> str:
        created = service.post("/v1/contributors", self.PERSON)
        assert created.get_json().items() >= self.PRIVATE.items()
        return f"/v1/contributors/{created.get_json()['id']}"

    def test_is_for_who_may_see_addresses(self, service: Service, path: str) -> None:
        assert service.get(path, headers=KEY).get_json().items() >= self.PRIVATE.items()
        [listed] = service.get("/v1/contributors", headers=KEY).get_json()
        assert listed.items() >= self.PRIVATE.items()

    def test_is_for_nobody_else(self, service: Service, path: str) -> None:
        [listed] = service.get("/v1/contributors").get_json()
        for shown in (service.get(path).get_json(), listed):
            # Not null either, which would say that there is none.
            assert not self.PRIVATE.keys() & shown.keys()
            assert shown["type"] == shown["contributor_type"] == "HUMAN"
