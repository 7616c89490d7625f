"""The files that hosting serves as they are: those of its public folder, before any rewrite.

As deployed, it holds the files of Swagger UI too.

https://firebase.google.com/docs/hosting/full-config#hosting_priority_order
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from shared.commands.local.hosting_headers import HostingHeaders
from shared.commands.swagger_ui import swagger_ui_files
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
        added: Mapping[str, Path] | None = None,
    ) -> None:
        self._connections = connections or Connections()
        self._headers = headers or HostingHeaders(())
        self._files = {f"/{name}": file for name, file in (added or {}).items()}
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
        public = firebase_json.parent / hosting["public"]
        return cls(public, connections, headers, swagger_ui_files())

    def answers(self, method: str, path: str) -> bool:
        """Whether a file is what such a request gets; the path is percent-decoded."""
        return method in {"GET", "HEAD"} and (path in self._files or self._is_folder(path))

    def _is_folder(self, path: str) -> bool:
        return path != "" and f"{path}/" in self._files

    def answer(
        self, path: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """The file, read anew each time, or where it is; HEAD is answered without it."""
        request = Request(environ)
        close = has_body(request)
        response = self._to_folder(request) if self._is_folder(path) else self._file(path)
        response.headers.update(self._headers.for_path(path))
        if close:
            response.headers["Connection"] = "close"
        self._connections.send(request, response, close=close)
        return response(environ, start_response)

    def _file(self, path: str) -> Response:
        file = self._files[path]
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return Response(file.read_bytes(), content_type=_content_type(file), headers=headers)

    def _to_folder(self, request: Request) -> Response:
        # From its page's own address the names in it lead to what lies beside it.
        query = request.query_string.decode("ascii", "replace")
        location = f"{quote(request.path)}/{f'?{query}' if query else ''}"
        return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": location})


def _content_type(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
