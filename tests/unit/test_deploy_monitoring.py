"""The monitoring files agree with the log that the functions write, and with each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.commands.openapi.declared import operations
from shared.commands.rewrites import Rewrites
from shared.domain.contribution import Outcome
from shared.web.logs import Log
from shared.web.operations import Access

ROOT = Path(__file__).resolve().parents[2]
HANDBOOK = "shared/commands/README.md"
MONITORING = ROOT / "shared" / "monitoring"
METRICS = sorted((MONITORING / "metrics").glob("*.yaml"))
ALERTS = sorted((MONITORING / "alerts").glob("*.yaml"))
UPTIME = MONITORING / "uptime.yaml"


def stem(file: Path) -> str:
    return file.stem


def load(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return loaded


def logged() -> dict[str, Any]:
    """A line as the functions write it, with the counts of a batch."""
    lines: list[str] = []
    Log(write=lines.append).request(
        Request(EnvironBuilder("/", method="POST").get_environ()),
        request_id="r",
        function="track_github",
        path="/v1/contributions/github/batch",
        status=200,
        seconds=0.25,
        outcome="batch",
        facts={"counts": {outcome.value: 1 for outcome in Outcome}, "code": "conflict"},
    )
    line: dict[str, Any] = json.loads(lines[0])
    return line


def has(line: dict[str, Any], path: str) -> bool:
    value: Any = line
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True


@pytest.mark.parametrize("file", METRICS, ids=stem)
def test_a_metric_reads_fields_that_the_log_has(file: Path) -> None:
    metric = load(file)
    text = " ".join([metric["filter"], *metric["labelExtractors"].values()])
    text += metric.get("valueExtractor", "")
    line = logged()
    read = {
        # Cloud Logging takes `httpRequest` out of the payload, and leaves the rest in it.
        field.removeprefix("jsonPayload.")
        for field in re.findall(r"\b(?:jsonPayload|httpRequest)\.[A-Za-z.]+", text)
    }
    assert read
    for field in read:
        assert has(line, field), field


@pytest.mark.parametrize("file", METRICS, ids=stem)
def test_a_metric_declares_the_labels_that_it_extracts(file: Path) -> None:
    metric = load(file)
    declared = {label["key"] for label in metric["metricDescriptor"]["labels"]}
    assert declared == set(metric["labelExtractors"])


def test_the_latency_is_what_the_log_says_in_seconds() -> None:
    metric = load(MONITORING / "metrics" / "ledger_latency.yaml")
    assert metric["valueExtractor"] == "EXTRACT(httpRequest.latency)"
    assert metric["metricDescriptor"]["unit"] == "s"
    assert logged()["httpRequest"]["latency"] == "0.250000s"


def test_errors_are_counted_for_every_function() -> None:
    metric = load(MONITORING / "metrics" / "ledger_errors.yaml")
    named = re.search(r"service_name=\(([^)]+)\)", metric["filter"])
    assert named
    functions = {rewrite.function_id for rewrite in Rewrites.load(ROOT / "firebase.json").table}
    assert set(re.findall(r'"([^"]+)"', named[1])) == functions


def test_every_method_that_writes_is_counted_where_it_is_turned_away() -> None:
    metric = load(MONITORING / "metrics" / "ledger_rejected.yaml")
    [methods] = re.findall(r"requestMethod=\(([^)]+)\)", metric["filter"])
    writing = {o.method for o in operations() if o.access not in {Access.OPEN, Access.READ}}
    assert set(re.findall(r'"(\w+)"', methods)) == writing


def test_every_kind_of_commit_that_a_batch_turns_away_is_counted_as_rejected() -> None:
    metric = load(MONITORING / "metrics" / "ledger_rejected.yaml")
    counted = set(re.findall(r"jsonPayload\.counts\.(\w+)>0", metric["filter"]))
    taken = {Outcome.RECORDED, Outcome.REPLAYED}
    assert counted == {outcome.value for outcome in Outcome if outcome not in taken}


@pytest.mark.parametrize("file", ALERTS, ids=stem)
def test_an_alert_is_found_again_by_its_name_and_has_a_playbook(file: Path) -> None:
    alert = load(file)
    # As `make deploy` reads it.
    assert f'\ndisplayName: "{alert["displayName"]}"\n' in "\n" + file.read_text(encoding="utf-8")
    heading = alert["displayName"].replace("Contribution ledger", "Alert")
    assert f'{HANDBOOK}, under "{heading}"' in alert["documentation"]["content"]
    assert f"\n### {heading}\n" in (ROOT / HANDBOOK).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ALERTS, ids=stem)
def test_an_alert_watches_a_metric_that_exists(file: Path) -> None:
    ours = {file.stem for file in METRICS}
    for condition in load(file)["conditions"]:
        watched = condition["conditionThreshold"]["filter"]
        (kind,) = re.findall(r'metric\.type="([^"]+)"', watched)
        domain, _, name = kind.rpartition("/")
        if domain == "logging.googleapis.com/user":
            assert name in ours
            labels = set(load(MONITORING / "metrics" / f"{name}.yaml")["labelExtractors"])
            assert set(re.findall(r"metric\.label\.(\w+)", watched)) <= labels
        else:
            assert kind == "monitoring.googleapis.com/uptime_check/check_passed"
            assert 'check_id="UPTIME_CHECK_ID"' in watched


def test_the_uptime_check_asks_strictly_whether_tracking_works() -> None:
    path, _, query = load(UPTIME)["--path"].partition("?")
    assert path in {operation.path for operation in operations() if operation.name == "tracking"}
    assert query == "strict=true"
