"""What is asked of the ledger: requests over HTTP, and the commands that write beside them."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any

from google.api_core.exceptions import GoogleAPICallError

from shared.commands.errors import CommandError
from shared.commands.reconcile import Screen, reconcile
from shared.commands.service import Reply
from shared.commands.void import BulkVoid
from shared.domain.drift import State
from shared.domain.errors import LedgerError
from shared.domain.identifiers import commit_document_id, contribution_id
from shared.domain.repository import Repository
from shared.store.keys import KeyStore
from shared.store.reconciling import Reconciler
from tests.interleavings.asked import Answer, Ask, Asked, told
from tests.interleavings.process import KEY, WEBHOOK_SECRET, Process, encoded
from tests.interleavings.world import (
    AUTHOR,
    CO_AUTHOR,
    FORMER,
    KEY_ID,
    KEY_TEXT,
    NUMBER,
    REPOSITORY,
    STRANGER_TEXT,
    World,
)

# The commits that are reported; the first of them by several requests.
ONE, TWO, THREE = "c1" * 20, "c2" * 20, "c3" * 20


def _commit(commit_hash: str, **changes: Any) -> dict[str, Any]:
    # With the name that all report, so that nobody's is filled in later.
    author = {"contributor_email": AUTHOR, "contributor_name": "Ann"}
    return author | {"commit_hash": commit_hash, "cost_amount": 3} | changes


def _record(commit_hash: str, key: str | None = None, **changes: Any) -> Ask:
    body = encoded({"repository": REPOSITORY} | _commit(commit_hash, **changes))
    headers = {"X-API-Key": key} if key else None

    def ask(_: World, process: Process) -> Answer:
        path = "/v1/contributions/github"
        return told(process.http("track_github", "POST", path, body, headers))

    return ask


def _batch(*commits: str) -> Any:
    # Whose type the ledger has to know, so it reads before it writes.
    people = [{"email": CO_AUTHOR, "name": "Bea"}]
    listed = [_commit(commit, co_authors=people) for commit in commits]
    body = encoded({"repository": REPOSITORY, "commits": listed})

    def ask(_: World, process: Process) -> Answer:
        path = "/v1/contributions/github/batch"
        return told(process.http("track_github", "POST", path, body))

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
        return told(process.http("github_webhook", "POST", "/v1/webhooks/github", body, headers))

    return ask


def _void(chosen: Callable[[World], str]) -> Ask:
    def ask(world: World, process: Process) -> Answer:
        return told(process.http("contributions", "DELETE", f"/v1/contributions/{chosen(world)}"))

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
        return told(answered)

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


def _void_all(most: int | None = None) -> Ask:
    def ask(_: World, process: Process) -> Answer:
        voided = count()

        def service(method: str, path: str, body: Mapping[str, Any] | None) -> Reply:
            if method == "DELETE" and next(voided) == most:
                raise CommandError("Ended")
            function = path.split("/")[2]
            status, _, said = process.http(function, method, path, encoded(body) if body else b"")
            return Reply(status, {}, said)

        bulk = BulkVoid(service, lambda _: None, lambda _: None)
        try:
            bulk.run(Repository.parse(REPOSITORY), "moved")
        except CommandError as error:
            return Answer(1, (), json.dumps(str(error)))
        # How many it were says only what was there before.
        return Answer(0, (), '"voided"')

    return ask


def _account(function: str, method: str, path: str, **fields: Any) -> Ask:
    body = encoded(fields) if fields else b""

    def ask(_: World, process: Process) -> Answer:
        answered = process.http(function, method, f"/v1/{function}{path}", body)
        return told(answered, figures=function == "contributors")

    return ask


_person, _asset = partial(_account, "contributors"), partial(_account, "assets")


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
    Asked("join", _person("POST", f"/{AUTHOR}/aliases", email=CO_AUTHOR), forgets=True),
    # Crosswise.
    Asked("join-back", _person("POST", f"/{CO_AUTHOR}/aliases", email=AUTHOR), forgets=True),
    Asked("split", _person("DELETE", f"/{AUTHOR}/aliases/{CO_AUTHOR}"), forgets=True),
    Asked("change", _person("PATCH", f"/{CO_AUTHOR}", name="Beatrice", type="BOT")),
    # The same commit as `record`, by the co-author.
    Asked("other", _record(ONE, contributor_email=CO_AUTHOR, contributor_name="Bea")),
)
# Of names of repositories, likewise.
_OF_NAMES = (
    Asked("join-name", _asset("POST", f"/{REPOSITORY}/aliases", repository=FORMER), forgets=True),
    Asked("split-name", _asset("DELETE", f"/{REPOSITORY}/aliases/{FORMER}"), forgets=True),
    # The same commit as `record`, under the other name.
    Asked("former", _record(ONE, repository=FORMER), shares=True),
    Asked("void-former", _void(lambda _: f"{FORMER}@{ONE}"), forgets=True),
    Asked("show", _asset("PATCH", f"/{REPOSITORY}", name=FORMER)),
    Asked("describe", _asset("PATCH", f"/{REPOSITORY}", description="Says hello")),
    # One after the other, so that a process may be gone after some.
    Asked("void-all", _void_all(), begun=tuple(map(_void_all, range(3)))),
    # Who and what is opened by hand, and by a report.
    Asked("create-person", _person("POST", "", email=AUTHOR, name="Ann")),
    Asked("create-asset", _asset("POST", "", name=REPOSITORY, type="CODE")),
)
# Of repositories by GitHub's number: under the name, under another one, by a repository that has
# taken the name over, and by somebody who has nothing to do with it.
_OF_NUMBERS = (
    Asked("numbered", _record(ONE, repository_id=NUMBER), shares=True),
    # What its name leads to is looked up by each try, and written where it is another one.
    Asked(
        "moved", _record(ONE, repository=FORMER, repository_id=NUMBER), shares=True, forgets=True
    ),
    Asked("moved-two", _record(TWO, repository=FORMER, repository_id=NUMBER), shares=True),
    Asked("taken", _record(ONE, repository_id=NUMBER + 1), shares=True),
    Asked(
        "stranger",
        _record(ONE, key=STRANGER_TEXT, repository="evil/x", repository_id=NUMBER),
        shares=True,
    ),
)
PAIRED = {asked.name: asked for asked in _ALL}
ASKED = PAIRED | {asked.name: asked for asked in (*_OF_PEOPLE, *_OF_NAMES, *_OF_NUMBERS)}
