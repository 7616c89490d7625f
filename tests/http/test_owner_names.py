"""Owners that GitHub no longer lets anybody be called: taken wherever any other is."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urljoin

import pytest
from google.cloud.firestore import Client

from shared.embedded import EmbeddedFirestore
from shared.web.settings import Settings
from tests.contract.books import assert_balanced
from tests.http.framework import KEY, Service

SECRET = "hook-s3cret"
COMMIT = {"contributor_email": "ada@example.com"}
PUSH = {
    "ref": "refs/heads/main",
    "head_commit": {},
    "commits": [{"id": "c" * 40, "author": {"email": "ada@example.com"}}],
}


@pytest.fixture
def service(store: EmbeddedFirestore) -> Service:
    settings = Settings(api_keys={"ci": "s3cret"}, webhook_secrets={"main": SECRET})
    return Service(store.client, settings)


@pytest.mark.parametrize("owner", ["-ACE-", "-ace", "ace-", "-octo_corp", "--"])
def test_are_recorded_and_found_every_way(owner: str, service: Service, database: Client) -> None:
    repository = f"{owner}/demo"
    assert service.track(repository=repository, commit_hash="a" * 40).status_code == 201
    batch = {"repository": repository, "commits": [COMMIT | {"commit_hash": "b" * 40}]}
    answer = service.post("/v1/contributions/github/batch", batch).get_json()
    assert answer["counts"]["recorded"] == 1
    push = PUSH | {"repository": {"full_name": repository, "default_branch": "main"}}
    body = json.dumps(push).encode()
    signature = hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    answer = service.post("/v1/webhooks/github", data=body, headers=headers).get_json()
    assert answer["counts"]["recorded"] == 1

    kept = assert_balanced(database)
    assert {kept[name]["repository"] for name in kept} == {repository}
    asset = service.get(f"/v1/assets/{repository}").get_json()
    assert asset["contribution_count"] == 3
    [listed] = service.get("/v1/assets").get_json()
    assert listed["name"] == repository
    one = f"/v1/contributions/{repository}@{'a' * 40}"
    assert service.get(one).get_json()["repository"] == repository
    direct = f"/v1/contributions?repository={repository}&commit_hash={'b' * 40}"
    assert len(service.get(direct).get_json()) == 1
    assert service.request("DELETE", one, headers=KEY).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v1/contributions?", "/v1/contributions?repository=-ACE-/demo&", "/v1/assets?"]
)
def test_stand_on_every_page_of_a_list(path: str, service: Service) -> None:
    for number in range(3):
        service.track(repository="-ACE-/demo", commit_hash=f"{number:040x}")
        service.track(repository=f"-ACE-/demo-{number}", commit_hash=f"{number:040x}")
    whole = [item["id"] for item in service.get(path).get_json()]
    assert len(whole) > 2
    link: str | None = f"?{path.partition('?')[2]}limit=1"
    paged = []
    while link:
        response = service.get(urljoin(path, link))
        paged += [item["id"] for item in response.get_json()]
        header = response.headers.get("Link")
        link = header and header.split(">")[0].removeprefix("<")
    assert paged == whole


def test_may_be_given_by_the_description_of_an_asset(service: Service) -> None:
    asset = {"type": "CODE", "description": "GitHub repository: -ACE-/demo"}
    made = service.post("/v1/assets", asset).get_json()
    assert service.track(repository="-ACE-/demo").get_json()["asset_id"] == made["id"]
