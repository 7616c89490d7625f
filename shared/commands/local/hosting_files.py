"""The files that hosting serves as they are: those of its public folder, before any rewrite.

https://firebase.google.com/docs/hosting/full-config#hosting_priority_order
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from werkzeug.wrappers import Request, Response

from shared.commands.local.hosting_headers import HostingHeaders
from shared.web.connections import Connections
from shared.web.incoming import has_body

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class HostingFiles:
    """Each file by the path that it is served under; hidden ones are left out, as hosting does.

    A request is only looked up, so no path leads out of the folder. Its connection is bounded as
    that of a function is: a body is not read, and who takes the file slowly is let go.
    """

    def __init__(
        self,
        folder: Path,
        connections: Connections | None = None,
        headers: HostingHeaders | None = None,
    ) -> None:
        self._connections = connections or Connections()
        self._headers = headers or HostingHeaders(())
        self._files: dict[str, Path] = {}
        for file in sorted(folder.rglob("[!.]*")):
            path = file.relative_to(folder)
            if file.is_file() and not any(part.startswith(".") for part in path.parts):
                self._files[f"/{path.as_posix()}"] = file
                if path.name == "index.html":
                    self._files[f"/{path.as_posix()}".removesuffix(path.name)] = file

    @classmethod
    def load(cls, firebase_json: Path, connections: Connections | None = None) -> Self:
        """The files of the folder that `firebase.json` names as public, with its headers."""
        hosting = json.loads(firebase_json.read_text(encoding="utf-8"))["hosting"]
        headers = HostingHeaders.of(hosting.get("headers", ()))
        return cls(firebase_json.parent / hosting["public"], connections, headers)

    def answers(self, method: str, path: str) -> bool:
        """Whether a file is what such a request gets; the path is percent-decoded."""
        return method in {"GET", "HEAD"} and path in self._files

    def answer(
        self, path: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The file, read anew each time; HEAD is answered without it."""
        file = self._files[path]
        request = Request(environ)
        close = has_body(request)
        response = Response(
            file.read_bytes(),
            content_type=_content_type(file),
            headers={
                "Cache-Control": "no-cache",
                "X-Content-Type-Options": "nosniff",
                **self._headers.for_path(path),
                **({"Connection": "close"} if close else {}),
            },
        )
        self._connections.send(request, response, close=close)
        return response(environ, start_response)


def _content_type(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
