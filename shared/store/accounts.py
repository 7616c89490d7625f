"""Creating contributors and assets by hand, and setting right what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID, uuid4

from google.api_core.exceptions import Aborted, AlreadyExists, FailedPrecondition
from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.asset import Asset, AssetChange, NewAsset, new_asset
from shared.domain.contributor import Contributor, ContributorChange, NewContributor
from shared.domain.errors import Conflict, OutcomeUnknown, Unavailable
from shared.domain.identifiers import contributor_document_id, contributor_id, repository_of
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import (
    Fields,
    asset_from,
    changed_fields,
    contributor_from,
    to_fields,
)
from shared.store.lookup import Finder
from shared.store.people import People
from shared.store.write_batch import WriteBatch

# Kept with a name that somebody chose, so that no report takes it for a guess.
_BY_HAND = {"named_by_hand": True}

_S = TypeVar("_S", Contributor, Asset)


@dataclass(frozen=True)
class Registrar:
    """Creates and changes accounts; `unique` gives the id of an asset without a name."""

    connection: Connection
    people: People
    unique: Callable[[], UUID] = uuid4

    def create_contributor(self, request: NewContributor) -> Contributor:
        """A new contributor; raises `Conflict`, naming the id, where the address is taken."""
        contributor = Contributor(
            id=contributor_id(request.email),
            email=request.email,
            name=request.name,
            contributor_type=request.contributor_type,
            wallet_address=request.wallet_address,
            hourly_rate=request.hourly_rate,
        )
        reference = self.connection.contributors.document(contributor_document_id(request.email))
        attempt = _Attempt(self.connection, reference)
        created = attempt.create(contributor, contributor_from, **_BY_HAND)
        if created is None:
            raise Conflict(f"A contributor with this email exists as {contributor.id}")
        return created

    def create_asset(self, request: NewAsset) -> Asset:
        """A new asset; raises `Conflict`, naming the id, where the name is taken.

        Raises `OutcomeUnknown` where one without a name may have been created: asked for again,
        that would be another one.
        """
        document_id, asset = new_asset(request, unique=self.unique())
        attempt = _Attempt(self.connection, self.connection.assets.document(document_id))
        repository = repository_of(document_id)
        further = self.connection.further_name(document_id) if repository else None
        try:
            created = attempt.create(asset, asset_from, forbidden=further)
        except Unavailable:
            if attempt.answer_lost and not asset.name:
                raise OutcomeUnknown(safely="a name") from None
            raise
        if created is None:
            kept = (
                Finder(self.connection).asset(repository.full_name).stored if repository else asset
            )
            raise Conflict(f"An asset with this name exists as {kept.id}")
        return created

    def change_contributor(self, key: str, change: ContributorChange) -> Contributor:
        """Set right what is said of somebody; raises `NotFound`.

        A type is each address's own, since it decides on the shares of what is recorded for it.
        """
        fields = changed_fields(change)
        of_all = {name: fields[name] for name in fields if name == "contributor_type"}
        if "name" in fields:
            fields |= _BY_HAND
        deadline = self.connection.timing.deadline()

        def writes() -> WriteBatch:
            first, *others = self.people.accounts(key, deadline).documents
            batch = self.connection.write_batch()
            batch.update(first.reference, fields)
            for document in others if of_all else ():
                batch.update(document.reference, of_all)
            return batch

        self._change(writes, deadline)
        self.people.forget()
        return self.people.find(key, deadline)

    def change_asset(self, key: str, change: AssetChange) -> Asset:
        """Set right what is said of an asset.

        Raises `NotFound`, and `Conflict` for another name than those of the repository it is.
        """
        deadline = self.connection.timing.deadline()
        find = Finder(self.connection)

        def writes() -> WriteBatch:
            found = find.asset(key, deadline)
            fields, unchanged_since = changed_fields(change), None
            repository = repository_of(found.document.id)
            if change.name is not None and repository:
                if change.name.lower() not in found.stored.names(repository):
                    raise Conflict(
                        "A repository keeps its names, in whatever spelling: join another one first"
                    )
                former = found.stored.former_names_once_called(change.name)
                if former != found.stored.former_names:
                    fields["former_names"] = former
                    unchanged_since = found.document.update_time
            batch = self.connection.write_batch()
            batch.update(found.reference, fields, unchanged_since=unchanged_since)
            return batch

        self._change(writes, deadline)
        return find.asset(key, deadline).stored

    def _change(self, writes: Callable[[], WriteBatch], deadline: Deadline) -> None:
        while True:
            try:
                self.connection.commit(writes(), deadline)
            except (*OVERTAKEN, *TRANSIENT):
                deadline.pause()
            else:
                return


@dataclass
class _Attempt:
    """One request to create a document."""

    connection: Connection
    reference: DocumentReference
    # Whether a Commit may have been carried out without our being told.
    answer_lost: bool = False

    def create(
        self,
        stored: _S,
        build: Callable[[Fields], _S],
        *,
        forbidden: DocumentReference | None = None,
        **beside: Any,
    ) -> _S | None:
        """What is stored, with its server time, or None where another one is there.

        So it is where there is the `forbidden` one.
        """
        deadline = self.connection.timing.deadline()
        while True:
            writes = self.connection.write_batch()
            fields = to_fields(stored) | beside | {"created_at": SERVER_TIMESTAMP}
            writes.create(self.reference, fields)
            if forbidden:
                writes.forbid(forbidden)
            try:
                created_at = self.connection.commit(writes, deadline)
            except (AlreadyExists, FailedPrecondition):
                if not self.answer_lost:
                    return None
                # It may be ours: from the try before this one, whose answer did not arrive.
                [kept] = self.connection.patiently(
                    lambda d: self.connection.read([self.reference], d), deadline
                ).values()
                if not kept.exists:
                    return None
                created = build(kept.fields)
                return created if _but_created(created) == stored else None
            except Aborted:
                deadline.pause()
            except TRANSIENT:
                self.answer_lost = True
                deadline.pause()
            else:
                return stored.model_copy(update={"created_at": created_at})


def _but_created(stored: _S) -> _S:
    return stored.model_copy(update={"created_at": None})
