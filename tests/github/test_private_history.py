"""A private repository's history is fetched with the job's token, which no file keeps."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.github.repositories import Repository, checkout, git_environment
from tests.github.runner import Runner
from tests.github.stub_ledger import StubLedger
from tests.loopback import Handler, served

TOKEN = "ghs_private"
EXPECTED = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@dataclass
class GitServer:
    """Serves one repository over http by git's own back end, to those who show the token."""

    repository: Path
    refused: list[str] = field(default_factory=list)
    url: str = ""

    def handler(self) -> type[Handler]:
        server = self

        class Git(Handler):
            def do_GET(self) -> None:
                self.serve(b"")

            def do_POST(self) -> None:
                self.serve(self.rfile.read(int(self.headers["Content-Length"])))

            def serve(self, body: bytes) -> None:
                shown = self.headers.get_all("Authorization", [])
                if shown != [EXPECTED]:
                    server.refused.append(str(shown))
                    self.send_response(401)
                    self.end_headers()
                    return
                head, content = server.answer(self, body)
                self.send_response(200)
                for line in head.decode().split("\r\n"):
                    self.send_header(*line.split(": ", 1))
                self.end_headers()
                self.wfile.write(content)

        return Git

    def answer(self, request: Handler, body: bytes) -> tuple[bytes, bytes]:
        path, _, query = request.path.partition("?")
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=True,
            env=git_environment()
            | {
                "GIT_PROJECT_ROOT": str(self.repository),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
                "PATH_INFO": path.removeprefix("/octo/demo"),
                "QUERY_STRING": query,
                "REQUEST_METHOD": request.command,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            },
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        return head, content


@pytest.fixture
def server(origin: Repository) -> Iterator[GitServer]:
    running = GitServer(origin.path / ".git")
    with served(running.handler()) as running.url:
        yield running


@pytest.mark.parametrize("leftover", [False, True])
def test_a_shallow_checkout_is_deepened_with_the_token_alone(
    origin: Repository, server: GitServer, ledger: StubLedger, tmp_path: Path, leftover: bool
) -> None:
    before = origin.head
    pushed = [origin.commit() for _ in range(3)]
    workspace = checkout(origin, tmp_path / "workspace", commit=pushed[-1], depth=1)
    workspace.git("remote", "set-url", "origin", f"{server.url}/octo/demo")
    if leftover:
        # What actions/checkout leaves in the clone, where it is told to persist its credentials.
        workspace.git("config", f"http.{server.url}/.extraheader", "Authorization: Basic b2xk")
    settings = (workspace.path / ".git" / "config").read_bytes()

    run = Runner(tmp_path / "runner", workspace.path).push(
        before,
        pushed[-1],
        inputs=ledger.inputs | {"github-token": TOKEN},
        environment={"GITHUB_SERVER_URL": server.url},
    )

    assert run.annotations("error") == []
    assert ledger.hashes == pushed
    assert server.refused == []
    assert (workspace.path / ".git" / "config").read_bytes() == settings
    assert TOKEN not in run.log + run.stdout


def test_without_the_token_is_an_error_and_nobody_is_asked_for_one(
    origin: Repository, server: GitServer, ledger: StubLedger, tmp_path: Path
) -> None:
    before = origin.head
    pushed = origin.commit()
    workspace = checkout(origin, tmp_path / "workspace", commit=pushed, depth=1)
    workspace.git("remote", "set-url", "origin", f"{server.url}/octo/demo")

    run = Runner(tmp_path / "runner", workspace.path).push(
        before, pushed, inputs=ledger.inputs, environment={"GITHUB_SERVER_URL": server.url}
    )

    assert ledger.requests == []
    (error,) = run.annotations("error")
    assert "terminal prompts disabled" in error or "Authentication failed" in error
