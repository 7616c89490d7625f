"""What one Commit is to hold: contributions, and what they add to totals or take out of them.

Contributions are created (they must not exist) in the same Commit that adds to their people and
their asset, so totals and contributions can never disagree, whatever fails when.
https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#commitrequest
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from google.cloud.firestore import SERVER_TIMESTAMP, DocumentReference

from shared.domain.asset import Asset, asset_of_repository
from shared.domain.contribution import StoredContribution
from shared.domain.contributor import Contributor, ContributorType
from shared.domain.email import name_from_email
from shared.domain.identifiers import contributor_document_id, contributor_id
from shared.domain.repository import Repository
from shared.store.connection import Connection
from shared.store.deadline import Deadline
from shared.store.documents import Fields, counted, to_fields
from shared.store.write_batch import WriteBatch

# Firestore takes 10 MiB a request, the emulator 4 MiB. How many writes there are does not matter.
# https://firebase.google.com/docs/firestore/quotas#writes_and_transactions
# https://cloud.google.com/firestore/docs/release-notes#March_29_2023
MAX_BYTES = 3_500_000


@dataclass(slots=True)
class _Account:
    """A contributor or an asset with what changes in it; `opening` makes its first state."""

    reference: DocumentReference
    opening: Callable[[], Contributor | Asset]
    contributions: int = 0
    micros: int = 0


@dataclass
class Posting:
    """Contributions for one Commit, and their accounts; with `sign` -1 they are taken out."""

    connection: Connection
    classify: Callable[[str], ContributorType]
    sign: int = 1
    contributions: list[tuple[DocumentReference, StoredContribution]] = field(default_factory=list)
    # By path.
    accounts: dict[str, _Account] = field(default_factory=dict)

    def add(
        self,
        reference: DocumentReference,
        contribution: StoredContribution,
        *,
        asset: DocumentReference,
        **new: Any,
    ) -> None:
        """Create a contribution, and count it; `new` as for `count`."""
        self.contributions.append((reference, contribution))
        self.count(contribution, asset=asset, **new)

    def count(
        self,
        contribution: StoredContribution,
        *,
        asset: DocumentReference,
        opening: Asset | None = None,
        author: DocumentReference | None = None,
        names: Mapping[str, str | None] | None = None,
    ) -> None:
        """Count a contribution in its asset and for everybody credited with it.

        `author` is the author's document, where it was found. Where an account turns out to be
        missing, `opening` is the asset's first state if it is no repository's, and `names` holds
        those of co-authors.
        """
        new_asset = partial(_new_asset, contribution, opening)
        self._add_to(asset, new_asset, contribution.cost_amount)
        names = {**(names or {}), contribution.contributor_email: contribution.contributor_name}
        for credit in contribution.credits:
            document_id = contributor_document_id(credit.email)
            person = author or self.connection.contributors.document(document_id)
            new_person = partial(_new_person, credit.email, names.get(credit.email), self.classify)
            self._add_to(person, new_person, credit.share_amount)
            author = None

    def _add_to(
        self, reference: DocumentReference, opening: Callable[[], Contributor | Asset], micros: int
    ) -> None:
        path = reference.path
        account = self.accounts.get(path)
        if account is None:
            account = self.accounts[path] = _Account(reference, opening)
        account.contributions += self.sign
        account.micros += self.sign * micros

    def missing(self, deadline: Deadline) -> set[str]:
        """The paths of those accounts that are not there. One read."""
        references = [account.reference for account in self.accounts.values()]
        found = self.connection.read(references, deadline, fields=("id",)) if references else {}
        return {path for path, document in found.items() if not document.exists}

    def writes(
        self, missing: Collection[str] = (), *, behind: WriteBatch | None = None
    ) -> WriteBatch:
        """The writes, contributions first; accounts at the paths in `missing` are created.

        They go `behind` what is to be written before them.
        """
        created = [
            (reference, to_fields(contribution) | {"recorded_at": SERVER_TIMESTAMP})
            for reference, contribution in self.contributions
        ]
        changed: list[tuple[DocumentReference, Fields]] = []
        for path, account in self.accounts.items():
            change = counted(account.contributions, micros=account.micros)
            if path not in missing:
                changed.append((account.reference, change))
                continue
            opening = to_fields(account.opening()) | {"created_at": SERVER_TIMESTAMP}
            # Nothing can be taken out of what is not there; it begins with nothing.
            created.append((account.reference, opening | change if self.sign > 0 else opening))
        writes = behind or WriteBatch(self.connection.client)
        for reference, fields in created:
            writes.create(reference, fields)
        for reference, fields in changed:
            writes.update(reference, fields)
        return writes


def _new_asset(contribution: StoredContribution, opening: Asset | None) -> Asset:
    if opening is None and contribution.repository:
        _, opening = asset_of_repository(Repository.parse(contribution.repository))
    return opening or Asset(id=contribution.asset_id)


def _new_person(
    email: str, name: str | None, classify: Callable[[str], ContributorType]
) -> Contributor:
    return Contributor(
        id=contributor_id(email),
        email=email,
        name=name or name_from_email(email),
        contributor_type=classify(email),
    )
