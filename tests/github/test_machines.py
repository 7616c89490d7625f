"""The machine that the step runs on: without Python, without git, with the clone elsewhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.github.repositories import ZEROS, Repository, checkout
from tests.github.runner import Run, Runner
from tests.github.stub_ledger import KEY, StubLedger

RunnerFor = Callable[..., Runner]

STRICT = {"fail-on-error": "true"}

STUBS = {
    "fails": "echo 'Python was not found; run without arguments to install it'; exit 49",
    "is silent": "exit 0",
    "talks": "echo Hello",
    "is too old": "printf False",
    "is another program": 'printf %s "$*"',
    "crashes": "kill -SEGV $$",
    "lacks modules": "echo \"ModuleNotFoundError: No module named 'ssl'\" >&2; exit 1",
}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder with a shell and git alone, to be the whole PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "git", "env"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def stub(folder: Path, name: str, script: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


class TestWithoutPython:
    @pytest.fixture(params=["sh", "bash"])
    def step(
        self,
        request: pytest.FixtureRequest,
        origin: Repository,
        runner_for: RunnerFor,
        ledger: StubLedger,
        tools: Path,
    ) -> Callable[..., Run]:
        runner = replace(runner_for(origin.head), shell=request.param)
        (tools / "sh").unlink()
        (tools / request.param).symlink_to(str(shutil.which(request.param)))

        def push(**inputs: str) -> Run:
            given = {name.replace("_", "-"): value for name, value in inputs.items()}
            environment = {"PATH": str(tools)}
            run = runner.push(ZEROS, origin.head, inputs=given, environment=environment)
            assert ledger.requests == []
            return run

        return push

    def test_is_a_notice_and_breaks_no_build(
        self, step: Callable[..., Run], ledger: StubLedger
    ) -> None:
        run = step(url=ledger.url, api_key=KEY)

        assert run.status == 0
        assert run.annotations("notice") == [
            "Skipped, there is no Python 3.10 or later that works",
        ]
        assert run.stderr == ""

    @pytest.mark.parametrize("kind", STUBS)
    def test_is_what_a_stub_counts_as(
        self, step: Callable[..., Run], ledger: StubLedger, tools: Path, kind: str
    ) -> None:
        stub(tools, "python3", STUBS[kind])

        run = step(url=ledger.url, api_key=KEY)

        assert run.status == 0
        assert len(run.annotations("notice")) == 1

    def test_breaks_the_build_where_fail_on_error_asks_for_it(
        self, step: Callable[..., Run], ledger: StubLedger
    ) -> None:
        assert step(url=ledger.url, api_key=KEY, fail_on_error="true").status == 1

    def test_breaks_no_build_where_nothing_is_set_up(
        self, step: Callable[..., Run], ledger: StubLedger
    ) -> None:
        assert step(fail_on_error="true").status == 0
        assert step(url=ledger.url, fail_on_error="true").status == 0


class TestWithoutGit:
    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("", "Skipped: there is no git that can be started"),
            ("exit 0", "Skipped: what is named git is no git"),
            ("echo xcrun: error: invalid path >&2; exit 1", "Skipped: what is named git is no git"),
        ],
    )
    def test_is_a_notice_and_breaks_the_build_only_under_fail_on_error(
        self,
        origin: Repository,
        runner_for: RunnerFor,
        ledger: StubLedger,
        tools: Path,
        script: str,
        said: str,
    ) -> None:
        stub(tools, "python3", f'exec {sys.executable} "$@"')
        (tools / "git").unlink()
        if script:
            stub(tools, "git", script)
        runner = runner_for(origin.head)
        environment = {"PATH": str(tools)}

        for inputs, status in ((ledger.inputs, 0), (ledger.inputs | STRICT, 1)):
            run = runner.push(ZEROS, origin.head, inputs=inputs, environment=environment)

            assert run.status == status, run.log
            assert run.annotations("notice") == [said]
            assert run.annotations("error") == []
            assert run.counts == (0, 0, 0, 0)
        assert ledger.requests == []


def test_a_container_without_bash_reports(
    origin: Repository, runner_for: RunnerFor, ledger: StubLedger, tools: Path
) -> None:
    stub(tools, "python3", f'exec {sys.executable} "$@"')

    run = runner_for(origin.head).push(
        ZEROS, origin.head, inputs=ledger.inputs, environment={"PATH": str(tools)}
    )

    assert run.annotations("error") == []
    assert ledger.hashes == [origin.head]


class TestThePathOfTheClone:
    @pytest.mark.parametrize(
        ("path", "given"),
        [("src", "src"), ("src", "./src/"), ("a b/c", "a b/c"), ("src", "other/../src")],
    )
    def test_may_be_below_the_workspace(
        self, origin: Repository, ledger: StubLedger, tmp_path: Path, path: str, given: str
    ) -> None:
        before, pushed = origin.head, origin.commit()
        checkout(origin, tmp_path / "workspace" / path, commit=pushed)

        run = Runner(tmp_path / "runner", tmp_path / "workspace").push(
            before,
            pushed,
            inputs=ledger.inputs | {"path": given},
            environment={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"},
        )

        assert run.annotations("error") == []
        assert ledger.hashes == [pushed]

    @pytest.mark.parametrize("given", ["", "elsewhere"])
    def test_is_named_where_there_is_no_clone(
        self, origin: Repository, ledger: StubLedger, tmp_path: Path, given: str
    ) -> None:
        checkout(origin, tmp_path / "workspace" / "src", commit=origin.head)

        run = Runner(tmp_path / "runner", tmp_path / "workspace").push(
            ZEROS, origin.head, inputs=ledger.inputs | {"path": given}
        )

        (error,) = run.annotations("error")
        assert "does actions/checkout run before this step?" in error
        assert f"as its input `path`, which is {given or 'not set'}" in error
        assert ledger.requests == []
