"""A stage for the requests of a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.interleavings.stage import Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Room for three requests at a time, and for one of them once more."""
    stage = Stage(4)
    yield stage
    stage.close()
