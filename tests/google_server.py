"""`GoogleApis` behind an address, and the environment in which gcloud takes it for Google."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.google_apis import GoogleApis, Refused
from tests.loopback import Handler, served

_SERVICES = (
    "artifactregistry",
    "cloudbuild",
    "cloudfunctions",
    "cloudresourcemanager",
    "firestore",
    "iam",
    "logging",
    "monitoring",
    "run",
    "secretmanager",
    "serviceusage",
)


@contextmanager
def serve_google_apis() -> Iterator[GoogleApis]:
    """Serve them until the end of the block."""
    apis = GoogleApis()

    class Google(Handler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code = 200
            try:
                with apis.lock:
                    body = apis.answer(self.command, self.path, content)
            except Refused as refused:
                code, body = refused.code, refused.body
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = _answer

    with served(Google) as apis.address:
        yield apis


def gcloud_environment(apis: GoogleApis, folder: Path) -> dict[str, str]:
    """Makes gcloud take these for Google, with a token that is worth nothing elsewhere."""
    token = folder / "token"
    token.write_text("worthless", encoding="utf-8")
    overrides = {
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service.upper()}": f"{apis.address}/"
        for service in _SERVICES
    }
    return {
        **overrides,
        "CLOUDSDK_CONFIG": str(folder / "gcloud"),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
    }
