"""What a ledger holds when the requests come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from shared.domain.api_key import ApiKey, Scope, key_digest, make_key
from shared.domain.identifiers import (
    commit_document_id,
    contribution_id,
    contributor_document_id,
    contributor_id,
    repository_asset_id,
)
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.keys import KeyStore
from tests.interleavings.process import Process, encoded
from tests.interleavings.store import Store

# What requests report.
REPOSITORY = "octo/hello"
# Its name before, where it has one.
FORMER = "octo/former"
AUTHOR = "ann@x.org"
CO_AUTHOR = "bea@x.org"
# What is there before.
OLD = "aaaaaa"
WRONG = "bbbbbb"
KEY_ID, KEY_TEXT = make_key(id_bytes=b"0123456789", secret_bytes=b"s" * 32)
# GitHub's number of the repository, and the key of somebody who has nothing to do with it.
NUMBER = 7
STRANGER_ID, STRANGER_TEXT = make_key(id_bytes=b"9876543210", secret_bytes=b"t" * 32)


@dataclass(frozen=True)
class World:
    """A ledger with two contributions of one author to one repository: one live, one voided.

    `drift` are micro-units that the author's total says too much. `former` says what there is of
    the former name: that it leads to the repository, or an account that was emptied; `number`, by
    which number of GitHub's the repository is known.
    """

    name: str
    repository: str
    author: str
    co_author: str
    drift: int = 0
    former: str = ""
    number: int | None = None

    @property
    def old(self) -> str:
        """The id of the contribution that is live."""
        return self._id(OLD)

    @property
    def wrong(self) -> str:
        """The id of the voided one."""
        return self._id(WRONG)

    @property
    def contributor_id(self) -> str:
        return contributor_id(self.author)

    @property
    def asset_id(self) -> str:
        return repository_asset_id(Repository.parse(self.repository))

    def _id(self, commit_hash: str) -> str:
        return contribution_id(commit_document_id(Repository.parse(self.repository), commit_hash))

    @cached_property
    def content(self) -> bytes:
        """The database, made through the service itself."""
        store = Store()
        try:
            self._make(store)
            return store.content()
        finally:
            store.close()

    def _make(self, store: Store) -> None:
        process = Process(store.client())
        for commit_hash in (OLD, WRONG):
            self._record(process, self.repository, commit_hash)
        self._void(process, self.wrong)
        if self.former == "leads there":
            path = f"/v1/assets/{self.repository}/aliases"
            status, *_ = process.http("assets", "POST", path, encoded({"repository": FORMER}))
            assert status == 201
        if self.former == "is empty":
            self._record(process, FORMER, WRONG)
            self._void(process, f"{FORMER}@{WRONG}")
        connection = process.connection
        for key_id, text, name, repositories in (
            (KEY_ID, KEY_TEXT, "robot", ()),
            (STRANGER_ID, STRANGER_TEXT, "stranger", ("evil/*",)),
        ):
            KeyStore(connection).create(
                ApiKey(
                    id=key_id,
                    name=name,
                    scope=Scope.RECORD,
                    repositories=repositories,
                    digest=key_digest(text.encode()),
                )
            )
        if self.drift:
            self._add_drift(connection)

    def _record(self, process: Process, repository: str, commit_hash: str) -> None:
        report = {
            "contributor_email": self.author,
            "contributor_name": "Ann",
            "repository": repository,
            "repository_id": self.number,
            "commit_hash": commit_hash,
            "cost_amount": 7,
            "co_authors": [{"email": self.co_author, "name": "Bea"}],
        }
        body = encoded(report)
        status, *_ = process.http("track_github", "POST", "/v1/contributions/github", body)
        assert status == 201

    def _void(self, process: Process, key: str) -> None:
        status, *_ = process.http("contributions", "DELETE", f"/v1/contributions/{key}")
        assert status == 200

    def _add_drift(self, connection: Connection) -> None:
        person = connection.contributors.document(contributor_document_id(self.author))
        writes = connection.write_batch()
        writes.update(person, {"total_cost_micros": 7_000_000 + self.drift})
        connection.commit(writes, connection.timing.deadline())


# Who is reported is there already, and the repository.
KNOWN = World("known", REPOSITORY, AUTHOR, CO_AUTHOR)
# Nobody of them is there.
NEW = World("new", "octo/other", "zoe@x.org", "yan@x.org")
# As known, and a total is wrong.
DRIFTED = World("drifted", REPOSITORY, AUTHOR, CO_AUTHOR, drift=5_000_000)
# As known, and the former name leads to the repository, or has an account with nothing in it.
RENAMED = World("renamed", REPOSITORY, AUTHOR, CO_AUTHOR, former="leads there")
EMPTIED = World("emptied", REPOSITORY, AUTHOR, CO_AUTHOR, former="is empty")
# As known, by its number too.
NUMBERED = World("numbered", REPOSITORY, AUTHOR, CO_AUTHOR, number=NUMBER)

WORLDS = {world.name: world for world in (KNOWN, NEW, DRIFTED, RENAMED, EMPTIED, NUMBERED)}
