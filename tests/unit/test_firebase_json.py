"""The files that firebase-tools reads agree with its schema, with each other and with the code."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import main
from shared.commands.openapi.declared import operations
from shared.commands.rewrites import Rewrites

ROOT = Path(main.__file__).parent
FIREBASE_JSON = ROOT / "firebase.json"
SCHEMA = ROOT / "tests" / "data" / "firebase-config.json"


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def endpoints() -> dict[str, Any]:
    manifest = yaml.safe_load((ROOT / "functions.yaml").read_text(encoding="utf-8"))
    found: dict[str, Any] = manifest["endpoints"]
    return found


def test_firebase_json_follows_the_schema_of_firebase_tools() -> None:
    jsonschema.Draft7Validator(read_json(SCHEMA)).validate(read_json(FIREBASE_JSON))


def test_the_schema_refuses_what_it_does_not_know() -> None:
    damaged = read_json(FIREBASE_JSON)
    damaged["hosting"]["rewrites"][0]["function"]["functionID"] = "health"
    assert not jsonschema.Draft7Validator(read_json(SCHEMA)).is_valid(damaged)


def test_every_function_has_a_path_an_endpoint_and_an_entry_point() -> None:
    rewritten = {rewrite.function_id for rewrite in Rewrites.load(FIREBASE_JSON).table}
    assert rewritten == set(endpoints())
    assert {name.replace("-", "_") for name in rewritten} == set(main.ENTRY_POINTS)


def test_an_endpoint_bears_the_name_of_its_entry_point_and_the_rewrites_region() -> None:
    regions = {
        rewrite["function"]["region"] for rewrite in read_json(FIREBASE_JSON)["hosting"]["rewrites"]
    }
    for name, endpoint in endpoints().items():
        assert endpoint["entryPoint"] == name.replace("-", "_")
        assert set(endpoint["region"]) == regions


def test_the_files_that_it_names_exist() -> None:
    config = read_json(FIREBASE_JSON)
    for path in (*config["firestore"].values(), config["hosting"]["public"]):
        assert (ROOT / path).exists(), path


def test_every_operation_is_answered_by_its_own_function() -> None:
    rewrites = Rewrites.load(FIREBASE_JSON)
    for operation in operations():
        path = operation.path.replace("{", "").replace("}", "")
        assert rewrites.entry_point(path) == operation.function, operation.name


@pytest.mark.parametrize("name", [".env", ".env.local", "functions/.env"])
def test_the_files_from_which_firebase_takes_keys_are_not_offered_to_git(name: str) -> None:
    command = ["git", "check-ignore", "--quiet", "--no-index", name]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
