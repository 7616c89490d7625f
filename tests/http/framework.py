"""The functions behind functions-framework itself, called as gunicorn calls it in production."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import functions_framework
from google.cloud.firestore import Client
from werkzeug.test import Client as HttpClient
from werkzeug.test import TestResponse

from shared.commands.local.hosting_files import HostingFiles
from shared.commands.local.server import Dispatcher
from shared.commands.rewrites import Rewrites
from shared.store.deadline import Timing
from shared.web.entry_point import EntryPoint, entry_point
from shared.web.logs import Log
from shared.web.services import Services
from shared.web.settings import Settings
from tests.contract.reports import PATIENT
from tests.literals import NOW as NOW
from tests.literals import REPORT as REPORT

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SOURCE = Path(__file__).with_name("source.py")
REWRITES = Rewrites.load(SOURCE.parents[2] / "firebase.json")
NO_FILES = HostingFiles(SOURCE.parent / "none")

KEY = {"X-API-Key": "s3cret"}

_handed: list[Callable[[], EntryPoint]] = []
# An app is made before the fork elsewhere, and `ast.parse` in two threads at once may fail on
# Python 3.11 (https://github.com/python/cpython/issues/106905).
_making = threading.Lock()


def handed_over() -> EntryPoint:
    """The function that is to be served; the source file makes it while the framework loads it."""
    return _handed.pop()()


def framework_app(make_function: Callable[[], EntryPoint]) -> WSGIApplication:
    """A function as the framework serves it under gunicorn."""
    _handed.append(make_function)
    app = functions_framework.create_app("function", str(SOURCE))

    def under_gunicorn(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Other than the test client, gunicorn sets RAW_URI alone, and ends each body itself.
        environ.pop("REQUEST_URI", None)
        environ["wsgi.input_terminated"] = True
        answer: Iterable[bytes] = app(environ, start_response)
        return answer

    return under_gunicorn


class Service:
    """All functions, under the paths of hosting and each at its own URL.

    Every answer is checked for what every answer has to have.
    """

    def __init__(
        self,
        open_client: Callable[[], Client],
        settings: Settings | None = None,
        *,
        timing: Timing = PATIENT,
        clock: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        self.logged: list[str] = []
        self.services = Services(
            settings or Settings(api_keys={"ci": "s3cret"}),
            timing=timing,
            open_client=lambda _: open_client(),
            clock=clock,
            log=Log(write=self.logged.append),
        )
        self._apps: dict[str, WSGIApplication] = {}
        self._hosting = HttpClient(Dispatcher(REWRITES, NO_FILES, self.app))

    def app(self, name: str) -> WSGIApplication:
        """A function by its entry point's name."""
        with _making:
            if name not in self._apps:
                function = import_module(f"functions.{name}")
                self._apps[name] = framework_app(lambda: entry_point(function, self.services))
            return self._apps[name]

    def request(
        self,
        method: str,
        path: str,
        *,
        at: str | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        """Ask hosting, or the function `at` its own URL."""
        client = HttpClient(self.app(at)) if at else self._hosting
        response = client.open(path, method=method, headers=dict(headers or {}), **options)
        cached = response.headers["Cache-Control"]
        kept_for = "60" if path.partition("?")[0].endswith("/badge") else "15"
        assert cached in {"no-store", f"public, max-age=0, s-maxage={kept_for}"}
        assert response.headers["Vary"].startswith("X-API-Key, Authorization")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Request-Id"]
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send JSON with a key."""
        options.setdefault("headers", KEY)
        options.setdefault("data", json.dumps(body))
        options.setdefault("content_type", "application/json")
        return self.request("POST", path, **options)

    def track(self, **changes: Any) -> TestResponse:
        """Report a commit."""
        return self.post("/v1/contributions/github", REPORT | changes)
