"""Deployments run with stand-ins for gcloud and firebase-tools: whatever is there before."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import main
from shared.commands.deploy.variables import SECRETS
from shared.web.settings import Settings
from tests.end_to_end.local_run import run_command
from tests.fake_tools import PROJECT, FakeTools

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = f"ledger-functions@{PROJECT}.iam.gserviceaccount.com"
FUNCTIONS = [name.replace("_", "-") for name in main.ENTRY_POINTS]
MONITORING = ROOT / "shared" / "monitoring"
READING = ("list", "list-configs", "describe", "version", "versions", "projects:list")

Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def tools(tmp_path: Path) -> FakeTools:
    """A project with nothing in it."""
    return FakeTools.make(tmp_path)


@dataclass(frozen=True)
class Done:
    """A project where everything was deployed, and all that was printed."""

    tools: FakeTools
    printed: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A deployment to an empty project."""
    tools = FakeTools.make(tmp_path_factory.mktemp("done"))
    ended = tools.deploy()
    assert ended.returncode == 0, ended.stderr
    return Done(tools, ended.stdout + ended.stderr)


@pytest.fixture(scope="module")
def again(done: Done, tmp_path_factory: pytest.TempPathFactory) -> FakeTools:
    """A second deployment, after somebody changed a few things by hand."""
    tools = done.tools.copy(tmp_path_factory.mktemp("again") / "tools")
    change(
        tools,
        told=dict.fromkeys(tools.state["policies"], "somebody,else"),
        **{"versions of ledger-api-keys": ["first=a", "first=b"]},
        **{"versions of ledger-webhook-secrets": []},
    )
    ended = tools.deploy()
    assert ended.returncode == 0, ended.stderr
    return tools


def change(tools: FakeTools, **state: Any) -> None:
    tools.state = {**tools.state, **state}


def calls_of(tools: FakeTools, *words: str) -> list[list[str]]:
    return [call for call in tools.calls if call[: len(words)] == list(words)]


def test_an_empty_project_gets_everything_once(done: Done) -> None:
    state = done.tools.state
    assert list(state["functions"]) == FUNCTIONS
    assert state["service_accounts"] == [ACCOUNT]
    assert (state["databases"], state["schedules"]) == (["(default)"], ["daily"])
    assert state["secrets"] == list(SECRETS.values())
    assert (state["firebase_projects"], state["sites"]) == ([PROJECT], [PROJECT])
    assert sorted(state["metrics"]) == sorted(f.stem for f in (MONITORING / "metrics").iterdir())
    alerts = [file.stem.replace("_", " ") for file in (MONITORING / "alerts").iterdir()]
    assert sorted(state["policies"]) == sorted(f"Contribution ledger: {name}" for name in alerts)
    assert list(state["deployed"]) == ["firestore", "hosting"]
    assert state["smoke"]["url"] == f"https://{PROJECT}.web.app"
    assert [state["smoke"]["keys"]] == state["versions of ledger-api-keys"]


def test_first_values_are_random_and_shown_nowhere(done: Done) -> None:
    ((keys,), (webhook,), (salt,)) = (
        done.tools.state[f"versions of {name}"] for name in done.tools.state["secrets"]
    )
    settings = Settings.from_environment(
        {"LEDGER_API_KEYS": keys, "LEDGER_WEBHOOK_SECRETS": webhook, "LEDGER_LOG_SALT": salt}
    )
    assert (list(settings.api_keys), list(settings.webhook_secrets)) == (["first"], ["github"])
    values = {value.partition("=")[2] or value for value in (keys, webhook, salt)}
    assert len(values) == 3
    assert "Functions" in done.printed
    for value in values:
        assert len(value) == 64
        assert value not in done.printed + json.dumps(done.tools.calls)


def test_the_second_time_nothing_is_created(again: FakeTools, done: Done) -> None:
    # The stand-ins refuse to create what is there.
    created = [call for call in again.calls if {*call} & {"create", "hosting:sites:create"}]
    assert created == []
    assert calls_of(again, "firebase", "projects:addfirebase") == []
    deployed = [call[3] for call in calls_of(again, "gcloud", "functions", "deploy")]
    assert deployed == FUNCTIONS
    for kind in ("service_accounts", "databases", "metrics", "policies", "channels", "sites"):
        assert again.state.get(kind) == done.tools.state.get(kind)


def test_a_secret_that_has_no_value_gets_one_and_others_keep_theirs(again: FakeTools) -> None:
    assert again.state["versions of ledger-api-keys"] == ["first=a", "first=b"]
    assert len(again.state["versions of ledger-webhook-secrets"]) == 1


def test_functions_are_pinned_to_the_newest_version(again: FakeTools) -> None:
    for name in FUNCTIONS:
        assert again.state["functions"][name]["set-secrets"] == (
            "LEDGER_API_KEYS=ledger-api-keys:2,LEDGER_WEBHOOK_SECRETS=ledger-webhook-secrets:1,"
            "LEDGER_LOG_SALT=ledger-log-salt:1"
        )


def test_without_an_address_alerts_keep_whom_they_tell(again: FakeTools) -> None:
    assert set(again.state["told"].values()) == {"somebody,else"}


@pytest.mark.parametrize("was_deployed", [False, True])
def test_alerts_go_to_the_address_that_is_given(
    tools: FakeTools, done: Done, tmp_path: Path, was_deployed: bool
) -> None:
    before = done.tools.copy(tmp_path / "deployed") if was_deployed else tools
    assert before.deploy(alert_email="o'ps@example.com").returncode == 0
    assert before.state["channels"] == ["o'ps@example.com"]
    assert set(before.state["told"].values()) == {"0"}


def test_a_run_that_failed_half_way_is_completed_by_the_next(tools: FakeTools) -> None:
    change(tools, broken=["contributors"])
    failed = tools.deploy(region="europe-west1", database_location="eur3", concurrency=7)
    assert failed.returncode == 1
    assert "contributors: the build failed" in failed.stderr
    assert failed.stderr.endswith(
        'Stopped at "Functions". The same command goes on from what is done.\n'
    )
    assert "smoke" not in tools.state
    change(tools, broken=[])
    before = (ROOT / "firebase.json").read_bytes()
    assert tools.deploy(region="europe-west1", concurrency=7).returncode == 0
    state = tools.state
    assert list(state["functions"]) == FUNCTIONS
    assert "smoke" in state

    # The region that was chosen is everywhere.
    assert {flags["region"] for flags in state["functions"].values()} == {"europe-west1"}
    rewrites = state["deployed"]["hosting"]["hosting"]["rewrites"]
    assert {rewrite["function"]["region"] for rewrite in rewrites} == {"europe-west1"}
    (created,) = calls_of(tools, "gcloud", "firestore", "databases", "create")
    assert "--location=eur3" in created
    assert (ROOT / "firebase.json").read_bytes() == before

    # A thread for each request that Cloud Run lets in.
    for flags in state["functions"].values():
        assert flags["concurrency"] == "7"
        assert re.search(r"\bTHREADS=7$", flags["set-env-vars"])


def test_a_failed_smoke_check_fails_the_deployment(done: Done, tmp_path: Path) -> None:
    deployed = done.tools.copy(tmp_path / "deployed")
    change(deployed, broken=["smoke"])
    failed = deployed.deploy()
    assert failed.returncode == 1
    assert 'Stopped at "Smoke check of' in failed.stderr


def test_every_gcloud_command_names_the_project_and_asks_nothing(
    done: Done, again: FakeTools
) -> None:
    calls = calls_of(done.tools, "gcloud") + calls_of(again, "gcloud")
    assert len(calls) > 100
    for call in calls:
        assert {f"--project={PROJECT}", "--quiet"} <= {*call}


def test_the_account_gets_firestore_and_these_secrets_alone(done: Done) -> None:
    granted = [call for call in done.tools.calls if "add-iam-policy-binding" in call]
    assert all(f"--member=serviceAccount:{ACCOUNT}" in call for call in granted)
    roles = {(call[1], call[3], word) for call in granted for word in call if "--role" in word}
    assert roles == {
        ("projects", PROJECT, "--role=roles/datastore.user"),
        *(
            ("secrets", name, "--role=roles/secretmanager.secretAccessor")
            for name in SECRETS.values()
        ),
    }


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"logged_in": ["firebase"]}, "gcloud auth login"),
        ({"logged_in": ["gcloud"]}, "firebase login"),
        ({"projects": []}, f"there is no {PROJECT}"),
    ],
)
def test_a_missing_login_or_project_is_named_before_anything_is_changed(
    tools: FakeTools, state: dict[str, Any], said: str
) -> None:
    change(tools, **state)
    before = tools.state
    stopped = tools.deploy()
    assert stopped.returncode == 1
    assert said in stopped.stderr
    assert tools.state == before
    for _, *words in tools.calls:
        assert {*words} & {*READING} or "shared.commands.deploy.pick" in words, words


@pytest.mark.parametrize("missing", ["gcloud", "firebase"])
def test_a_missing_tool_is_named_before_anything_is_run(tmp_path: Path, missing: str) -> None:
    tools = FakeTools.make(tmp_path, *({"gcloud", "firebase", "python"} - {missing}))
    # The system's folders may hold the real ones.
    stopped = tools.deploy(environment={"PATH": str(tools.path)})
    assert stopped.returncode == 1
    assert re.match(rf"{missing} is not on the PATH \(.*install", stopped.stderr)
    assert tools.calls == []


def command(tools: FakeTools, *arguments: str, **environment: str) -> Ended:
    """Run `python -m shared.commands.deploy` itself."""
    own = {"PYTHONPATH": os.pathsep.join(sys.path), **environment}
    return run_command(
        "deploy", "--project", PROJECT, *arguments, environment=tools.environment | own
    )


def test_what_a_dry_run_prints_is_what_runs(tools: FakeTools) -> None:
    # A bash that shows what it is told to run.
    bash = tools.path / "bash"
    bash.write_text('#!/bin/sh\nprintf "%s" "$2"\nexit 7\n', encoding="utf-8")
    bash.chmod(0o755)
    arguments = ["--alert-email", "ops@example.com", "--set", "LEDGER_READ_ACCESS=key"]
    run = command(tools, *arguments, LEDGER_QUIET_AFTER_HOURS="24")
    printed = command(tools, *arguments, "--dry-run", LEDGER_QUIET_AFTER_HOURS="24")
    assert (run.returncode, printed.returncode, printed.stderr) == (7, 0, "")
    assert run.stdout == printed.stdout
    assert tools.calls == []
    for value in ("LEDGER_QUIET_AFTER_HOURS=24", "LEDGER_READ_ACCESS=key", "ops@example.com"):
        assert value in printed.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--set", "LEDGER_NOPE=1"], {}, "LEDGER_NOPE is not a setting"),
        (["--set", "LEDGER_READ_ACCESS=some"], {}, "LEDGER_READ_ACCESS must be one of"),
        (["--set", "PATH=x"], {}, "LEDGER_NAME=VALUE"),
        ([], {"LEDGER_BACKEND": "embedded"}, "LEDGER_BACKEND is for local runs only"),
        ([], {"LEDGER_API_KEYS": "a=hidden"}, "LEDGER_API_KEYS is kept in Secret Manager"),
        (["--region", "Mars; ls"], {}, "the region must be one such as"),
        (["--alert-email", "me"], {}, "email address"),
        (["--max-instances", "0"], {}, "at least 1"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_run(
    tools: FakeTools, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    done = command(tools, *arguments, **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "hidden" not in done.stderr
    assert tools.calls == []
