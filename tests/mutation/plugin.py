"""What pytest does otherwise while mutmut runs it, in many processes that are forked from one."""

from __future__ import annotations

import faulthandler

import pytest
from hypothesis import Phase, settings


def pytest_configure() -> None:
    """Let a generated test say that it fails, without looking for its smallest example."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutation", settings.get_profile("ledger"), phases=phases)
    settings.load_profile("mutation")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Let the process go on, which has mutants to try after its last test."""
    faulthandler.cancel_dump_traceback_later()
