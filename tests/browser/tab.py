"""A tab of the system's Chromium, which notes whatever goes wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Response,
    sync_playwright,
)

from tests.backends import unavailable

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"no Chromium: none of {', '.join(NAMES)} is on PATH"
NARROW, WIDE = 360, 1280  # pixels: a small telephone, a desk
HEIGHT = 800
FIRST_ERROR = 400
# Everything but this machine is nowhere, so that no test can reach the network.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
# The page itself gave up, as when somebody has gone on to the next view.
ABORTED = "net::ERR_ABORTED"
# What Chromium says of an answer or a failure that is noted already, with more about it.
NOTED_OTHERWISE = "Failed to load resource"


def find_chromium() -> str | None:
    """The Chromium of this machine, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def installed_chromium() -> str:
    """The Chromium of this machine; without one, the test is `unavailable`."""
    return find_chromium() or unavailable(MISSING)


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """A browser that runs.

    As playwright has it by default it runs without its own sandbox, which containers rarely allow:
    the pages are our own.
    """
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=[OFFLINE]) as browser,
    ):
        yield browser


@cache
def axe() -> str:
    """The source of axe-core. https://github.com/dequelabs/axe-core"""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


class Tab:
    """One page of a service, with `findings`: what no page of ours may do.

    An error in the console, an uncaught exception, a violation of the content security policy, a
    dialog, a request to anybody else, one that fails, and an answer of 400 or more whose status is
    not among those `expected`.
    """

    def __init__(self, page: Page, origin: str, *, expected: Collection[int] = ()) -> None:
        self.page = page
        self.origin = origin
        self.expected = expected
        self._findings: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._note(f"exception: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def open(self, path: str) -> Page:
        """Go to a path of the service, until nothing more is loaded."""
        self.page.goto(self.origin + path, wait_until="networkidle")
        return self.page

    def see(self, path: str) -> Page:
        """Go to a view of the page, until it is there."""
        self.page.goto(self.origin + path)
        self.page.wait_for_selector("main[aria-busy=false]")
        return self.page

    def use_key(self, key: str) -> None:
        """Have it kept in this tab, as if somebody had typed it in."""
        self.page.goto(f"{self.origin}/robots.txt")
        self.page.evaluate("key => sessionStorage.setItem('ledger-key', key)", key)

    @property
    def findings(self) -> list[str]:
        """All so far."""
        # Whatever the browser has told by now is handed on before it answers.
        self.page.evaluate("0")
        return self._findings

    def accessibility(self) -> list[str]:
        """What axe-core finds wrong in the page as it stands, each with the elements.

        It is put in from outside, where the page's policy does not hold.
        """
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe())
        result: dict[str, Any] = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {violation['help']}: {node['html']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    def looks(self, *, width: int, scheme: Literal["light", "dark"]) -> None:
        """Be as wide as this, in these colours."""
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.emulate_media(color_scheme=scheme)

    def clear(self) -> None:
        """For the next test: nothing is left of what one did in it but the files that it read."""
        self.page.unroute_all()
        self.page.evaluate("origin === 'null' || sessionStorage.clear()")
        self.page.emulate_media(media="screen", color_scheme="light")
        self.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
        self.expected = ()
        self._findings.clear()

    def _note(self, finding: str) -> None:
        self._findings.append(finding)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NOTED_OTHERWISE):
            self._note(f"console: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "blob:")):
            self._note(f"foreign: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != ABORTED:
            self._note(f"failed: {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= FIRST_ERROR and response.status not in self.expected:
            self._note(f"status {response.status}: {response.url}")


@contextmanager
def tab(
    browser: Browser,
    origin: str,
    *,
    expected: Collection[int] = (),
    width: int = WIDE,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Tab]:
    """A tab of its own, with nothing kept from another."""
    with browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        yield Tab(context.new_page(), origin, expected=expected)
