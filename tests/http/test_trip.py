"""The trip of one report through the code: how many files a reader has to follow it through."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import main
from tests.http.framework import Service

ROOT = Path(main.__file__).parent
STORE = "shared/store/"
# The stand-in for Firestore and what serves all functions on one machine are not deployed.
NOT_DEPLOYED = ("shared/embedded/", "shared/commands/", "tests/", "venv/")


@pytest.fixture(params=[None, 1296269], ids=["by name", "by number"])
def trip(request: pytest.FixtureRequest, service: Service) -> list[str]:
    """The file of each function that is entered between a request and its answer, in order.

    Of a warm instance: of a repository and by a person that it has recorded before.
    """
    for commit_hash in ("aaaaaa", "aaaaab"):
        report = {"commit_hash": commit_hash, "repository_id": request.param}
        assert service.track(**report).status_code == 201
    entered: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(ROOT):
            entered.append(path.relative_to(ROOT).as_posix())

    sys.setprofile(note)
    try:
        answer = service.track(commit_hash="bbbbbb", repository_id=request.param)
    finally:
        sys.setprofile(None)
    assert answer.status_code == 201
    return [name for name in entered if not name.startswith(NOT_DEPLOYED)]


def test_is_through_few_files(trip: list[str]) -> None:
    files = set(trip)
    assert {"functions/track_github.py", "shared/store/posting.py"} <= files
    # Where a number is said, that is read in one file more.
    assert len(files - {"shared/domain/number.py"}) <= 28, sorted(files)


def test_is_through_few_files_of_the_store_and_seldom_comes_back_to_one(trip: list[str]) -> None:
    # One stay for each time that the trip comes to another file of the store.
    stays = [name for name, _ in groupby(name for name in trip if name.startswith(STORE))]
    assert len(set(stays)) <= 7, stays
    assert len(stays) - len(set(stays)) <= 2, stays
