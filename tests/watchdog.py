"""Nothing that a test started outlives the test run, even one that is killed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def watched(group: int, *, signal: str = "KILL") -> Iterator[None]:
    """Have a process group signalled should this process end before the block does.

    A shell waits for the end of a pipe whose other end only this process holds.
    """
    with subprocess.Popen(
        ["sh", "-c", f"read -r _; kill -{signal} -{group}"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as shell:
        try:
            yield
        finally:
            shell.kill()
