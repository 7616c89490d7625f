"""An HTTP server on loopback, for those who stand in for GitHub, Google and the ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """One that keeps the test's output quiet."""

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(handler: type[Handler]) -> Iterator[str]:
    """Serve on a free port until the end of the block; gives the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    # Who hangs up in the middle leaves a request that is never done.
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
