"""Other processes of the machine, told by their command lines."""

from __future__ import annotations

import subprocess
import sys

import pytest

from shared.commands.processes import end_orphan, is_process

WAITING = "import sys; print(flush=True); sys.stdin.read()"


@pytest.mark.parametrize("name", [b"plain", b"\xff\xfe", "na\u00efve".encode("latin-1")])
def test_one_is_told_whatever_bytes_it_is_called_by(name: bytes) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING, name, "a mark"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert is_process(other.pid, marks=[sys.executable, "a mark"])
        assert not is_process(other.pid, marks=["another mark"])
        assert not end_orphan(other.pid, marks=["another mark"], grace=0)
        assert other.poll() is None
