"""TCP ports that no two tests share, of this test run or of another one on the machine."""

from __future__ import annotations

import socket
from contextlib import suppress

from shared.commands.emulator.process import LOCAL, free_port

# The UDP port of the same number, which nothing here uses, is held for as long as this process
# runs: so a port stays its test's own from the choice on, also while nobody listens there.
_held: list[socket.socket] = []


def own_port() -> int:
    """A port for a server that is told where to listen; nobody listens there yet."""
    while True:
        port = free_port()
        sign = socket.socket(type=socket.SOCK_DGRAM)
        with suppress(OSError):
            sign.bind((LOCAL, port))
            _held.append(sign)
            return port
        sign.close()
