"""Further names of repositories: one document each, which leads to the account of another name.

The account that is named X and a further name X exclude each other, by preconditions in the Commits
that make them. So a name leads to one account, in one step, and an instance that takes it for
another fails where it would create that one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from google.cloud.firestore import SERVER_TIMESTAMP, ArrayUnion, DocumentReference

from shared.domain.asset import Asset
from shared.domain.errors import Conflict, NotFound
from shared.domain.identifiers import repository_document_id, repository_of
from shared.domain.repository import Repository
from shared.store.attempt import Attempt
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import asset_from
from shared.store.lookup import Finder, Found
from shared.store.reading import Document

# Seconds for which an instance uses what it has read.
KEPT_S = 60.0
# Of how many names; when full, it begins anew.
CAPACITY = 4096


@dataclass(frozen=True, slots=True)
class Changed:
    """An asset after one of its further names changed, and whether that had been done before."""

    asset: Asset
    replayed: bool


class Repositories:
    """The collection over one connection. Safe to share between threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # By key, with the time at which it surely was so.
        self._known: dict[str, tuple[Repository | None, float]] = {}
        self._lock = threading.Lock()

    def account_of(self, repository: Repository) -> Repository:
        """Under which name its account stands, as it was at most `KEPT_S` ago.

        Raises `Unavailable` when Firestore does not answer in time.
        """
        now = self.connection.timing.monotonic()
        leads_to, read_at = self._known.get(repository.key, (None, None))
        if read_at is None or now - read_at > KEPT_S:
            reference = self.connection.further_name(repository_document_id(repository))
            read = self.connection.patiently(lambda d: self.connection.read([reference], d))
            leads_to = _leads_to(read[reference.path])
            with self._lock:
                if len(self._known) >= CAPACITY:
                    self._known = {}
                self._known[repository.key] = (leads_to, now)
        return leads_to or repository

    def _forget(self, repository: Repository) -> None:
        with self._lock:
            self._known.pop(repository.key, None)

    def join(self, key: str, further: Repository, *, by: str, reason: str | None) -> Changed:
        """Let a name lead to an asset.

        Raises `NotFound`, and `Conflict` where the asset is no repository, where it is its own
        name or leads elsewhere, or where an account of that name has live contributions or further
        names of its own. An account that is empty is taken away.
        """
        deadline = self.connection.timing.deadline()
        document_id = repository_document_id(further)
        name = self.connection.further_name(document_id)
        account = self.connection.assets.document(document_id)
        attempt = Attempt(self.connection, deadline)
        while True:
            found, read = self._read(key, [name, account], deadline)
            owner = _repository(found)
            if further.key == owner.key:
                raise Conflict("This is the first name of that repository", code="own_name")
            leads_to = _leads_to(read[name.path])
            if leads_to and leads_to.key == owner.key:
                return Changed(found.stored, replayed=not attempt.answer_lost)
            if leads_to:
                raise Conflict(
                    f"This name leads to {leads_to.full_name}: take it away there first",
                    code="joined_elsewhere",
                )
            writes = self.connection.write_batch()
            fields = {
                "repository": further.full_name,
                "asset_id": found.stored.id,
                "leads_to": str(owner),
                "joined_at": SERVER_TIMESTAMP,
                "joined_by": by,
                "reason": reason,
            }
            writes.create(name, fields)
            added = {"former_names": [further.full_name]}
            there = read[account.path]
            if there.update_time is None:
                writes.forbid(account)
            else:
                emptied = _emptied(asset_from(there.fields))
                writes.delete(account, unchanged_since=there.update_time)
                # Its ids lead to the other from now on.
                added["legacy_ids"] = [emptied.id, *emptied.legacy_ids]
            writes.update(found.reference, {n: ArrayUnion(some) for n, some in added.items()})
            if attempt.commit(writes):
                self._forget(further)
                return Changed(_with(found.stored, added), replayed=False)

    def split(self, key: str, further: Repository) -> Changed:
        """Let a name stand for itself again; what was recorded under it stays where it is.

        Raises `NotFound` where it leads elsewhere, and `Conflict` where it is the shown name.
        """
        deadline = self.connection.timing.deadline()
        name = self.connection.further_name(repository_document_id(further))
        attempt = Attempt(self.connection, deadline)
        while True:
            found, read = self._read(key, [name], deadline)
            document = read[name.path]
            leads_to = _leads_to(document)
            self._forget(further)
            if leads_to is None or document.update_time is None:
                return Changed(found.stored, replayed=not attempt.answer_lost)
            owner = _repository(found)
            if leads_to.key != owner.key:
                raise NotFound("Alias")
            if found.stored.called(owner).key == further.key:
                raise Conflict(
                    "The repository is shown under this name: PATCH another one first",
                    code="shown_name",
                )
            others = [n for n in found.stored.former_names if n.lower() != further.key]
            writes = self.connection.write_batch()
            writes.delete(name, unchanged_since=document.update_time)
            read_at = found.document.update_time
            writes.update(found.reference, {"former_names": others}, unchanged_since=read_at)
            if attempt.commit(writes):
                changed = found.stored.model_copy(update={"former_names": tuple(others)})
                return Changed(changed, replayed=False)

    def _read(
        self, key: str, others: Sequence[DocumentReference], deadline: Deadline
    ) -> tuple[Found[Asset], dict[str, Document]]:
        """An asset with other documents, all of one moment; raises `NotFound`."""
        references = [Finder(self.connection).asset(key, deadline).reference, *others]
        read = self.connection.patiently(lambda d: self.connection.read(references, d), deadline)
        asset = read[references[0].path]
        if not asset.exists:
            raise NotFound("Asset")
        return Found(asset_from(asset.fields), asset), read


def _with(asset: Asset, added: Mapping[str, Iterable[str]]) -> Asset:
    """An asset with what was added to its lists."""
    lists = {name: dict.fromkeys((*getattr(asset, name), *some)) for name, some in added.items()}
    return asset.model_copy(update={name: tuple(some) for name, some in lists.items()})


def _leads_to(document: Document) -> Repository | None:
    return Repository.parse_key(document.fields["leads_to"]) if document.exists else None


def _repository(found: Found[Asset]) -> Repository:
    """The repository as its account is kept, spelt as it was first."""
    key = repository_of(found.document.id)
    if key is None:
        raise Conflict("This asset is no repository", code="no_repository")
    for name in (found.stored.name or "", *found.stored.former_names):
        if name.lower() == key.full_name:
            return replace(Repository.parse(name), number=key.number)
    return key


def _emptied(account: Asset) -> Asset:
    if account.contribution_count:
        raise Conflict(
            f"Asset {account.id} of this name has live contributions: void them first",
            code="has_contributions",
        )
    if account.former_names:
        raise Conflict("The asset of this name has further ones: take them away first")
    return account
