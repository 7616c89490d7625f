"""Slow connections: as many as a function has threads, and others are answered all the same."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.function_process import (
    KEY,
    THREADS,
    WEBHOOK_SECRET,
    FunctionProcess,
    read_to_end,
    request_bytes,
    status_of,
)

KIB = 1024
WITH_KEY = [f"X-API-Key: {KEY['X-API-Key']}", "Content-Type: application/json"]
BATCH = "/v1/contributions/github/batch"
SIGNATURE = "X-Hub-Signature-256: sha256="
# Of the right form, and made with no secret.
SIGNED = [
    "Content-Type: application/json",
    "X-GitHub-Event: push",
    f"{SIGNATURE}{'0' * 64}",
]
# Within this many seconds others are answered.
OTHERS_S = 5


def head(path: str, headers: list[str], length: int) -> bytes:
    return request_bytes("POST", path, [*headers, f"Content-Length: {length}"])


BODY = head("/", WITH_KEY, 100) + b"["
CHUNKED = request_bytes("POST", "/", [*WITH_KEY, "Transfer-Encoding: chunked"]) + b"5\r\n["
CHUNK_SIZE = request_bytes("POST", "/", [*WITH_KEY, "Transfer-Encoding: chunked"]) + b"0"
TRAILER = CHUNK_SIZE + b"\r\nX-Trailer: "
A_BATCH = head(BATCH, WITH_KEY, 4 * KIB * KIB) + b"[" * 100 * KIB
NO_KEY = head("/", ["Content-Type: application/json"], 64 * KIB)
NO_KEY_LARGE = head(BATCH, [], 4 * KIB * KIB) + b"["
TOO_LARGE = head("/", WITH_KEY, 65 * KIB)
NO_PATH = head("/nowhere", [], 500)
# It is answered whole, and the client neither reads on nor hangs up.
ANSWERED = request_bytes("GET", "/nowhere")
WEBHOOK = head("/", SIGNED, 25 * KIB * KIB) + b"[" * 100 * KIB
WEBHOOK_UNSIGNED = head("/", SIGNED[:2], 25 * KIB * KIB) + b"["


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], FunctionProcess]]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("slow")
        started: dict[str, FunctionProcess] = {}

        def start(target: str) -> FunctionProcess:
            if target not in started:
                started[target] = stack.enter_context(
                    FunctionProcess(
                        target,
                        folder,
                        LEDGER_BACKEND="embedded",
                        LEDGER_DATA_DIR=str(folder),
                        GOOGLE_CLOUD_PROJECT="demo-slow",
                    )
                )
            return started[target]

        yield start
        lines = "".join(function.output for function in started.values()).splitlines()
    # No stack trace, no warning of the server's.
    for line in lines:
        assert json.loads(line)["severity"] in {"INFO", "WARNING", "ERROR"}


def assert_others_are_answered(function: FunctionProcess) -> None:
    with httpx.Client(base_url=function.address, timeout=OTHERS_S, trust_env=False) as client:
        for _ in range(3):
            # Whoever it is: a key holder with a body, and somebody without either.
            answer = client.post("/", json={}, headers=KEY)
            assert answer.status_code in {401, 422}
            assert client.get("/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("target", "request_sent", "statuses"),
    [
        pytest.param("track_github", BODY, {408, 503}, id="a body"),
        pytest.param("track_github", CHUNKED, {408, 503}, id="a chunk"),
        pytest.param(
            "track_github", CHUNK_SIZE, {408, 503}, id="the size of a chunk", marks=pytest.mark.long
        ),
        pytest.param("track_github", TRAILER, {408, 503}, id="a trailer", marks=pytest.mark.long),
        pytest.param("track_github", A_BATCH, {408, 503}, id="a batch"),
        pytest.param("github_webhook", WEBHOOK, {408, 503}, id="a webhook"),
        pytest.param("github_webhook", WEBHOOK_UNSIGNED, {401}, id="after a 401, a webhook"),
        pytest.param("track_github", NO_KEY, {401}, id="after a 401"),
        pytest.param("track_github", NO_KEY_LARGE, {401}, id="after a 401, a batch"),
        pytest.param("track_github", TOO_LARGE, {413}, id="after a 413"),
        pytest.param("track_github", NO_PATH, {404}, id="after a 404"),
        pytest.param("track_github", ANSWERED, {404}, id="after everything"),
    ],
)
def test_as_many_as_there_are_threads_leave_others_served(
    start: Callable[[str], FunctionProcess], target: str, request_sent: bytes, statuses: set[int]
) -> None:
    function = start(target)
    with ExitStack() as stack:
        slow = [stack.enter_context(function.connect()) for _ in range(2 * THREADS)]
        for connection in slow:
            connection.sendall(request_sent)
        assert_others_are_answered(function)
        # Each is told, and let go.
        answers = [read_to_end(connection) for connection in slow]
    assert {status_of(answer) for answer in answers} <= statuses


def test_that_never_stop_sending_a_little_leave_others_served(
    start: Callable[[str], FunctionProcess],
) -> None:
    function = start("track_github")
    ended = threading.Event()
    with ExitStack() as stack:
        slow = [stack.enter_context(function.connect()) for _ in range(THREADS)]

        def drip() -> None:
            while not ended.wait(0.1):
                for connection in slow:
                    with suppress(OSError):
                        connection.sendall(b" " * 3 * KIB)

        for connection in slow:
            connection.sendall(head(BATCH, WITH_KEY, 4 * KIB * KIB))
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert_others_are_answered(function)
        finally:
            ended.set()
            dripping.join()


@pytest.mark.long
def test_a_crowd_that_comes_back_at_once_leaves_others_served(
    start: Callable[[str], FunctionProcess],
) -> None:
    function = start("github_webhook")
    ended = threading.Event()

    def come_back() -> set[int]:
        statuses = set()
        while not ended.is_set():
            with function.connect() as connection, suppress(OSError):
                connection.sendall(WEBHOOK)
                statuses.add(status_of(read_to_end(connection)))
        return statuses

    with ThreadPoolExecutor(10 * THREADS) as pool:
        crowd = [pool.submit(come_back) for _ in range(10 * THREADS)]
        try:
            assert_others_are_answered(function)
        finally:
            ended.set()
        assert set().union(*(each.result() for each in crowd)) <= {0, 408, 503}


def test_a_delivery_that_nobody_signed_keeps_githubs_pace(
    start: Callable[[str], FunctionProcess],
) -> None:
    function = start("github_webhook")
    ended = threading.Event()
    with function.connect() as connection:

        def drip() -> None:
            # 64 KiB a second.
            while not ended.wait(0.25):
                try:
                    connection.sendall(b" " * 16 * KIB)
                except OSError:
                    return

        connection.sendall(head("/", SIGNED, 25 * KIB * KIB))
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert status_of(connection.recv(KIB)) == 408
        finally:
            ended.set()
            dripping.join()


def test_readers_of_a_long_answer_leave_others_served(
    start: Callable[[str], FunctionProcess], tmp_path: Path
) -> None:
    writer = start("track_github")
    commits = [
        {
            "contributor_email": "ada@example.com",
            "commit_hash": f"{number:040x}",
            "metadata": {"text": "x" * 15 * KIB},
        }
        for number in range(200)
    ]
    with writer.client(**KEY) as client:
        answer = client.post(BATCH, json={"repository": "octo/long", "commits": commits})
        assert answer.json()["counts"]["recorded"] == 200
    writer.__exit__()
    reader = start("contributions")
    for target in ("/?limit=1000", "/?format=ndjson"):
        with ExitStack() as stack:
            for _ in range(2 * THREADS):
                connection = stack.enter_context(socket.socket())
                # As little as the kernel lets one take at a time.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
                connection.settimeout(OTHERS_S)
                connection.connect(("127.0.0.1", reader.port))
                connection.sendall(request_bytes("GET", target, WITH_KEY))
            assert_others_are_answered(reader)


@pytest.mark.long
class TestMemory:
    """Sixteen bodies of the largest size at once: an instance stays under its deployed limit."""

    THREADS = 16
    WEBHOOK_MIB, BATCH_MIB = 1024, 512

    @pytest.mark.parametrize("pace", [None, 600 * KIB], ids=["fast", "slow"])
    @pytest.mark.parametrize(
        ("target", "path", "headers", "size", "most"),
        [
            ("github_webhook", "/", SIGNED, 25 * KIB * KIB, WEBHOOK_MIB),
            ("track_github", BATCH, WITH_KEY, 4 * KIB * KIB, BATCH_MIB),
        ],
        ids=["unsigned webhooks", "batches"],
    )
    def test_stays_under_the_limit(
        self,
        tmp_path: Path,
        target: str,
        path: str,
        headers: list[str],
        size: int,
        most: int,
        pace: int | None,
    ) -> None:
        # As many commits as there is room for, so that it is parsed and recorded as well.
        commits = [
            {
                "contributor_email": f"person-{number}@example.com",
                "commit_hash": f"{number:040x}",
                "metadata": {"text": "x" * 7_000},
            }
            for number in range(500)
        ]
        batch = json.dumps({"repository": "octo/large", "commits": commits}).encode()
        body = batch.ljust(size, b" ")
        assert len(body) == size
        peak, statuses = self.peak(tmp_path, target, path, headers, body, pace)
        assert peak < most
        # On a busy machine they do not keep the pace.
        assert statuses <= {0, 200, 401, 408, 503}

    @pytest.mark.parametrize("item", [b"{}", b"[]", b'{"a":0}'])
    @pytest.mark.parametrize("signed", [True, False], ids=["signed webhooks", "batches"])
    def test_stays_under_the_limit_however_small_the_parts_are(
        self, tmp_path: Path, signed: bool, item: bytes
    ) -> None:
        size = (25 if signed else 4) * KIB * KIB
        items = b",".join([item] * (size // (len(item) + 1) - 20))
        body = b'{"repository": "octo/large", "commits": [%b]}' % items
        signature = hmac.digest(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hex()
        target, path, headers, most = (
            ("github_webhook", "/", [*SIGNED[:2], f"{SIGNATURE}{signature}"], self.WEBHOOK_MIB)
            if signed
            else ("track_github", BATCH, WITH_KEY, self.BATCH_MIB)
        )
        peak, statuses = self.peak(tmp_path, target, path, headers, body, None)
        assert peak < most
        assert statuses <= {0, 422, 503}

    def peak(
        self,
        folder: Path,
        target: str,
        path: str,
        headers: list[str],
        body: bytes,
        pace: int | None,
    ) -> tuple[int, set[int]]:
        """The most memory, in MiB, that sixteen of these bodies take, and what is answered.

        `pace` is in bytes a second.
        """
        with FunctionProcess(
            target,
            folder,
            THREADS=str(self.THREADS),
            LEDGER_BACKEND="embedded",
            LEDGER_DATA_DIR=str(folder),
            GOOGLE_CLOUD_PROJECT="demo-slow",
        ) as function:
            ended = threading.Event()
            peaks: list[int] = [function.memory()]

            def watch() -> None:
                while not ended.wait(0.02):
                    peaks.append(function.memory())

            def send(_: int) -> int:
                with function.connect() as connection:
                    with suppress(OSError):
                        connection.sendall(head(path, headers, len(body)))
                        for start in range(0, len(body), 64 * KIB):
                            connection.sendall(body[start : start + 64 * KIB])
                            if pace:
                                ended.wait(64 * KIB / pace)
                    return status_of(read_to_end(connection))

            watching = threading.Thread(target=watch)
            watching.start()
            try:
                with ThreadPoolExecutor(self.THREADS) as pool:
                    statuses = sorted(pool.map(send, range(self.THREADS)))
            finally:
                ended.set()
                watching.join()
        print(f"{target}: {peaks[0] >> 20} MiB before, {max(peaks) >> 20} at most; {statuses}")
        return max(peaks) >> 20, set(statuses)
