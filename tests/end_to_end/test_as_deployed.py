"""Each function as it is deployed: only what is uploaded, only what it requires, served alone."""

from __future__ import annotations

import subprocess
import zipfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

import main
from tests.backends import new_project
from tests.end_to_end.deployed import Deployment
from tests.end_to_end.local_run import ROOT
from tests.gcloud import GcloudPython

COMMIT = {
    "contributor_email": "ada@example.com",
    "repository": "octo/hello",
    "commit_hash": "abc123",
    "cost_amount": 1,
}
KEY = {"X-API-Key": "the-key"}


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(tmp_path_factory.mktemp("deployment"))


def assert_problem(answer: httpx.Response, status: HTTPStatus) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_only_what_the_functions_need_is_uploaded(deployment: Deployment) -> None:
    top = {path.name for path in deployment.source.iterdir()}
    assert top == {"main.py", "requirements.txt", "functions", "shared"}
    for left_behind in ("commands", "embedded"):
        assert not (deployment.source / "shared" / left_behind).exists()


# What the deploying command itself calls: `meta list-files-for-upload` reads .gcloudignore in
# another way.
UPLOAD = """
import sys
from googlecloudsdk.command_lib.functions import source_util
source_util.CreateSourcesZipFile(sys.argv[1], ".")
"""


def test_gcloud_uploads_the_same_files(deployment: Deployment, tmp_path: Path) -> None:
    GcloudPython.find(tmp_path / "gcloud").run(UPLOAD, str(tmp_path), cwd=ROOT)
    with zipfile.ZipFile(tmp_path / "fun.zip") as archive:
        uploaded = {name for name in archive.namelist() if not name.endswith("/")}
    copied = {path for path in deployment.source.rglob("*") if path.is_file()}
    assert uploaded == {path.relative_to(deployment.source).as_posix() for path in copied}


def test_what_is_installed_fits_together(deployment: Deployment) -> None:
    subprocess.run([deployment.bin / "python", "-m", "pip", "check"], check=True)


def test_no_test_tool_comes_along(deployment: Deployment) -> None:
    listed = subprocess.run(
        [deployment.bin / "python", "-m", "pip", "list"], capture_output=True, text=True, check=True
    ).stdout.lower()
    assert "functions-framework" in listed
    assert "pytest" not in listed


# For each function the paths at which it does its main work, and what it answers to a GET and to
# an unauthenticated POST there, with a key configured.
MAIN_PATHS: dict[str, tuple[str, HTTPStatus, HTTPStatus]] = {
    "track_github": (
        "/v1/contributions/github",
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UNAUTHORIZED,
    ),
    "github_webhook": (
        "/v1/webhooks/github",
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
    "contributions": ("/v1/contributions", HTTPStatus.OK, HTTPStatus.UNAUTHORIZED),
    "contributors": ("/v1/contributors", HTTPStatus.OK, HTTPStatus.UNAUTHORIZED),
    "assets": ("/v1/assets", HTTPStatus.OK, HTTPStatus.UNAUTHORIZED),
    "health": ("/v1/health", HTTPStatus.OK, HTTPStatus.METHOD_NOT_ALLOWED),
}


def test_every_entry_point_is_covered() -> None:
    assert set(MAIN_PATHS) == set(main.ENTRY_POINTS)


@pytest.mark.parametrize("target", MAIN_PATHS)
def test_a_function_answers_alike_at_its_own_url_and_under_its_path(
    deployment: Deployment, emulator: str, tmp_path: Path, target: str
) -> None:
    path, to_get, to_post = MAIN_PATHS[target]
    with deployment.serve(
        target, tmp_path / "log", LEDGER_API_KEYS="ci=the-key", **on_emulator(emulator)
    ) as client:
        for where in ("/", path):
            got = client.get(where)
            if to_get is HTTPStatus.OK:
                assert got.status_code == HTTPStatus.OK, got.text
            else:
                assert_problem(got, to_get)
            assert_problem(client.post(where, json=COMMIT), to_post)
            assert_problem(client.put(where), HTTPStatus.METHOD_NOT_ALLOWED)
        assert_problem(client.get("/v1/nowhere"), HTTPStatus.NOT_FOUND)


@pytest.mark.parametrize("where", ["/", "/v1/contributions/github"])
def test_a_commit_is_recorded(
    deployment: Deployment, emulator: str, tmp_path: Path, where: str
) -> None:
    with deployment.serve(
        "track_github", tmp_path / "log", LEDGER_API_KEYS="ci=the-key", **on_emulator(emulator)
    ) as client:
        recorded = client.post(where, json=COMMIT, headers=KEY)
        assert recorded.status_code == HTTPStatus.CREATED, recorded.text
        again = client.post(where, json=COMMIT, headers=KEY)
        assert again.status_code == HTTPStatus.OK
        assert again.json()["id"] == recorded.json()["id"]


def test_without_a_configured_key_nothing_is_written(
    deployment: Deployment, emulator: str, tmp_path: Path
) -> None:
    with deployment.serve("track_github", tmp_path / "log", **on_emulator(emulator)) as client:
        refused = client.post("/", json=COMMIT, headers=KEY)
        assert_problem(refused, HTTPStatus.SERVICE_UNAVAILABLE)
        body: dict[str, Any] = refused.json()
        assert "LEDGER_API_KEYS" in body["detail"]


def on_emulator(host: str) -> dict[str, str]:
    """The environment of a function on a database of its own."""
    return {
        "FIRESTORE_EMULATOR_HOST": host,
        "GOOGLE_CLOUD_PROJECT": new_project(),
        "no_grpc_proxy": host.rpartition(":")[0],
    }
