"""The functions' process: which function a path belongs to, and what counts as a change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

import main
from shared.commands.local.hosting_files import HostingFiles
from shared.commands.local.hosting_headers import HostingHeaders
from shared.commands.local.server import Dispatcher, noting_changes
from shared.commands.rewrites import Rewrite, Rewrites

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

NO_FILES = HostingFiles(Path("none"))


class TestRewrite:
    @pytest.mark.parametrize(
        ("pattern", "path", "covered"),
        [
            ("/v1/assets", "/v1/assets", True),
            ("/v1/assets", "/v1/assets/", False),
            ("/v1/assets", "/v1/assetsx", False),
            ("/v1/assets", "/x/v1/assets", False),
            ("/v1.assets", "/v1xassets", False),
            ("/v1/assets/**", "/v1/assets/octo/hello", True),
            ("/v1/assets/**", "/v1/assets/", True),
            ("/v1/assets/**", "/v1/assets", False),
            ("/v1/assets/**", "/v1/assets/a\nb", True),
            ("/v1/*/list", "/v1/assets/list", True),
            ("/v1/*/list", "/v1/assets/x/list", False),
            ("**", "/", True),
            ("**", "/anything/at/all", True),
        ],
    )
    def test_covers_what_hosting_would(self, pattern: str, path: str, covered: bool) -> None:
        assert Rewrite(pattern, "health").matches(path) is covered

    def test_names_the_entry_point_of_a_deployed_name(self) -> None:
        assert Rewrite("**", "track-github").entry_point == "track_github"


class TestRewrites:
    def test_the_first_that_matches_decides(self) -> None:
        rewrites = Rewrites(
            (
                Rewrite("/v1/contributions/github", "track-github"),
                Rewrite("/v1/contributions/**", "contributions"),
            )
        )
        assert rewrites.entry_point("/v1/contributions/github") == "track_github"
        assert rewrites.entry_point("/v1/contributions/github/x") == "contributions"
        assert rewrites.entry_point("/v1/contributors") is None

    def test_names_each_function_once(self) -> None:
        rewrites = Rewrites(tuple(Rewrite(path, "track-github") for path in ("/a", "/b")))
        assert list(rewrites.entry_points()) == ["track_github"]
        assert list(rewrites.function_ids()) == ["track-github"]

    def test_reads_only_rewrites_to_functions(self, tmp_path: Path) -> None:
        table = [
            {"source": "/app/**", "destination": "/index.html"},
            {"source": "**", "function": {"functionId": "health"}},
        ]
        file = tmp_path / "firebase.json"
        file.write_text(json.dumps({"hosting": {"rewrites": table}}))
        assert Rewrites.load(file).table == (Rewrite("**", "health"),)


def answering(
    text: str, status: HTTPStatus = HTTPStatus.OK, log: list[str] | None = None
) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if log is not None:
            log.append("answered")
        return Response(text, status=status.value)(environ, start_response)

    return app


class TestDispatcher:
    def test_hands_each_path_to_its_function(self) -> None:
        rewrites = Rewrites((Rewrite("/v1/assets", "assets"), Rewrite("**", "health")))
        client = Client(Dispatcher(rewrites, NO_FILES, answering))
        assert client.get("/v1/assets").text == "assets"
        assert client.post("/v1/assets").text == "assets"
        assert client.get("/").text == "health"

    def test_matches_the_decoded_path(self) -> None:
        rewrites = Rewrites((Rewrite("/é/**", "assets"),))
        client = Client(Dispatcher(rewrites, NO_FILES, answering))
        assert client.get("/%C3%A9/x").text == "assets"

    def test_says_so_where_no_rewrite_matches(self) -> None:
        answer = Client(Dispatcher(Rewrites(()), NO_FILES, answering)).get("/")
        assert answer.status_code == HTTPStatus.NOT_FOUND
        assert "firebase.json" in answer.text


@pytest.fixture
def hosting(tmp_path: Path) -> Client:
    """A folder with files, and a function that answers everything else."""
    (tmp_path / "secret.txt").write_text("secret")
    public = tmp_path / "public"
    for name, text in {
        "index.html": "<p>page</p>",
        "robots.txt": "all of them",
        "v1/openapi.json": "{}",
        "docs/index.html": "<p>docs</p>",
        ".hidden": "secret",
        ".git/config.json": "secret",
    }.items():
        (public / name).parent.mkdir(parents=True, exist_ok=True)
        (public / name).write_text(text)
    rewrites = Rewrites((Rewrite("**", "health"),))
    (tmp_path / "look.css").write_text("look")
    added = {"docs/look.css": tmp_path / "look.css"}
    return Client(Dispatcher(rewrites, HostingFiles(public, added=added), answering))


class TestHostingFiles:
    @pytest.mark.parametrize(
        ("path", "content_type", "text"),
        [
            ("/v1/openapi.json", "application/json", "{}"),
            ("/robots.txt", "text/plain; charset=utf-8", "all of them"),
            ("/index.html", "text/html; charset=utf-8", "<p>page</p>"),
            ("/", "text/html; charset=utf-8", "<p>page</p>"),
            ("/v1/openapi%2Ejson", "application/json", "{}"),
            ("/docs/", "text/html; charset=utf-8", "<p>docs</p>"),
            ("/docs/look.css", "text/css; charset=utf-8", "look"),
        ],
    )
    def test_come_before_the_functions(
        self, hosting: Client, path: str, content_type: str, text: str
    ) -> None:
        answer = hosting.get(path)
        assert (answer.status_code, answer.text) == (HTTPStatus.OK, text)
        assert answer.headers["Content-Type"] == content_type

    def test_of_a_folder_are_found_from_its_page_s_own_address(self, hosting: Client) -> None:
        answer = hosting.get("/docs?a=b%20c")
        assert answer.status_code == HTTPStatus.MOVED_PERMANENTLY
        assert answer.headers["Location"] == "/docs/?a=b%20c"

    def test_are_told_of_without_being_sent_to_head(self, hosting: Client) -> None:
        answer = hosting.head("/robots.txt")
        assert (answer.text, answer.headers["Content-Length"]) == ("", "11")

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
    def test_are_not_what_another_method_asks_for(self, hosting: Client, method: str) -> None:
        assert hosting.open("/robots.txt", method=method).text == "health"

    @pytest.mark.parametrize(
        "path",
        [
            "/.hidden",
            "/.git/config.json",
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/v1/../../secret.txt",
            "//secret.txt",
            "/..%2fsecret.txt",
            "/..%5csecret.txt",
            "/v1",
            "/v1/",
            "/robots.txt/",
            "/robots.txt%00",
        ],
    )
    def test_are_those_of_the_folder_alone(self, hosting: Client, path: str) -> None:
        assert hosting.get(path).text == "health"

    def test_are_those_of_the_project(self) -> None:
        root = Path(main.__file__).parent
        files = HostingFiles.load(root / "firebase.json")
        for path in ("/v1/openapi.json", "/robots.txt", "/docs/swagger-ui-bundle.js"):
            assert files.answers("GET", path)

    def test_have_an_icon_so_that_a_browser_asks_no_function_for_one(self) -> None:
        files = HostingFiles.load(Path(main.__file__).parent / "firebase.json")
        icon = Client(Dispatcher(Rewrites(()), files, answering)).get("/favicon.ico")
        assert icon.status_code == HTTPStatus.OK
        assert icon.mimetype in {"image/vnd.microsoft.icon", "image/x-icon"}
        # A reserved word, the type "icon", and how many there are.
        assert icon.data.startswith(b"\x00\x00\x01\x00\x01\x00")


class TestHostingHeaders:
    RULES = (
        {"source": "**", "headers": [{"key": "X-Frame-Options", "value": "DENY"}]},
        {"source": "/docs/**", "headers": [{"key": "X-Frame-Options", "value": "SAMEORIGIN"}]},
        {"regex": "^/(page/.*)?$", "headers": [{"key": "Referrer-Policy", "value": "no-referrer"}]},
    )

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/robots.txt", {"X-Frame-Options": "DENY"}),
            ("/docs/index.html", {"X-Frame-Options": "SAMEORIGIN"}),
            ("/", {"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}),
            ("/page/a.js", {"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}),
        ],
    )
    def test_are_those_of_every_rule_that_matches_and_of_the_later_one_twice(
        self, path: str, headers: dict[str, str]
    ) -> None:
        assert HostingHeaders.of(self.RULES).for_path(path) == headers

    def test_go_with_the_files_and_not_with_what_a_function_answers(self, tmp_path: Path) -> None:
        public = tmp_path / "public"
        public.mkdir()
        (public / "robots.txt").write_text("all of them")
        rule = {"source": "**", "headers": [{"key": "Cache-Control", "value": "max-age=60"}]}
        config = {"public": "public", "headers": [rule]}
        (tmp_path / "firebase.json").write_text(json.dumps({"hosting": config}))
        files = HostingFiles.load(tmp_path / "firebase.json")
        client = Client(Dispatcher(Rewrites((Rewrite("**", "health"),)), files, answering))
        assert client.get("/robots.txt").headers["Cache-Control"] == "max-age=60"
        assert "Cache-Control" not in client.get("/elsewhere").headers


class TestNotingChanges:
    @pytest.mark.parametrize(
        ("method", "status", "noted"),
        [
            ("POST", HTTPStatus.CREATED, True),
            ("POST", HTTPStatus.OK, True),
            ("DELETE", HTTPStatus.OK, True),
            ("POST", HTTPStatus.SERVICE_UNAVAILABLE, True),
            ("POST", HTTPStatus.UNAUTHORIZED, False),
            ("GET", HTTPStatus.OK, False),
            ("HEAD", HTTPStatus.OK, False),
            ("OPTIONS", HTTPStatus.OK, False),
        ],
    )
    def test_notes_what_may_have_written(
        self, method: str, status: HTTPStatus, noted: bool
    ) -> None:
        changes: list[str] = []
        app = noting_changes(answering("text", status), lambda: changes.append("changed"))
        answer = Client(app).open("/", method=method)
        assert answer.status_code == status
        assert changes == (["changed"] if noted else [])

    def test_notes_after_the_write_and_before_the_answer(self) -> None:
        log: list[str] = []
        note: Callable[[], None] = lambda: log.append("noted")  # noqa: E731
        answer = Client(noting_changes(answering("text", log=log), note)).post("/")
        log.append(answer.text)
        assert log == ["answered", "noted", "text"]
