"""The functions' process: every function behind one address, as hosting's rewrites serve them.

Run by `make run`, which watches over it; by itself it needs nothing but the environment:
`python -m shared.commands.local.server --bind 127.0.0.1:8080`.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import functions_framework
from gunicorn.app.base import BaseApplication

from shared.commands.local.hosting_files import HostingFiles
from shared.commands.rewrites import Rewrites
from shared.web.connections import Connections

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

# A graceful stop waits this long (in seconds) for the requests that are being answered.
GRACE = 10

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Dispatcher:
    """A WSGI application that answers as hosting does: with a file, or the function of the path."""

    def __init__(
        self, rewrites: Rewrites, files: HostingFiles, function: Callable[[str], WSGIApplication]
    ) -> None:
        self._rewrites = rewrites
        self._files = files
        self._function = function

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # https://peps.python.org/pep-3333/#unicode-issues
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        if self._files.answers(environ["REQUEST_METHOD"], path):
            return self._files.answer(path, environ, start_response)
        entry_point = self._rewrites.entry_point(path)
        if entry_point is None:
            start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"firebase.json has no rewrite for this path\n"]
        return self._function(entry_point)(environ, start_response)


def noting_changes(app: WSGIApplication, changed: Callable[[], None]) -> WSGIApplication:
    """The application, calling `changed` before each answer to a request that may have written.

    An answer of 5xx counts: what was asked for may have been carried out all the same.
    """

    def noting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in _READING:
            return app(environ, start_response)

        @wraps(start_response)
        def start(status: str, *rest: Any) -> Callable[[bytes], object]:
            if not status.startswith("4"):
                changed()
            return start_response(status, *rest)

        return app(environ, start)

    return noting


class LocalServer(BaseApplication):  # type: ignore[misc]
    """gunicorn as functions-framework runs it in production: one process, many threads."""

    def __init__(
        self,
        make_app: Callable[[], WSGIApplication],
        *,
        bind: str,
        threads: int,
        lifeline: int | None,
    ) -> None:
        self._make_app = make_app
        self._settings = {
            "bind": bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": threads,
            "timeout": 0,
            "graceful_timeout": GRACE,
            "limit_request_line": 0,
            "loglevel": "error",
            "control_socket_disable": True,
            # Nobody in front is trusted: else `SCRIPT_NAME` of a local client is a 500 of its own.
            "forwarded_allow_ips": "",
        }
        if lifeline is not None:
            self._settings["post_fork"] = lambda arbiter, _worker: _stop_at_end_of(
                lifeline, arbiter.pid
            )
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Called by gunicorn in its worker, before there is a request."""
        return self._make_app()


def _stop_at_end_of(lifeline: int, server: int) -> None:
    """Stop the server when the other end of this pipe is closed, however its holder ended.

    The thread lives in gunicorn's worker: its parent forks, and must have none.
    """

    def watch() -> None:
        os.read(lifeline, 1)
        orphaned = os.getppid() != server
        os.kill(os.getpid() if orphaned else server, signal.SIGTERM)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bind", required=True, help="host:port, or fd://N for an open socket")
    parser.add_argument("--source", type=Path, default=Path("main.py"))
    parser.add_argument("--changed-file", type=Path, help="touched whenever data may have changed")
    parser.add_argument("--lifeline", type=int, help="a pipe to read: at its end the server stops")
    arguments = parser.parse_args()

    source = arguments.source.resolve()

    firebase_json = source.parent / "firebase.json"
    threads = int(os.environ.get("THREADS", "16"))
    rewrites = Rewrites.load(firebase_json)
    files = HostingFiles.load(firebase_json, Connections(threads))

    def make_app() -> WSGIApplication:
        # All of them now: the framework changes the environment, which threads must not see.
        functions = {
            entry_point: functions_framework.create_app(entry_point, str(source))
            for entry_point in rewrites.entry_points()
        }
        app: WSGIApplication = Dispatcher(rewrites, files, functions.__getitem__)
        if arguments.changed_file:
            app = noting_changes(app, arguments.changed_file.touch)
        return app

    LocalServer(make_app, bind=arguments.bind, threads=threads, lifeline=arguments.lifeline).run()


if __name__ == "__main__":
    main()
