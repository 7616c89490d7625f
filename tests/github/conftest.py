"""A ledger to report to, and a repository to report of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.github.repositories import Repository, checkout
from tests.github.runner import Backfill, Runner
from tests.github.stub_ledger import StubLedger


@pytest.fixture
def ledger() -> Iterator[StubLedger]:
    with StubLedger() as stub:
        yield stub


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    """Return the repository on the server, with one commit on `main`."""
    repository = Repository.create(tmp_path / "origin")
    repository.commit("Begin")
    return repository


@pytest.fixture
def backfill(origin: Repository, ledger: StubLedger) -> Backfill:
    return Backfill(origin.path, ledger.url)


@pytest.fixture
def runner_for(tmp_path: Path, origin: Repository) -> Callable[..., Runner]:
    """Return what checks a commit out and yields the runner for it."""

    def build(commit: str, *, branch: str = "main", depth: int = 0) -> Runner:
        workspace = checkout(
            origin, tmp_path / "workspace", commit=commit, branch=branch, depth=depth
        )
        return Runner(tmp_path / "runner", workspace.path)

    return build
