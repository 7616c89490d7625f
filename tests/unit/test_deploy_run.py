"""Deployments run with stand-ins for gcloud and firebase-tools: whatever is there before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.commands.deploy.functions import functions, secrets, smoke
from shared.commands.deploy.monitoring import alerts
from shared.commands.deploy.options import Options
from shared.commands.deploy.plan import Source, plan
from shared.commands.deploy.runner import Runner, StepFailed, ToolMissing
from shared.commands.deploy.shell import script
from shared.commands.deploy.steps import Plan, Stage
from tests.fake_tools import PROJECT, FakeTools

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = f"ledger-functions@{PROJECT}.iam.gserviceaccount.com"
FUNCTIONS = [
    "track-github",
    "github-webhook",
    "contributions",
    "contributors",
    "assets",
    "health",
]
READING = ("list", "list-configs", "describe", "version", "versions", "projects:list")


@pytest.fixture
def tools(tmp_path: Path) -> FakeTools:
    """A project with nothing in it."""
    return FakeTools.make(tmp_path)


@dataclass(frozen=True)
class Done:
    """A deployment of everything to an empty project, and all that it printed."""

    tools: FakeTools
    printed: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    tools = FakeTools.make(tmp_path_factory.mktemp("done"))
    with (tools.folder / "printed").open("w+", encoding="utf-8") as printed:
        # As a process of its own, which prints where the tools do.
        program = (
            "import sys; from pathlib import Path; from tests.unit.test_deploy_run import *; "
            "deploy(FakeTools(Path(sys.argv[1])), say=print)"
        )
        subprocess.run(
            [sys.executable, "-c", program, str(tools.folder)],
            cwd=ROOT,
            stdout=printed,
            stderr=subprocess.STDOUT,
            check=True,
        )
        printed.seek(0)
        return Done(tools, printed.read())


@pytest.fixture
def deployed(done: Done, tmp_path: Path) -> FakeTools:
    """A project where everything is deployed."""
    return done.tools.copy(tmp_path / "deployed")


def options(tools: FakeTools, **chosen: Any) -> Options:
    return Options(project=PROJECT, python=tools.python, **chosen)


def planned(tools: FakeTools, **chosen: Any) -> Plan:
    return plan(options(tools, **chosen), Source.read(ROOT))


def run(tools: FakeTools, *stages: Stage, say: Callable[[str], None] = lambda _: None) -> None:
    Runner(ROOT, tools.environment, say).run(stages)


def deploy(tools: FakeTools, say: Callable[[str], None] = lambda _: None, **chosen: Any) -> None:
    run(tools, *planned(tools, **chosen), say=say)


def change(tools: FakeTools, **state: Any) -> None:
    tools.state = {**tools.state, **state}


def calls_of(tools: FakeTools, *words: str) -> list[list[str]]:
    return [call for call in tools.calls if call[: len(words)] == list(words)]


def test_an_empty_project_gets_everything_once(done: Done) -> None:
    state = done.tools.state
    assert list(state["functions"]) == FUNCTIONS
    assert state["service_accounts"] == [ACCOUNT]
    assert (state["databases"], state["schedules"]) == (["(default)"], ["daily"])
    assert state["secrets"] == ["ledger-api-keys", "ledger-webhook-secrets", "ledger-log-salt"]
    assert (state["firebase_projects"], state["sites"]) == ([PROJECT], [PROJECT])
    assert len(state["metrics"]) == 5
    assert state["policies"] == [
        "Contribution ledger: errors",
        "Contribution ledger: quiet",
        "Contribution ledger: rejected writes",
    ]
    assert list(state["deployed"]) == ["firestore", "hosting"]
    assert state["smoke"]["url"] == f"https://{PROJECT}.web.app"
    assert [state["smoke"]["keys"]] == state["versions of ledger-api-keys"]


def test_first_values_are_random_and_shown_nowhere(done: Done) -> None:
    ((keys,), (webhook,), (salt,)) = (
        done.tools.state[f"versions of {name}"] for name in done.tools.state["secrets"]
    )
    assert keys.startswith("first=")
    assert webhook.startswith("github=")
    values = {value.partition("=")[2] or value for value in (keys, webhook, salt)}
    assert len(values) == 3
    assert "Functions" in done.printed
    for value in values:
        assert len(value) == 64
        assert value not in done.printed + json.dumps(done.tools.calls)


def test_functions_are_pinned_to_the_newest_enabled_version(deployed: FakeTools) -> None:
    change(deployed, **{"versions of ledger-api-keys": ["first=a", "first=b"]})
    chosen = options(deployed)
    run(deployed, secrets(chosen), functions(chosen, ["track_github", "health"]))
    for name in ("track-github", "health"):
        assert deployed.state["functions"][name]["set-secrets"] == (
            "LEDGER_API_KEYS=ledger-api-keys:2,LEDGER_WEBHOOK_SECRETS=ledger-webhook-secrets:1,"
            "LEDGER_LOG_SALT=ledger-log-salt:1"
        )


def test_a_secret_that_has_no_value_yet_gets_one(deployed: FakeTools) -> None:
    change(deployed, **{"versions of ledger-api-keys": []})
    run(deployed, secrets(options(deployed)))
    assert len(deployed.state["versions of ledger-api-keys"]) == 1


def test_a_run_that_failed_half_way_is_completed_by_the_next(tools: FakeTools) -> None:
    change(tools, broken=["contributors"])
    with pytest.raises(StepFailed, match="contributors"):
        deploy(tools, region="europe-west1", database_location="eur3")
    assert "smoke" not in tools.state
    change(tools, broken=[])
    before = (ROOT / "firebase.json").read_bytes()
    deploy(tools, region="europe-west1", database_location="eur3")
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


def test_a_failed_smoke_check_fails_the_deployment(deployed: FakeTools) -> None:
    change(deployed, broken=["smoke"])
    with pytest.raises(StepFailed, match=r"shared\.commands\.smoke"):
        run(deployed, Stage("Keys", secrets(options(deployed)).steps), smoke(options(deployed)))


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
    with pytest.raises(StepFailed, match=said):
        deploy(tools)
    assert tools.state == before
    for _, *words in tools.calls:
        assert {*words} & {*READING} or "shared.commands.deploy.pick" in words, words


@pytest.mark.parametrize("missing", ["gcloud", "firebase"])
def test_a_missing_tool_is_named_before_anything_is_run(tmp_path: Path, missing: str) -> None:
    present = {"gcloud", "firebase", "python"} - {missing}
    tools = FakeTools.make(tmp_path, *present)
    # The system's folders may hold the real ones; what else the plan needs is linked here.
    (tools.path / "sed").symlink_to("/bin/sed")
    environment = {"PATH": str(tools.path)}
    with pytest.raises(ToolMissing, match=rf"^Not found on the PATH: {missing} \(.*install"):
        Runner(ROOT, environment, lambda _: None).run(planned(tools))
    assert tools.calls == []


def test_alerts_go_to_the_address_that_is_given(tools: FakeTools, deployed: FakeTools) -> None:
    for before in (tools, deployed):
        chosen = options(before, alert_email="ops@example.com")
        run(before, alerts(chosen, Source.read(ROOT).alerts))
        assert before.state["channels"] == ["ops@example.com"]
        assert set(before.state["told"].values()) == {"0"}


def test_without_an_address_alerts_keep_whom_they_tell(deployed: FakeTools) -> None:
    told = dict.fromkeys(deployed.state["policies"], "somebody,else")
    change(deployed, told=told)
    run(deployed, alerts(options(deployed), Source.read(ROOT).alerts))
    assert deployed.state["told"] == told


def run_script(tools: FakeTools) -> subprocess.CompletedProcess[str]:
    text = script(planned(tools), directory=str(ROOT))
    return subprocess.run(
        ["bash"], input=text, env=tools.environment, text=True, capture_output=True, check=False
    )


def test_the_printed_script_does_to_an_empty_project_what_a_run_does(
    tools: FakeTools, done: Done
) -> None:
    assert run_script(tools).returncode == 0
    assert calls_alike(tools) == calls_alike(done.tools)


def test_a_second_time_nothing_is_created_by_a_run_or_by_the_printed_script(
    deployed: FakeTools, done: Done, tmp_path: Path
) -> None:
    before = deployed.state
    deploy(deployed)
    # The stand-ins refuse to create what is there.
    assert deployed.state == before
    words = {word for call in deployed.calls for word in call}
    assert not words & {"create", "add", "hosting:sites:create", "projects:addfirebase"}
    assert len(calls_of(deployed, "gcloud", "functions", "deploy")) == len(FUNCTIONS)

    other = done.tools.copy(tmp_path / "other")
    assert run_script(other).returncode == 0
    assert calls_alike(other) == calls_alike(deployed)


def calls_alike(tools: FakeTools) -> list[list[str]]:
    """All calls, without the order in which the programs of a pipeline start."""
    return sorted([word.replace(str(tools.folder), "") for word in call] for call in tools.calls)


def test_the_printed_script_stops_where_a_run_would(tools: FakeTools) -> None:
    change(tools, logged_in=["firebase"])
    before = tools.state
    stopped = run_script(tools)
    assert stopped.returncode == 1
    assert "gcloud auth login" in stopped.stderr
    assert tools.state == before


def command(tools: FakeTools, *arguments: str, **environment: str) -> Any:
    """Run `python -m shared.commands.deploy` itself."""
    return subprocess.run(
        [sys.executable, "-m", "shared.commands.deploy", *arguments],
        cwd=ROOT,
        env={**tools.environment, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dry_run_prints_every_command_and_runs_none(tools: FakeTools) -> None:
    done = command(tools, "--project", PROJECT, "--dry-run", LEDGER_QUIET_AFTER_HOURS="24")
    assert (done.returncode, done.stderr) == (0, "")
    assert tools.calls == []
    assert done.stdout.count("gcloud functions deploy ") == len(FUNCTIONS)
    assert "LEDGER_QUIET_AFTER_HOURS=24" in done.stdout


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
    done = command(tools, "--project", PROJECT, *arguments, **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "hidden" not in done.stderr
    assert tools.calls == []
