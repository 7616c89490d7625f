"""`make screenshot`: the README's picture, of the first view of `make demo`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect

from tests.browser.tab import MISSING, WIDE, chromium, find_chromium, tab
from tests.end_to_end.local_run import ROOT, LocalRun

PICTURE = ROOT / ".github" / "ledger.png"
# Down to the end of the repositories, in pixels.
UPPER_PART = FloatRect(x=0, y=0, width=WIDE, height=1010)


def main() -> int:
    """Take it; returns the exit code."""
    executable = find_chromium()
    if executable is None:
        print(MISSING, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "demo")
        with (
            LocalRun(data, "embedded", command=("demo", "--folder", str(data))) as demo,
            chromium(executable) as browser,
            tab(browser, demo.address) as opened,
        ):
            opened.open("/").screenshot(path=PICTURE, full_page=True, clip=UPPER_PART)
    print(PICTURE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
