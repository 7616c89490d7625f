"""A stand-in for the ledger: keeps the batch endpoint's contract, and breaks it on demand."""

from __future__ import annotations

import json
import socket
import struct
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tests.loopback import Handler, served

KEY = "stub-key-7f3a"
BATCH_PATH = "/v1/contributions/github/batch"


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def commits(self) -> list[dict[str, Any]]:
        commits: list[dict[str, Any]] = json.loads(self.body)["commits"]
        return commits


Behaviour = Callable[["_Handler"], None]


@dataclass
class StubLedger:
    """Serves on a port of its own while it is entered.

    `accepted` are the credentials that it takes, as (header, value). The next requests are met by
    what `then` queued, each by one, and the others by the contract.
    """

    accepted: set[tuple[str, str]] = field(default_factory=lambda: {("X-API-Key", KEY)})
    voided: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    """Commits that are `invalid`, with the reason."""
    identity_token: str = ""
    """Answered at /id-token, as GitHub's token service does."""

    requests: list[Request] = field(default_factory=list)
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The recorded commits by hash, in the order of their arrival."""
    _queue: deque[Behaviour] = field(default_factory=deque)

    _serving: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> StubLedger:
        stub = self

        class Own(_Handler):
            ledger = stub

        self.url = self._serving.enter_context(served(Own))
        return self

    def __exit__(self, *_: object) -> None:
        self._serving.close()

    @property
    def sent(self) -> list[dict[str, Any]]:
        """Return all commits of all batches in the order in which they arrived."""
        return [commit for request in self.requests for commit in request.commits]

    @property
    def hashes(self) -> list[str]:
        return [commit["commit_hash"] for commit in self.sent]

    @property
    def inputs(self) -> dict[str, str]:
        """Return the action's inputs with which it reports here."""
        return {"url": self.url, "api-key": KEY}

    def then(self, *behaviours: Behaviour) -> None:
        self._queue.extend(behaviours)

    def next_behaviour(self) -> Behaviour:
        return self._queue.popleft() if self._queue else obey

    def record(self, commits: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        outcomes = [self._record_one(dict(commit)) for commit in commits]
        return {"counts": Counter(o["outcome"] for o in outcomes), "outcomes": outcomes}

    def _record_one(self, commit: dict[str, Any]) -> dict[str, Any]:
        commit_hash = commit["commit_hash"]
        outcome: dict[str, Any] = {"commit_hash": commit_hash}
        if commit_hash in self.refused:
            error = {"pointer": "/contributor_email", "message": self.refused[commit_hash]}
            return outcome | {"outcome": "invalid", "errors": [error]}
        if commit_hash in self.voided:
            return outcome | {"outcome": "voided"}
        known = self.entries.get(commit_hash)
        if known is None:
            self.entries[commit_hash] = commit
            figures = {"cost_amount": "0.25", "coherence_score": 0.7}
            return outcome | {"outcome": "recorded", "id": f"id-{commit_hash[:6]}"} | figures
        if not _addresses(known) & _addresses(commit):
            return outcome | {"outcome": "conflict"}
        fields = ("cost_amount", "co_authors", "contributor_email", "metadata")
        differs = [name for name in fields if known.get(name) != commit.get(name)]
        replayed = {"outcome": "replayed", "id": f"id-{commit_hash[:6]}"}
        return outcome | replayed | ({"differs": differs} if differs else {})


def _addresses(commit: Mapping[str, Any]) -> set[str]:
    return {commit["contributor_email"], commit.get("author_email", commit["contributor_email"])}


def answer(
    status: int, *, body: bytes = b"", content_type: str = "text/html", **headers: str
) -> Behaviour:
    """Answer like that; the header Retry-After is spelled `Retry_After`."""

    def misbehave(handler: _Handler) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.reply(status, body, content_type, fields)

    return misbehave


def problem(status: int, **members: object) -> Behaviour:
    """Answer with a problem document."""
    body = json.dumps({"status": status, **members}).encode()
    return answer(status, body=body, content_type="application/problem+json")


def obey(handler: _Handler) -> None:
    """Keep the contract this time; for a failure that comes later."""
    handler.obey(handler.ledger.requests[-1].body)


def reset(handler: _Handler) -> None:
    """End the connection in the middle of the answer, as a crashing server does."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{")
    handler.wfile.flush()
    linger_none = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
    handler.connection.close()
    handler.close_connection = True


def record_and_reset(handler: _Handler) -> None:
    """Record the batch and lose the answer."""
    handler.ledger.record(handler.ledger.requests[-1].commits)
    reset(handler)


class _Handler(Handler):
    protocol_version = "HTTP/1.1"
    ledger: StubLedger

    def do_GET(self) -> None:
        if self.path.startswith("/id-token?") and self.ledger.identity_token:
            self.ledger.requests.append(Request("GET", self.path, dict(self.headers), b""))
            self._json(200, {"value": self.ledger.identity_token})
        else:
            self._json(404, {"title": "Not Found", "detail": "Nothing here", "code": "not_found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.ledger.requests.append(Request("POST", self.path, dict(self.headers), body))
        self.ledger.next_behaviour()(self)

    def obey(self, body: bytes) -> None:
        if not any(self.headers.get(name) == value for name, value in self.ledger.accepted):
            self._json(401, {"title": "Unauthorized", "detail": "Unknown key", "code": "bad_key"})
        elif not self.path.endswith(BATCH_PATH):
            self._json(404, {"title": "Not Found", "detail": "No such path", "code": "not_found"})
        else:
            self._json(*self._batch(body))

    def _batch(self, body: bytes) -> tuple[int, Mapping[str, Any]]:
        if len(body) > 4 * 1024 * 1024:
            return 413, {"title": "Content Too Large", "detail": "At most 4 MiB"}
        batch = json.loads(body.decode("utf-8", errors="strict"))
        if len(batch["commits"]) > 500:
            return 422, {"title": "Unprocessable Content", "detail": "At most 500 commits"}
        for text in _strings(batch):
            if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
                return 422, {"title": "Unprocessable Content", "detail": "Control character"}
        return 200, self.ledger.record(batch["commits"])

    def _json(self, status: int, content: Mapping[str, Any]) -> None:
        kind = "application/json" if status == 200 else "application/problem+json"
        self.reply(status, json.dumps(content).encode(), kind, {})

    def reply(self, status: int, body: bytes, content_type: str, fields: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **fields}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _strings(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _strings(key)
            yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)
