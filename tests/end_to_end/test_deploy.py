"""A deployment by the real gcloud, to stand-ins for Google's interfaces on loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import main
from shared.commands.deploy.variables import SECRETS
from tests.end_to_end.deployed import copy_uploaded_files
from tests.end_to_end.local_run import ROOT
from tests.fake_tools import FakeTools
from tests.google_apis import PROJECT, GoogleApis
from tests.google_server import gcloud_environment, serve_google_apis

pytestmark = pytest.mark.long

MONITORING = ROOT / "shared" / "monitoring"
ACCOUNT = f"ledger-functions@{PROJECT}.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"


@dataclass
class Cloud:
    """Google, and the tools of somebody who is logged in."""

    apis: GoogleApis
    tools: FakeTools
    environment: dict[str, str]

    def deploy(self, functions: Iterable[str] | None = None, **chosen: Any) -> list[str]:
        """Deploy, and return what that changed."""
        self.apis.changes.clear()
        ended = self.tools.deploy(functions=functions, environment=self.environment, **chosen)
        assert ended.returncode == 0, ended.stderr
        return list(self.apis.changes)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    assert shutil.which("gcloud"), "this test needs gcloud"
    # firebase-tools has a test of its own, and nothing answers where the smoke check would look.
    tools = FakeTools.make(folder / "tools", "firebase", "python")
    with serve_google_apis() as apis:
        path = f"{tools.path}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), **gcloud_environment(apis, folder)}
        yield Cloud(apis, tools, environment)


@pytest.fixture(scope="module")
def deployed(cloud: Cloud) -> GoogleApis:
    """After one deployment of everything to an empty project."""
    cloud.deploy(
        alert_email="ops@example.com",
        concurrency=8,
        settings={"LEDGER_TRACKED_BRANCHES": "main,release", "LEDGER_READ_ACCESS": "key"},
    )
    return cloud.apis


def test_the_functions_are_as_they_were_planned(deployed: GoogleApis) -> None:
    entry_points = [function["buildConfig"]["entryPoint"] for function in deployed.of("functions")]
    assert sorted(entry_points) == sorted(main.ENTRY_POINTS)
    for function in deployed.of("functions"):
        name = function["name"].rpartition("/")[2]
        assert name == function["buildConfig"]["entryPoint"].replace("_", "-")
        service = function["serviceConfig"]
        assert service["serviceAccountEmail"] == ACCOUNT
        assert (service["maxInstanceCount"], service["timeoutSeconds"]) == (10, 60)
        assert service["maxInstanceRequestConcurrency"] == 8
        assert service["environmentVariables"] == {
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "LEDGER_PUBLIC_URL": f"https://{PROJECT}.web.app",
            "LEDGER_READ_ACCESS": "key",
            "LEDGER_TRACKED_BRANCHES": "main,release",
            "THREADS": "8",
        }
        pinned = {
            (s["key"], s["secret"], s["version"]) for s in service["secretEnvironmentVariables"]
        }
        assert pinned == {(variable, name, "1") for variable, name in SECRETS.items()}


def test_what_gcloud_uploads_is_what_is_tested_as_deployed(
    deployed: GoogleApis, tmp_path: Path
) -> None:
    copy_uploaded_files(tmp_path)
    copied = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert deployed.uploaded_files() == copied


def test_the_account_may_use_firestore_and_read_these_secrets_and_nothing_else(
    deployed: GoogleApis,
) -> None:
    granted = {
        (resource, binding["role"])
        for resource, policy in deployed.policies.items()
        for binding in policy["bindings"]
        if MEMBER in binding["members"]
    }
    readable = {f"projects/{PROJECT}/secrets/{name}" for name in SECRETS.values()}
    assert granted == {
        (f"projects/{PROJECT}", "roles/datastore.user"),
        *((secret, "roles/secretmanager.secretAccessor") for secret in readable),
    }


def test_everybody_may_call_every_function(deployed: GoogleApis) -> None:
    called = [
        resource
        for resource, policy in deployed.policies.items()
        for binding in policy["bindings"]
        if (binding["role"], binding["members"]) == ("roles/run.invoker", ["allUsers"])
    ]
    assert len(called) == len(main.ENTRY_POINTS)


def test_the_database_is_protected_and_backed_up(deployed: GoogleApis) -> None:
    (database,) = deployed.of("databases")
    assert database["type"] == "FIRESTORE_NATIVE"
    assert database["deleteProtectionState"] == "DELETE_PROTECTION_ENABLED"
    assert database["pointInTimeRecoveryEnablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    (schedule,) = deployed.of("backupSchedules")
    assert (schedule["dailyRecurrence"], schedule["retention"]) == ({}, f"{14 * 24 * 3600}s")


def test_what_watches_over_it_is_as_in_its_files(deployed: GoogleApis) -> None:
    assert {metric["name"] for metric in deployed.of("metrics")} == {
        file.stem for file in (MONITORING / "metrics").iterdir()
    }
    (check,) = deployed.of("uptimeCheckConfigs")
    assert check["monitoredResource"]["labels"]["host"] == f"{PROJECT}.web.app"
    assert check["httpCheck"]["path"] == "/v1/health/tracking?strict=true"
    assert (check["httpCheck"]["useSsl"], check["httpCheck"]["validateSsl"]) == (True, True)
    (channel,) = deployed.of("notificationChannels")
    assert channel["labels"] == {"email_address": "ops@example.com"}
    assert len(deployed.of("alertPolicies")) == len(list((MONITORING / "alerts").iterdir()))
    watched = ""
    for policy in deployed.of("alertPolicies"):
        assert policy["notificationChannels"] == [channel["name"]]
        for condition in policy["conditions"]:
            watched += condition["conditionThreshold"]["filter"] + "\n"
    assert f'check_id="{check["name"].rpartition("/")[2]}"' in watched


def test_the_keys_reach_the_smoke_check(deployed: GoogleApis, cloud: Cloud) -> None:
    (path,) = (path for path in deployed.payloads if "ledger-api-keys" in path)
    assert cloud.tools.state["smoke"]["keys"] == deployed.payloads[path]


def test_the_second_time_everything_is_brought_up_to_date(
    deployed: GoogleApis, cloud: Cloud
) -> None:
    versions = f"projects/{PROJECT}/secrets/ledger-api-keys/versions"
    for number, state in ((2, "ENABLED"), (3, "DISABLED")):
        name, made = f"{versions}/{number}", f"2026-02-0{number}T00:00:00Z"
        deployed.resources[name] = {"name": name, "state": state, "createTime": made}
    deployed.payloads[f"{versions}/2"] = "second=key"
    before = set(deployed.resources)
    changes = cloud.deploy(["health"])
    assert set(deployed.resources) == before
    actions = {change.rpartition(":")[2] for change in changes if change.startswith("POST")}
    assert actions == {"batchEnable", "setIamPolicy", "generateUploadUrl"}
    updated = {
        change.split("/")[-2] for change in changes if change.startswith(("PATCH", "PUT /v"))
    }
    assert updated == {"databases", "metrics", "functions", "uptimeCheckConfigs", "alertPolicies"}
    # No address was given this time, and nobody is forgotten for it.
    assert all(policy["notificationChannels"] for policy in deployed.of("alertPolicies"))
    # The newest version that is enabled.
    (health,) = (f for f in deployed.of("functions") if f["name"].endswith("/health"))
    used = {s["key"]: s["version"] for s in health["serviceConfig"]["secretEnvironmentVariables"]}
    assert used["LEDGER_API_KEYS"] == "2"
    assert cloud.tools.state["smoke"]["keys"] == "second=key"


@pytest.mark.parametrize(
    ("variables", "project"),
    [({"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": ""}, PROJECT), ({}, "another-project")],
)
def test_a_missing_login_or_project_is_named_and_nothing_is_changed(
    cloud: Cloud, variables: dict[str, str], project: str
) -> None:
    cloud.apis.changes.clear()
    stopped = cloud.tools.deploy(environment={**cloud.environment, **variables}, project=project)
    assert stopped.returncode == 1
    assert f"gcloud auth login), or there is no {project}." in stopped.stderr
    assert cloud.apis.changes == []
