"""The files that GitHub reads: safe by an auditor's measure, and in step with the program."""

from __future__ import annotations

import ast
import graphlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.firebase_tools import FIREBASE_TOOLS
from tests.github.runner import ACTION, PROGRAM, ROOT, action_definition

PAGE = ACTION / "README.md"
WORKFLOW = ROOT / ".github" / "workflows" / "auto_track_contributions.yml"


@pytest.fixture(scope="module")
def workflow() -> dict[Any, Any]:
    definition: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    return definition


def test_zizmor_finds_nothing_in_the_action_and_the_workflows() -> None:
    zizmor = Path(sys.executable).with_name("zizmor")
    assert zizmor.exists(), "zizmor is not installed beside python: it is in tests/requirements.in"

    audit = subprocess.run(
        [
            zizmor,
            "--offline",
            "--no-ignores",
            "--no-config",
            "--persona=pedantic",
            ROOT / ".github",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert "action.yml" in audit.stderr
    assert WORKFLOW.name in audit.stderr


def test_the_checks_run_as_people_run_them_on_every_python_that_is_supported() -> None:
    text = WORKFLOW.with_name("test.yml").read_text("utf-8")
    job = yaml.safe_load(text)["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert job["permissions"] == {"contents": "read"}
    assert job["steps"][-1] == {"run": "make test"}
    assert f"npx --yes {FIREBASE_TOOLS} " in text


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    workflows = [file.read_text("utf-8") for file in WORKFLOW.parent.iterdir()]
    for line in "\n".join(workflows).splitlines():
        used = re.search(r"uses: (?!\$/)(.*)", line)
        if used:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used[1]), line


def test_no_expression_reaches_a_shell_line() -> None:
    steps = list(action_definition()["runs"]["steps"])
    for file in WORKFLOW.parent.iterdir():
        for job in yaml.safe_load(file.read_text("utf-8"))["jobs"].values():
            steps += job["steps"]

    assert [step["run"] for step in steps if "${{" in step.get("run", "")] == []


def test_the_action_passes_each_input_and_the_program_reads_each() -> None:
    (step,) = action_definition()["runs"]["steps"]
    passed = {
        name: re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)
        for name, value in step["env"].items()
    }
    read = set(re.findall(r'given\("(\w+)"\)|"INPUT_(\w+)"', "".join(modules().values())))

    assert {match[1] for match in passed.values() if match} == set(action_definition()["inputs"])
    assert {f"INPUT_{one or other}" for one, other in read} - {"INPUT_"} == set(passed)


def test_the_actions_inputs_and_outputs_stand_on_its_page() -> None:
    definition = action_definition()
    rows = re.findall(r"^\| `([\w-]+)` \|(.*?)\|", PAGE.read_text("utf-8"), re.MULTILINE)
    given = {name: default.strip("` ") for name, default in rows}

    assert list(given) == list(definition["inputs"])
    literal = {name: declared.get("default", "") for name, declared in definition["inputs"].items()}
    worded = {"url": "", "oidc-audience": "the url's origin", "github-token": "the job's"}
    assert given == {name: worded.get(name, value or "none") for name, value in literal.items()}
    assert [name for name in definition["outputs"] if f"`{name}`" not in PAGE.read_text()] == []


def test_the_workflow_on_its_page_is_as_careful_as_our_own(workflow: dict[Any, Any]) -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    checkout, action = yaml.safe_load(shown)["jobs"]["track"]["steps"]
    own = workflow["jobs"]["track"]["steps"]

    assert yaml.safe_load(shown)["permissions"] == workflow["jobs"]["track"]["permissions"]
    assert yaml.safe_load(shown)[True].keys() == workflow[True].keys()
    assert checkout["with"] == own[0]["with"]
    assert f"# {checkout['uses'].partition('@')[2]}." in WORKFLOW.read_text("utf-8")
    assert action["uses"] == f"OWNER/REPO/{ACTION.relative_to(ROOT)}@v1"
    assert action["with"].keys() <= action_definition()["inputs"].keys()
    assert action["uses"] in (ROOT / "README.md").read_text("utf-8")


def test_the_action_has_what_the_marketplace_shows() -> None:
    definition = action_definition()

    assert len(definition["description"]) < 125
    assert definition["branding"].keys() == {"icon", "color"}


def test_the_actions_outputs_come_from_the_step() -> None:
    definition = action_definition()
    (step,) = definition["runs"]["steps"]

    assert {name: output["value"] for name, output in definition["outputs"].items()} == {
        name: f"${{{{ steps.{step['id']}.outputs.{name} }}}}"
        for name in ("recorded", "replayed", "rejected", "unreportable", "failed")
    }


def test_the_workflow_runs_on_the_default_branch_alone_with_the_least_rights(
    workflow: dict[Any, Any],
) -> None:
    job = workflow["jobs"]["track"]
    checkout = job["steps"][0]

    # YAML takes the key `on` for a truth value.
    assert list(workflow[True]) == ["push", "schedule", "workflow_dispatch"]
    assert job["if"] == (
        "github.event_name != 'push' || "
        "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)"
    )
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    assert checkout["with"]["persist-credentials"] is False


def test_no_push_takes_the_place_of_one_that_waits(workflow: dict[Any, Any]) -> None:
    group = workflow["concurrency"]["group"]

    assert "github.ref }}" in group  # one push can bring several branches to one commit
    assert "github.sha }}" in group
    assert workflow["concurrency"]["cancel-in-progress"] is False


def modules() -> dict[str, str]:
    """Return the program's modules by name, as text."""
    return {path.stem: path.read_text("utf-8") for path in sorted(PROGRAM.glob("*.py"))}


def imports(source: str) -> set[str]:
    """Return the modules that a module imports, on the syntax of the oldest Python of a runner."""
    tree = ast.parse(source, feature_version=(3, 10))
    plain = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    parts = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.name.split(".")[0] for node in plain for alias in node.names} | {
        (node.module or "").split(".")[0] for node in parts
    }


class TestTheProgram:
    def test_needs_nothing_but_the_oldest_python_of_a_runner(self) -> None:
        found = set().union(*map(imports, modules().values()))

        assert found <= sys.stdlib_module_names | modules().keys()
        assert not modules().keys() & sys.stdlib_module_names

    def test_imports_in_no_circle(self) -> None:
        graph = {name: imports(source) & modules().keys() for name, source in modules().items()}

        assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(modules())

    def test_has_small_modules_in_one_folder(self) -> None:
        files = {path for path in ACTION.rglob("*") if path.is_file() and path.suffix != ".pyc"}

        assert files == {ACTION / "action.yml", PAGE, *PROGRAM.glob("*.py")}
        assert [n for n, source in modules().items() if source.count("\n") >= 250] == []

    def test_leaves_nothing_in_the_folder_of_the_action(self, tmp_path: Path) -> None:
        copy = tmp_path / "track"
        shutil.copytree(PROGRAM, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (step,) = action_definition()["runs"]["steps"]

        subprocess.run(
            ["bash", "-c", step["run"]],
            env={"PATH": os.environ["PATH"], "GITHUB_ACTION_PATH": str(tmp_path)},
            check=True,
            capture_output=True,
        )

        assert not (copy / "__pycache__").exists()
