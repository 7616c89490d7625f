"""The page's files: few, small, read by everybody, and without a way for data to become markup."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

import main
from shared.commands.local.hosting_headers import HostingHeaders

ROOT = Path(main.__file__).parent
HOSTING = ROOT / "shared" / "hosting"
MODULES = sorted((HOSTING / "page").glob("*.js"))
STYLES = HOSTING / "page" / "page.css"
MOST_BYTES, MOST_FILES, MOST_LINES = 40_000, 6, 300
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# What takes text for markup or for code.
# https://developer.mozilla.org/en-US/docs/Web/API/Trusted_Types_API#concepts_and_usage
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|parseFromString|createContextualFragment"
    r"|srcdoc|document\.write|\beval\b|new Function|javascript:"
)


def first_view() -> set[Path]:
    """What a browser loads for the ledger's view: the page, and what it and its modules name."""
    page = HOSTING / "index.html"
    named = re.findall(r'(?:href|src)="/(page/[^"]+)"', page.read_text(encoding="utf-8"))
    files, waiting = {page}, [HOSTING / name for name in named]
    waiting.append(HOSTING / "page" / "ledger.js")
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            imports = re.findall(r'^import [^;]*from "\./([^"]+)"', read(file), re.MULTILINE)
            waiting += [file.parent / name for name in imports]
    return files


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


class TestFirstView:
    def test_is_of_few_files(self) -> None:
        assert "page.js" in {file.name for file in first_view()}
        assert len(first_view()) <= MOST_FILES

    def test_is_small_as_it_is_sent(self) -> None:
        sizes = [len(gzip.compress(file.read_bytes(), mtime=0)) for file in first_view()]
        assert sum(sizes) <= MOST_BYTES


class TestModules:
    @pytest.mark.parametrize("file", [*MODULES, STYLES], ids=lambda file: file.name)
    def test_say_what_they_are_and_are_short(self, file: Path) -> None:
        assert read(file).startswith("/*")
        assert len(read(file).splitlines()) <= MOST_LINES

    @pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
    def test_make_no_markup_of_text(self, file: Path) -> None:
        assert SINKS.findall(read(file)) == []

    def test_name_no_address_but_that_of_svg(self) -> None:
        files = [*MODULES, HOSTING / "index.html", STYLES]
        addresses = {
            a for file in files for a in re.findall(r"""https?://[^"'`\s$]+""", read(file))
        }
        assert addresses == {"http://www.w3.org/2000/svg"}


class TestPolicy:
    @pytest.mark.parametrize("path", ["/", "/index.html", "/page/page.js"])
    def test_lets_nothing_in_from_elsewhere(self, path: str) -> None:
        hosting = json.loads(read(ROOT / "firebase.json"))["hosting"]
        headers = HostingHeaders.of(hosting["headers"]).for_path(path)
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
