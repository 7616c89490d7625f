"""What is asked of the ledger: requests over HTTP, and the commands that write beside them."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from werkzeug.datastructures import Headers

from shared.commands.reconcile import Screen, reconcile
from shared.domain.drift import State
from shared.domain.errors import LedgerError
from shared.domain.identifiers import commit_document_id, contribution_id
from shared.domain.repository import Repository
from shared.store.keys import KeyStore
from shared.store.reconciling import Reconciler
from tests.interleavings.process import KEY, WEBHOOK_SECRET, Process, encoded
from tests.interleavings.world import AUTHOR, CO_AUTHOR, KEY_ID, KEY_TEXT, REPOSITORY, World

# Of what is answered, what says when it was, which an order does not decide on.
_TIME = re.compile(r'"\d{4}-\d\d-\d\dT[0-9:.]+Z"')
_LATER = {"voided", "voided_at", "voided_by", "void_reason", "corrected_by"}
# The commits that are reported; the first of them by several requests.
ONE, TWO, THREE = "c1" * 20, "c2" * 20, "c3" * 20


@dataclass(frozen=True)
class Answer:
    """What a request was told, without times: its status, what the headers say, and the body.

    A command has no status: 0 where it did what it was asked, else 503 or 1.
    """

    status: int
    headers: tuple[str | None, ...]
    body: str

    @property
    def unavailable(self) -> bool:
        """Whether it says that it is not known what was done."""
        return self.status == 503

    def told_as(self, other: Answer) -> Answer:
        """With what the other one says of whether it was done before, where both succeeded."""
        if self.status >= 400 or other.status >= 400:
            return self
        return replace(self, status=other.status, headers=other.headers)

    def as_recorded(self) -> Answer:
        """Without what may have become of a contribution since."""
        body = json.loads(self.body)
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in _LATER}
        return replace(self, body=json.dumps(body, sort_keys=True))

    def contributions(self) -> Iterator[tuple[Mapping[str, Any], bool]]:
        """Those it tells of, and whether it says that it has recorded them."""
        body = json.loads(self.body)
        if not isinstance(body, dict) or self.status >= 400:
            return
        if "cost_basis" in body:
            yield body, self.status == 201
        for outcome in body.get("outcomes", ()):
            if outcome["outcome"] in {"recorded", "replayed"}:
                yield outcome, outcome["outcome"] == "recorded"


Ask = Callable[[World, Process], Answer]


@dataclass(frozen=True)
class Asked:
    """A kind of request: by its name, how it is asked of a process.

    `shares` says that it uses the memory that requests of one process share; `forgets`, that a try
    of it does not know whether an earlier one did what is found done.
    """

    name: str
    ask: Ask
    shares: bool = False
    forgets: bool = False


def _answer(answered: tuple[int, Headers, Any]) -> Answer:
    status, headers, body = answered
    told = tuple(headers.get(f"Idempotency-{name}") for name in ("Replayed", "Differs"))
    return Answer(status, told, _TIME.sub('"a time"', json.dumps(body, sort_keys=True)))


def _commit(commit_hash: str, **changes: Any) -> dict[str, Any]:
    # With the name that all report, so that nobody's is filled in later.
    author = {"contributor_email": AUTHOR, "contributor_name": "Ann"}
    return author | {"commit_hash": commit_hash, "cost_amount": 3} | changes


def _record(commit_hash: str, key: str | None = None, **changes: Any) -> Ask:
    body = encoded({"repository": REPOSITORY} | _commit(commit_hash, **changes))
    headers = {"X-API-Key": key} if key else None

    def ask(_: World, process: Process) -> Answer:
        path = "/v1/contributions/github"
        return _answer(process.http("track_github", "POST", path, body, headers))

    return ask


def _batch(*commits: str) -> Any:
    # Whose type the ledger has to know, so it reads before it writes.
    people = [{"email": CO_AUTHOR, "name": "Bea"}]
    listed = [_commit(commit, co_authors=people) for commit in commits]
    body = encoded({"repository": REPOSITORY, "commits": listed})

    def ask(_: World, process: Process) -> Answer:
        path = "/v1/contributions/github/batch"
        return _answer(process.http("track_github", "POST", path, body))

    return ask


def _webhook(*commits: str) -> Ask:
    listed = [
        {
            "id": commit,
            "message": f"Change\n\nCo-authored-by: Bea <{CO_AUTHOR}>\n",
            "author": {"name": "Ann", "email": AUTHOR},
            "added": ["a.py"],
        }
        for commit in commits
    ]
    repository = {"full_name": REPOSITORY, "default_branch": "main"}
    push = {"repository": repository, "ref": "refs/heads/main", "head_commit": {}}
    body = encoded(push | {"commits": listed})
    digest = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={digest}"}

    def ask(_: World, process: Process) -> Answer:
        return _answer(process.http("github_webhook", "POST", "/v1/webhooks/github", body, headers))

    return ask


def _void(chosen: Callable[[World], str]) -> Ask:
    def ask(world: World, process: Process) -> Answer:
        return _answer(
            process.http("contributions", "DELETE", f"/v1/contributions/{chosen(world)}")
        )

    return ask


def _correct(chosen: Callable[[World], str], idempotency_key: str | None = None) -> Ask:
    def ask(world: World, process: Process) -> Answer:
        request = {
            "contributor_id": world.contributor_id,
            "asset_id": world.asset_id,
            "cost_amount": 11,
            "corrects": chosen(world),
        }
        headers = {"X-API-Key": KEY}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        answered = process.http(
            "contributions", "POST", "/v1/contributions", encoded(request), headers
        )
        return _answer(answered)

    return ask


def _revoke(_: World, process: Process) -> Answer:
    try:
        KeyStore(process.connection).revoke(KEY_ID)
    except LedgerError as error:
        return Answer(1, (), json.dumps(error.code))
    except GoogleAPICallError:
        return Answer(503, (), '"Firestore refused"')
    return Answer(0, (), '"revoked"')


def _reconcile(_: World, process: Process) -> Answer:
    out = io.StringIO()
    screen = Screen(out, io.StringIO())
    try:
        code = reconcile(Reconciler(process.connection), screen, repair=True)
    except LedgerError as error:
        return Answer(503, (), json.dumps(error.code))
    # Two that meet may both tell of what was mended. The last line counts what was gone through,
    # which may be more by then.
    *lines, _counts = out.getvalue().splitlines()
    left = sorted(line for line in lines if not line.startswith(State.MENDED))
    return Answer(0, (), json.dumps([code, *left]))


def _person(method: str, path: str, **fields: Any) -> Ask:
    body = encoded(fields) if fields else b""

    def ask(_: World, process: Process) -> Answer:
        return _answer(process.http("contributors", method, f"/v1/contributors/{path}", body))

    return ask


def _of_one(_: World) -> str:
    return contribution_id(commit_document_id(Repository.parse(REPOSITORY), ONE))


_ALL = (
    Asked("record", _record(ONE), shares=True),
    # The same commit, by somebody else.
    Asked(
        "claim", _record(ONE, contributor_email="eve@x.org", contributor_name="Eve"), shares=True
    ),
    Asked("batch", _batch(ONE, TWO), shares=True),
    Asked("webhook", _webhook(TWO, THREE), shares=True),
    Asked("robot", _record(THREE, key=KEY_TEXT), shares=True),
    Asked("void", _void(lambda world: world.old), forgets=True),
    # What is only just being recorded.
    Asked("void-one", _void(_of_one), forgets=True),
    # What is voided already; with an Idempotency-Key, and without one.
    Asked("correct", _correct(lambda world: world.wrong, "k")),
    Asked("correct-unkeyed", _correct(lambda world: world.wrong)),
    # What is only just being voided.
    Asked("correct-old", _correct(lambda world: world.old, "o")),
    Asked("revoke", _revoke),
    Asked("reconcile", _reconcile),
)
# Of people: they meet each other, and those of the others in which it matters who is one person.
# Their answers tell the figures of a moment later, so they meet nothing that moves them as well.
_OF_PEOPLE = (
    Asked("join", _person("POST", f"{AUTHOR}/aliases", email=CO_AUTHOR), forgets=True),
    # Crosswise.
    Asked("join-back", _person("POST", f"{CO_AUTHOR}/aliases", email=AUTHOR), forgets=True),
    Asked("split", _person("DELETE", f"{AUTHOR}/aliases/{CO_AUTHOR}"), forgets=True),
    Asked("change", _person("PATCH", CO_AUTHOR, name="Beatrice", type="BOT")),
    # The same commit as `record`, by the co-author.
    Asked("other", _record(ONE, contributor_email=CO_AUTHOR, contributor_name="Bea")),
)
PAIRED = {asked.name: asked for asked in _ALL}
ASKED = PAIRED | {asked.name: asked for asked in _OF_PEOPLE}
