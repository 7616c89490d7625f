"""A browser, and a ledger to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.lively import Lively, fill
from tests.browser.tab import Tab, chromium, installed_chromium, tab

OpenTab = Callable[..., Tab]


@pytest.fixture(scope="session")
def executable() -> str:
    """Asked for by all of them, so that nothing is started where there is no Chromium."""
    return installed_chromium()


@pytest.fixture(scope="module")
def browser(executable: str) -> Iterator[Browser]:
    """One for each file: as long as it runs, so does playwright's event loop, which is in the way
    of other tests' own."""
    with chromium(executable) as browser:
        yield browser


@pytest.fixture(scope="session")
def lively(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lively]:
    """`make run` with something of everything, to be looked at and not to be changed."""
    filled = fill(tmp_path_factory.mktemp("lively") / "data")
    yield filled
    filled.run.clean_up()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[OpenTab]:
    """Opens tabs, with the arguments of `tab`; whatever goes wrong in them fails the test."""
    opened: list[Tab] = []
    with ExitStack() as stack:

        def opening(origin: str, **how: Any) -> Tab:
            opened.append(stack.enter_context(tab(browser, origin, **how)))
            return opened[-1]

        yield opening
        assert [finding for each in opened for finding in each.findings] == []


@pytest.fixture(scope="module")
def lively_tab(browser: Browser, lively: Lively) -> Iterator[Tab]:
    with tab(browser, lively.address) as opened:
        yield opened


@pytest.fixture
def looking(lively_tab: Tab) -> Iterator[Tab]:
    """The tab in which most tests look at the lively ledger, as if nobody had before.

    To open one for each takes longer than to look. Who asks what the very first look loads, or has
    to be sure that no mouse was moved, opens one.
    """
    yield lively_tab
    findings = [*lively_tab.findings]
    lively_tab.clear()
    assert findings == []
