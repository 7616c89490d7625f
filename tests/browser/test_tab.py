"""What goes wrong in a page is noticed: each kind, planted in a small page."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from playwright.sync_api import Browser

from tests.browser.tab import Tab, tab
from tests.loopback import Handler, served

POLICY = "default-src 'none'; script-src 'self'; img-src 'self'; connect-src *"
PAGE = """<!doctype html><html lang="en"><head><title>Planted</title>
<link rel="icon" href="/icon.svg"><script src="/script.js" type="module"></script></head>
<body><main><h1>Planted</h1>{}</main></body></html>"""
TYPES = {"/": "text/html", "/script.js": "text/javascript", "/icon.svg": "image/svg+xml"}


@contextmanager
def planted(
    browser: Browser, html: str = "", *, script: str = "", expected: Collection[int] = ()
) -> Iterator[Tab]:
    """A tab with a page of this content, which has loaded all that it names."""

    class Planted(Handler):
        def do_GET(self) -> None:
            if self.path == "/dropped":
                return
            files = {"/": PAGE.format(html), "/script.js": script}
            kind = TYPES.get(self.path)
            self.send_response(HTTPStatus.OK if kind else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(files.get(self.path, "").encode())

    with served(Planted) as origin, tab(browser, origin, expected=expected) as opened:
        opened.page.goto(origin)
        yield opened


class TestFindings:
    def test_are_none_in_a_sound_page_and_nothing_is_inaccessible(self, browser: Browser) -> None:
        script = """
            console.warn("careful");
            window.asked = Promise.all([fetch("/"), fetch("/lost")]);
        """
        with planted(browser, "<p>Text</p>", script=script, expected={404}) as opened:
            assert opened.page.evaluate("asked.then(all => all.length)") == 2
            assert opened.accessibility() == []
            assert opened.findings == []

    def test_are_all_that_goes_wrong(self, browser: Browser) -> None:
        html = '<img alt="" src="http://other.example/">'
        script = """
            console.error("it broke");
            setTimeout(() => { throw new Error("it threw"); });
            Promise.reject(new Error("nobody caught it"));
            alert("hello");
            for (const url of ["/lost", "/dropped", "http://elsewhere.example/"])
                fetch(url).catch(() => {});
        """
        with planted(browser, html, script=script) as opened:
            opened.page.wait_for_load_state("networkidle")
            findings = sorted(opened.findings)
            here = opened.page.url
        policy = [finding for finding in findings if "Content Security Policy" in finding]
        assert len(policy) == 1
        assert sorted({*findings} - {*policy}) == [
            "console: it broke",
            "dialog: hello",
            "exception: it threw",
            "exception: nobody caught it",
            f"failed: {here}dropped: net::ERR_EMPTY_RESPONSE",
            "failed: http://elsewhere.example/: net::ERR_NAME_NOT_RESOLVED",
            "failed: http://other.example/: csp",
            "foreign: http://elsewhere.example/",
            "foreign: http://other.example/",
            f"status 404: {here}lost",
        ]

    def test_are_inline_styles_and_scripts_that_the_policy_forbids(self, browser: Browser) -> None:
        html = '<p style="color: red">Text</p><script>document.title = "inline"</script>'
        with planted(browser, html) as opened:
            assert len(opened.findings) == 2
            assert all("Content Security Policy" in finding for finding in opened.findings)


class TestAccessibility:
    def test_finds_a_picture_without_words(self, browser: Browser) -> None:
        with planted(browser, '<img src="/icon.svg">') as opened:
            [found] = opened.accessibility()
            assert found.startswith("image-alt: ")
            assert found.endswith(': <img src="/icon.svg">')
