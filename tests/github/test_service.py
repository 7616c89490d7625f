"""The action against the service itself, as it runs: what a push brought stands in the ledger."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.local_run import ROOT, LocalRun
from tests.github.repositories import GRACE, Repository
from tests.github.runner import ACTION, REPOSITORY, Runner


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    """`make run` on the embedded store."""
    with LocalRun(tmp_path_factory.mktemp("service") / "data", "embedded") as run:
        yield run


def test_a_push_with_every_oddity_is_recorded_once(
    service: LocalRun, origin: Repository, runner_for: Callable[..., Runner]
) -> None:
    before = origin.head
    plain = origin.commit("Plain", files={"tests/test_a.py": "1\n2\n", "README.md": "x\n"})
    hostile = origin.commit(
        "Hostile\n\nCo-authored-by: Grace <grace@example.com>",
        author=("$(touch pwned) \"`id`\" 'x'", "hostile@example.com"),
        files={"$(rm -rf x) `y`\n.txt": "1\n"},
    )
    nobody = origin.commit("Nobody", author=("Nobody", "no-address"))
    odd = origin.commit_object(b"J\xf6rg <joerg@example.com> 1700000000 +0200")
    origin.branch("feature")
    feature = origin.commit("Feature", author=GRACE, files={"f.txt": "f\n"})
    origin.switch("main")
    origin.commit("Meanwhile", files={"g.txt": "g\n"})
    merge = origin.merge("feature")
    inputs = {"url": service.address, "api-key": "dev-key"}
    runner = runner_for(merge)

    first = runner.push(before, merge, inputs=inputs)
    again = runner.push(before, merge, inputs=inputs)

    assert first.status == 0, first.log
    assert first.counts == (5, 0, 0, 0), first.log
    assert again.counts == (0, 5, 0, 0), again.log
    assert first.outputs["unreportable"] == "1"
    assert "dev-key" not in first.log
    entries = {entry["commit_hash"]: entry for entry in _all(service)}
    assert {plain, hostile, odd, feature} <= entries.keys()
    assert nobody not in entries
    assert merge not in entries
    assert entries[plain]["metadata"]["has_tests"] is True
    assert entries[plain]["metadata"]["lines_added"] == 3
    assert [credit["role"] for credit in entries[hostile]["credits"]] == ["author", "co_author"]
    [asset] = service.get("/v1/assets")
    assert (asset["name"], asset["contribution_count"]) == (REPOSITORY, 5)
    assert not list(Path(runner.workspace).glob("pwned"))


def test_the_action_of_another_repository_reports_this_one(
    service: LocalRun, origin: Repository, runner_for: Callable[..., Runner], tmp_path: Path
) -> None:
    before = origin.head
    pushed = [origin.commit(f"Commit {number}") for number in range(5)]
    inputs = {"url": service.address, "api-key": "dev-key"}
    # As the runner lays out what `uses: OWNER/REPO/path@v1` names: what git has of it, elsewhere.
    downloaded = tmp_path / "_actions" / "owner" / "repo" / "v1"
    place = ACTION.relative_to(ROOT)
    tracked = subprocess.check_output(["git", "ls-files", "--", place], cwd=ROOT, text=True)
    for name in tracked.splitlines():
        (downloaded / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, downloaded / name)

    run = runner_for(pushed[-1]).push(
        before,
        pushed[-1],
        inputs=inputs,
        environment={"GITHUB_ACTION_PATH": str(downloaded / place)},
    )

    assert run.counts == (5, 0, 0, 0), run.log
    assert {commit[:10] for commit in pushed} == set(re.findall(r"\[`(\w{10})`\]", run.summary))
    files = {str(p.relative_to(downloaded)) for p in downloaded.rglob("*") if p.is_file()}
    assert files == set(tracked.splitlines())


def _all(service: LocalRun) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = service.get("/v1/contributions")
    return entries
