"""Looking up where the reports of a repository go, and what is written with the first of them.

What the rules of `shared.domain.place` need is read at once as a rule: the name, its account and
the number. Where one of these leads to another account, all are read again with that one, so that
they are of one moment. What is written then requires that they still are as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.identifiers import repository_asset_id, repository_document_id
from shared.domain.number import Claim
from shared.domain.place import Account, Decision, Place, Situation
from shared.domain.repository import Repository
from shared.domain.tracking import Rejection
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import Fields, asset_from
from shared.store.reading import Document
from shared.store.registration import Registration
from shared.store.write_batch import WriteBatch


class Places:
    """Looks over one connection; `note` keeps what tracking is to name."""

    def __init__(self, connection: Connection, note: Callable[[Rejection], object]) -> None:
        self.connection = connection
        self.note = note

    def find(
        self, name: Repository, claim: Claim | None, deadline: Deadline
    ) -> tuple[Place, Registration | None]:
        """Where reports under a name go, by whose number there is a claim or none.

        Raises `Unavailable` when Firestore does not answer in time.
        """
        further = self.connection.further_name(repository_document_id(name))
        account = self.connection.assets.document(repository_document_id(name))
        wanted = {further, account, *([self.connection.number(claim.number)] if claim else ())}
        while True:
            documents = self.connection.patiently(
                lambda d: self.connection.read(list(wanted), d),  # noqa: B023
                deadline,
            )
            try:
                return self._decide(_Look(self.connection, name, documents), claim)
            except _Lacking as lacking:
                # With the others again, so that all are of one moment.
                wanted |= lacking.references

    def _decide(self, look: _Look, claim: Claim | None) -> tuple[Place, Registration | None]:
        named, leads_to = look.named()
        if leads_to and not named:
            # Taken away by hand; recording makes it anew.
            return Place(leads_to, look.name), None
        if claim is None:
            return named.place() if named else Place(look.name, look.name), None
        situation = look.situation(named, claim)
        decision = situation.decide()
        if decision.twin and named:
            self._tell(named, decision.twin, claim)
        return decision.place, look.registration(situation, decision)

    def _tell(self, named: Account, twin: Account, claim: Claim) -> None:
        name, other = named.shown.full_name, twin.shown.full_name
        reason = f"{name} and {other} are one repository, number {claim.number}: empty one of them"
        self.note(Rejection(code="two_accounts", reason=reason, repository=name))


class _Lacking(Exception):
    """What was read leads to something else."""

    def __init__(self, references: set[DocumentReference]) -> None:
        self.references = references
        super().__init__()


class _Look:
    """What was read for one name at one moment; asked for more, it raises `_Lacking`."""

    def __init__(
        self, connection: Connection, name: Repository, documents: Mapping[str, Document]
    ) -> None:
        self.connection = connection
        self.name = name
        self.documents = documents
        self.further = connection.further_name(repository_document_id(name))

    def named(self) -> tuple[Account | None, Repository | None]:
        """The account that the name leads to, and its key where it is another name's."""
        leads_to = self._of(self.further).fields.get("leads_to")
        key = Repository.parse_key(leads_to) if leads_to else None
        return self._account(key or self.name), key

    def situation(self, named: Account | None, claim: Claim) -> Situation:
        """What is there for the claim."""
        kept = self._claims(self.connection.number(claim.number))
        self._need(self._asset(key) for key in kept)
        found = [(self._account(key), one) for key, one in kept.items()]
        claims = {account: one for account, one in found if account}
        situation = Situation(self.name, claim, named, claims)
        if named is None or named.number in {None, claim.number}:
            return situation
        apart = Repository(self.name.owner, self.name.name, claim.number)
        its_number = self.connection.number(named.number or 0)
        self._need([its_number, self._asset(apart)])
        by_account = {key.key: one for key, one in self._claims(its_number).items()}
        its_claim = by_account.get(named.key.key)
        return Situation(self.name, claim, named, claims, its_claim, self._account(apart))

    def registration(self, situation: Situation, decision: Decision) -> Registration | None:
        """What is to be written; None where all stands there already."""
        fields: Fields = {} if decision.number is None else {"github_id": decision.number}
        reference = self._asset(decision.place.account)
        document = self.documents.get(reference.path)
        if decision.renamed and document:
            name = decision.place.shown.full_name
            asset = asset_from(document.fields)
            fields |= {"name": name, "former_names": asset.former_names_once_called(name)}
        if not fields and decision.claims is None:
            return None
        read_at = document.update_time if document else None
        write = partial(self._write, situation, decision)
        return Registration(reference, fields, read_at, write)

    def _write(self, situation: Situation, decision: Decision, writes: WriteBatch) -> None:
        claim, account = situation.claim, decision.place.account
        if decision.renamed:
            fields = {
                "repository": self.name.full_name,
                "asset_id": repository_asset_id(account),
                "leads_to": account.key,
                "joined_at": SERVER_TIMESTAMP,
                "joined_by": claim.said_by,
                "reason": f"GitHub's number {claim.number}",
            }
            writes.create(self.further, fields)
            writes.forbid(self._asset(self.name))
        if decision.claims is not None:
            self._write_claims(writes, claim.number, decision.claims)
        for refuted in decision.refuted:
            # One that is kept under the number keeps it.
            if refuted.key.number != claim.number:
                writes.update(self._asset(refuted.key), {"github_id": None})
        if decision.given_up is not None:
            kept = self._claims(self.connection.number(decision.given_up))
            others = {key.key: one for key, one in kept.items() if key.key != account.key}
            self._write_claims(writes, decision.given_up, others)

    def _write_claims(self, writes: WriteBatch, number: int, claims: Mapping[str, Claim]) -> None:
        fields = {
            "number": number,
            "claims": [{"leads_to": key, **claim.to_fields()} for key, claim in claims.items()],
            "changed_at": SERVER_TIMESTAMP,
        }
        reference = self.connection.number(number)
        document = self._of(reference)
        if document.update_time is None:
            writes.create(reference, fields)
        else:
            writes.update(reference, fields, unchanged_since=document.update_time)

    def _claims(self, number: DocumentReference) -> dict[Repository, Claim]:
        fields = self._of(number).fields
        return {
            Repository.parse_key(one["leads_to"]): _claim(fields["number"], one)
            for one in fields.get("claims", ())
        }

    def _account(self, key: Repository) -> Account | None:
        reference = self._asset(key)
        self._need([reference])
        document = self._of(reference)
        if not document.exists:
            return None
        asset = asset_from(document.fields)
        return Account(key, asset.called(key), asset.github_id)

    def _asset(self, key: Repository) -> DocumentReference:
        return self.connection.assets.document(repository_document_id(key))

    def _of(self, reference: DocumentReference) -> Document:
        return self.documents[reference.path]

    def _need(self, references: Iterable[DocumentReference]) -> None:
        lacking = {one for one in references if one.path not in self.documents}
        if lacking:
            raise _Lacking(lacking)


def _claim(number: int, kept: Mapping[str, Any]) -> Claim:
    patterns = tuple(kept["repositories"])
    return Claim(number, kept["said_by"], patterns, proven=kept["proven"])
