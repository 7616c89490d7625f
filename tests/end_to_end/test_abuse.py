"""What nobody should send, sent to functions served by gunicorn: refused, and nothing is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from shared.embedded import read_embedded
from tests.contract.books import documents
from tests.end_to_end.function_process import (
    KEY,
    THREADS,
    WEBHOOK_SECRET,
    FunctionProcess,
    read_to_end,
    request_bytes,
    status_of,
)

MIB = 1024 * 1024
WITH_KEY = [f"X-API-Key: {KEY['X-API-Key']}", "Content-Type: application/json"]
REPORT = {
    "contributor_email": "test@example.com",
    "repository": "octo/hello",
    "commit_hash": "abc123",
    "cost_amount": 1,
}
# For each function, what it looks up with a key that stands in the path.
KEYED = {
    "contributions": ["/v1/contributions/{}"],
    "contributors": ["/v1/contributors/{}", "/v1/contributors/{}/contributions"],
    "assets": ["/v1/assets/{}", "/v1/assets/{}/contributions"],
}
TRICKS = {
    "dots": "..",
    "dots above": "../../v1/contributors",
    "encoded dots": "%2e%2e",
    "encoded slashes": "..%2f..%2fkeys",
    "double encoded": "%252e%252e%252f",
    "nul": "%00",
    "nul inside": "a%00b@example.com",
    "reserved": "__x__",
    "reserved address": "__x__@__y__",
    "long": "x" * 1500,
    "long address": "x" * 1500 + "@example.com",
    "long repository": "o/" + "x" * 1500,
    "slashes": "//",
    "slashes before": "//evil.example/x",
    "backslashes": "..%5c..%5ckeys",
    "raw backslashes": "..\\..\\keys",
    "overlong UTF-8": "%c0%ae%c0%ae%c0%af",
    "half a surrogate pair": "%ed%a0%80",
    "no UTF-8": "%ff%fe",
    "bad escapes": "%zz%",
    "line end": "x%0d%0aSet-Cookie:%20a=b",
    "other collection": "..%2fkeys%2fx",
    "fragment": "x%23y",
    "asset of dots": "octo/..",
    "query in the key": "a%3fb%26c",
    "other digits": "%d9%a1%d9%a2%d9%a3",
    "white space": "%20%09",
}


class Functions:
    """The functions under attack, each with a ledger of its own, which stays empty."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._started: dict[str, FunctionProcess] = {}

    def __call__(self, target: str) -> FunctionProcess:
        if target not in self._started:
            function = FunctionProcess(
                target,
                self._folder,
                LEDGER_BACKEND="embedded",
                LEDGER_DATA_DIR=str(self._folder / target),
                GOOGLE_CLOUD_PROJECT="demo-abuse",
            )
            self._started[target] = self._stack.enter_context(function)
            # Opens the ledger, so that its memory does not count as what a request takes.
            with function.client(**KEY) as client:
                client.post("/", json={})
        return self._started[target]

    def kept(self) -> dict[str, list[str]]:
        """The ids of all documents of each function that has any."""
        found: dict[str, list[str]] = {}
        for target in self._started:
            folder = self._folder / target / "embedded"
            with read_embedded(folder, project="demo-abuse") as store:
                for collection in ("contributions", "contributors", "assets"):
                    found.setdefault(target, []).extend(documents(store.client(), collection))
        return {target: ids for target, ids in found.items() if ids}

    def output(self) -> str:
        return "".join(function.output for function in self._started.values())


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Functions]:
    with ExitStack() as stack:
        functions = Functions(tmp_path_factory.mktemp("abuse"), stack)
        yield functions
        lines = functions.output().splitlines()
    # Whatever was sent, nothing but the log was printed: no stack trace, no warning of a server's.
    assert lines
    for line in lines:
        assert json.loads(line)["severity"] in {"INFO", "WARNING"}
        assert "test@example.com" not in line


@pytest.fixture(autouse=True)
def _nothing_is_kept(functions: Functions) -> Iterator[None]:
    yield
    assert functions.kept() == {}


@pytest.fixture
def track(functions: Functions) -> FunctionProcess:
    return functions("track_github")


def assert_refused(answer: bytes, *statuses: int) -> None:
    """The answer is a problem of ours with one of these statuses."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status_of(answer) in statuses, answer[:500]
    assert b"\r\nContent-Type: application/problem+json\r\n" in head + b"\r\n"
    assert b"Set-Cookie" not in head
    assert b"Traceback" not in body


def in_chunks(*chunks: bytes, end: bool = True) -> bytes:
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return framed + b"0\r\n\r\n" * end


class TestSlowBodies:
    def test_are_waited_for_while_others_are_served(self, track: FunctionProcess) -> None:
        body = b"[" + b" " * 100
        head = request_bytes("POST", "/", [*WITH_KEY, f"Content-Length: {len(body)}"])
        with track.connect() as slow, track.client(**KEY) as client:
            slow.sendall(head + body[:50])
            for _ in range(3):
                assert client.post("/", json={}).status_code == 422
            slow.sendall(body[50:])
            assert_refused(read_to_end(slow), 400)

    @pytest.mark.parametrize("kept_open", [True, False], ids=["half closed", "closed"])
    @pytest.mark.parametrize(
        "framing",
        [
            pytest.param(lambda body: ("Content-Length: 500", body), id="declared"),
            pytest.param(
                lambda body: ("Transfer-Encoding: chunked", in_chunks(body, end=False)),
                id="chunked",
            ),
            pytest.param(
                lambda body: ("Transfer-Encoding: chunked", b"ffff\r\n" + body), id="in a chunk"
            ),
        ],
    )
    def test_that_end_early_are_not_recorded_although_they_are_json(
        self,
        track: FunctionProcess,
        framing: Callable[[bytes], tuple[str, bytes]],
        kept_open: bool,
    ) -> None:
        header, body = framing(json.dumps(REPORT).encode())
        request = request_bytes("POST", "/", [*WITH_KEY, header], body)
        if kept_open:
            assert_refused(track.send(request, half_close=True), 400)
        else:
            with track.connect() as connection:
                connection.sendall(request)
        # The next one is served, and by then the one before is done with.
        with track.client(**KEY) as client:
            assert client.post("/", json={}).status_code == 422


class TestBodiesThatNobodyReads:
    @pytest.mark.parametrize("key", [KEY, {}], ids=["with a key", "without a key"])
    def test_end_the_connection_as_the_answer_says(
        self, track: FunctionProcess, key: dict[str, str]
    ) -> None:
        with track.client(**key) as client:
            assert client.post("/", content=b" " * MIB).headers["Connection"] == "close"
            assert client.post("/", content=b" ").headers["Connection"] == "keep-alive"


class TestHeaders:
    def test_ten_thousand_of_them_are_refused(self, track: FunctionProcess) -> None:
        headers = [f"X-Header-{number}: value" for number in range(10_000)]
        answer = track.send(request_bytes("POST", "/", [*WITH_KEY, *headers]))
        assert 400 <= status_of(answer) < 500

    def test_of_64_kib_are_refused(self, track: FunctionProcess) -> None:
        answer = track.send(request_bytes("POST", "/", [*WITH_KEY, f"X-Big: {'x' * 65_536}"]))
        assert 400 <= status_of(answer) < 500

    @pytest.mark.parametrize(
        "request_id",
        [
            "a\r\nSet-Cookie: b=c",
            "a\nSet-Cookie: b=c",
            "a\rSet-Cookie: b=c",
            "a\r\n\r\nHTTP/1.1 200 OK",
            "a\r\n Set-Cookie: b=c",
            "a\x00b",
            "a%0d%0aSet-Cookie: b=c",
            "é",
            "a b",
            "x" * 65,
            "x" * 7_000,
            '"},"severity":"EMERGENCY","x":{"',
            "test@example.com",
            "",
        ],
        ids=lambda text: repr(text)[:30],
    )
    def test_of_a_hostile_request_id_come_back_in_no_answer(
        self, track: FunctionProcess, request_id: str
    ) -> None:
        answer = track.send(request_bytes("GET", "/", [f"X-Request-Id: {request_id}"]))
        assert 400 <= status_of(answer) < 500
        head = answer.partition(b"\r\n\r\n")[0]
        assert b"\r\nSet-Cookie" not in head
        assert f"X-Request-Id: {request_id}\r\n".encode("latin-1") not in head

    @pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity", "x", ""])
    def test_of_any_content_encoding_are_refused(
        self, track: FunctionProcess, encoding: str
    ) -> None:
        body = json.dumps(REPORT).encode()
        headers = [*WITH_KEY, f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}"]
        assert_refused(track.send(request_bytes("POST", "/", headers, body)), 415)

    @pytest.mark.parametrize(
        "header",
        [
            "Content-Length: -1",
            "Content-Length: 0x10",
            "Content-Length: \xb2",
            "Content-Length: 3\r\nContent-Length: 4",
            "Content-Length: 3\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Expect: the-unexpected",
        ],
    )
    def test_that_frame_a_body_in_two_ways_or_none_are_refused(
        self, track: FunctionProcess, header: str
    ) -> None:
        body = json.dumps(REPORT).encode()
        answer = track.send(request_bytes("POST", "/", [*WITH_KEY, header], body), half_close=True)
        assert 400 <= status_of(answer) < 500

    @pytest.mark.parametrize("key", [[], WITH_KEY], ids=["without a key", "with a key"])
    @pytest.mark.parametrize(
        "body",
        [b"zz\r\nabc", b"3\r\nabcdef\r\n0\r\n\r\n", b"3;x=\x01\r\nabc\r\n0\r\n\r\n", b"-3\r\nabc"],
    )
    def test_of_chunks_that_are_none_are_refused(
        self, track: FunctionProcess, key: list[str], body: bytes
    ) -> None:
        request = request_bytes("POST", "/", [*key, "Transfer-Encoding: chunked"], body)
        assert_refused(track.send(request), 400 if key else 401)


class TestPath:
    @pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS.keys())
    @pytest.mark.parametrize("target", KEYED)
    def test_with_a_trick_in_its_key_finds_nothing(
        self, functions: Functions, target: str, trick: str
    ) -> None:
        for pattern in KEYED[target]:
            for method in ("GET", "DELETE"):
                path = pattern.format(trick)
                answer = functions(target).send(request_bytes(method, path, WITH_KEY))
                if 200 <= status_of(answer) < 300:
                    # `/v1/assets//contributions` and the like: a list of nothing.
                    assert answer.endswith(b"\r\n\r\n[]\n"), (method, path)
                else:
                    assert_refused(answer, 404, 405, 422)

    @pytest.mark.parametrize(
        "path", ["/robots.txt", "/favicon.ico", "//robots.txt", "//evil.example", "/%2e%2e/", "/."]
    )
    def test_that_is_no_path_of_ours_is_a_problem_and_no_page(
        self, track: FunctionProcess, path: str
    ) -> None:
        for method in ("GET", "POST"):
            assert_refused(track.send(request_bytes(method, path, ["Content-Length: 0"])), 404)

    @pytest.mark.parametrize("path", ["//", "/v1//contributions", "//v1/contributions/github"])
    def test_with_slashes_to_spare_leads_nowhere_else(
        self, track: FunctionProcess, path: str
    ) -> None:
        answer = track.send(request_bytes("GET", path))
        assert_refused(answer, 404, 405)
        assert b"\r\nLocation:" not in answer

    def test_of_100_000_characters_is_refused(self, functions: Functions) -> None:
        path = "/v1/contributors/" + "x" * 100_000
        answer = functions("contributors").send(request_bytes("GET", path, WITH_KEY))
        assert_refused(answer, 404)

    @pytest.mark.parametrize(
        "query",
        [
            "limit=" + "9" * 4_000,
            "limit=%D9%A1",
            "limit=1e3",
            "limit=-1",
            "since=" + "9" * 4_000,
            "page_token=" + "A" * 4_000,
            "contributor=%00",
            "contributor=" + "x" * 4_000 + "@y",
            "repository=..%2f..",
            "&".join(f"x{number}=1" for number in range(2_000)),
        ],
        ids=lambda query: query[:20],
    )
    def test_with_a_hostile_query_is_refused(self, functions: Functions, query: str) -> None:
        path = f"/v1/contributions?{query}"
        answer = functions("contributions").send(request_bytes("GET", path, WITH_KEY))
        assert_refused(answer, 422)


class TestJson:
    @pytest.mark.parametrize(
        "body",
        [
            b'{"cost_amount": ' + b"9" * 4_000_000 + b"}",
            b'{"commits": [{"metadata": {"x": ' + b"9" * 5_000 + b"}}]}",
            b'{"x": 1e' + b"9" * 50 + b"}",
            b"[" * 4_000_000,
            b'{"a":' * 800_000,
            b'{"a":[' * 600_000,
            b"[" * 2_000_000 + b"]" * 2_000_000,
        ],
        ids=lambda body: body[:12].decode(),
    )
    def test_of_absurd_numbers_or_depth_is_refused(
        self, track: FunctionProcess, body: bytes
    ) -> None:
        with track.client(**KEY, **{"Content-Type": "application/json"}) as client:
            answer = client.post("/v1/contributions/github/batch", content=body)
        assert answer.status_code == 422, answer.text[:500]

    @pytest.mark.parametrize("path", ["/v1/contributions/github", "/v1/contributions/github/batch"])
    @pytest.mark.parametrize("headers", [[], WITH_KEY], ids=["without a key", "with a key"])
    @pytest.mark.parametrize("framing", ["declared", "chunked"])
    def test_of_32_mb_is_refused_and_never_kept_in_memory(
        self, track: FunctionProcess, path: str, headers: list[str], framing: str
    ) -> None:
        parts = [b'{"a": "'.ljust(MIB, b"x"), *[b"x" * MIB] * 31]
        if framing == "chunked":
            parts = [in_chunks(part, end=False) for part in parts] + [in_chunks()]
            header = "Transfer-Encoding: chunked"
        else:
            header = f"Content-Length: {sum(map(len, parts))}"
        before = peak = track.memory()
        with track.connect() as connection:
            connection.sendall(request_bytes("POST", path, [*headers, header]))
            # Who still sends is heard out for a second, and for 32 MiB.
            with suppress(ConnectionResetError, BrokenPipeError):
                for number, sent in enumerate(parts):
                    connection.sendall(sent)
                    if number % 4 == 0:
                        peak = max(peak, track.memory())
            answer = read_to_end(connection)
        assert_refused(answer, 413 if headers else 401)
        # The batch's own limit is 4 MiB.
        assert max(peak, track.memory()) - before < 16 * MIB

    def test_of_a_million_unknown_fields_is_refused_in_a_few_words(
        self, track: FunctionProcess
    ) -> None:
        unknown = b",".join(b'"%x":1' % number for number in range(400_000))
        before = track.memory()
        with track.client(**KEY, **{"Content-Type": "application/json"}) as client:
            answer = client.post("/v1/contributions/github/batch", content=b"{%b}" % unknown)
        assert answer.status_code == 422
        assert len(answer.content) < 1_000
        assert track.memory() - before < 160 * MIB


@pytest.mark.long
class TestLong:
    def test_a_body_without_end_is_cut_off(self, track: FunctionProcess) -> None:
        """A client that never stops is hung up on, with its answer if it listens."""
        before = track.memory()
        sent = 0
        with track.connect() as connection:
            connection.sendall(
                request_bytes("POST", "/", [*WITH_KEY, "Transfer-Encoding: chunked"])
            )
            chunk = in_chunks(b" " * MIB, end=False)
            with suppress(ConnectionResetError, BrokenPipeError):
                while sent < 1024 * MIB:
                    connection.sendall(chunk)
                    sent += MIB
        assert sent < 256 * MIB
        assert track.memory() - before < 32 * MIB

    def test_a_signed_webhook_of_25_mib_of_nonsense_is_refused(self, functions: Functions) -> None:
        webhook = functions("github_webhook")
        for body in (
            b"[" * (25 * MIB),
            b'{"a":' * (5 * MIB),
            b'"' + b"\\u0000" * (4 * MIB) + b'"',
            b"{%b}" % b",".join(b'"%x":1' % number for number in range(2_000_000)),
        ):
            signature = hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hex()
            headers = {
                "Content-Type": "application/json",
                "X-GitHub-Event": "push",
                "X-Hub-Signature-256": f"sha256={signature}",
            }
            with webhook.client(**headers) as client:
                answer = client.post("/", content=body)
            assert answer.status_code == 422, answer.text[:500]

    def test_idle_connections_are_put_aside_for_those_that_ask(
        self, track: FunctionProcess
    ) -> None:
        with ExitStack() as stack:
            for _ in range(3 * THREADS):
                stack.enter_context(track.connect())
            with track.client(**KEY) as client:
                assert client.post("/", json={}).status_code == 422
