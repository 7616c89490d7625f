"""Counting contributions of a version without months and parts in these: each exactly once.

In one Commit a contribution is given what it is counted by, on condition that it is as it was read,
and added to the months and the parts. So it is in them if and only if it says so, whoever writes
meanwhile, and by whichever version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.domain.contributor import ContributorType
from shared.domain.identifiers import contributor_document_id
from shared.domain.timestamps import counted_at_micros, month_of
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import Fields, contributor_type_from
from shared.store.posting import MAX_MONTHS, Posting
from shared.store.reading import Document


@dataclass
class Builder:
    """Counts over one connection; the type of each contributor is read once."""

    connection: Connection
    _types: dict[str, ContributorType] = field(default_factory=dict)

    def build(self, contributions: Sequence[Document], fields: Sequence[str]) -> list[Document]:
        """The same, counted; without those that are voided by now. `fields` are all that is read.

        Raises `Unavailable` when Firestore does not answer; what was counted until then stays so.
        """
        built: list[Document] = []
        # Each may be of a month of its own.
        for start in range(0, len(contributions), MAX_MONTHS):
            some = contributions[start : start + MAX_MONTHS]
            deadline = self.connection.timing.deadline()
            while not all(one.fields.get("month") for one in some):
                self._try_to_count(some, deadline)
                references = [one.reference for one in some]
                read = self.connection.patiently(
                    lambda d: self.connection.read(references, d, fields=fields),  # noqa: B023
                    deadline,
                )
                some = [one for one in read.values() if one.exists and not one.fields["voided"]]
            built += some
        return built

    def _try_to_count(self, contributions: Sequence[Document], deadline: Deadline) -> None:
        posting = Posting(self.connection, self._type_of, building=True)
        writes = self.connection.write_batch()
        lacking = [one for one in contributions if one.fields.get("month") is None]
        self._read_types(lacking, deadline)
        for one in lacking:
            counted = self._counted_by(one.fields)
            writes.update(one.reference, counted, unchanged_since=one.update_time)
            posting.count(one.fields | counted)
        missing = self.connection.patiently(posting.missing, deadline)
        try:
            self.connection.commit(posting.writes(missing, behind=writes), deadline)
        except (*OVERTAKEN, *TRANSIENT):
            deadline.pause()

    def _counted_by(self, contribution: Fields) -> Fields:
        timestamp = contribution["timestamp"]
        at = counted_at_micros(timestamp, now=contribution.get("recorded_at") or timestamp)
        types = [(c, self._type_of(c["email"])) for c in contribution.get("credits", ())]
        agents = [c["contributor_id"] for c, kind in types if kind is ContributorType.AGENT]
        return {
            "author_type": self._type_of(contribution["contributor_email"]),
            "agent_ids": agents,
            "month": month_of(at),
            "counted_at_micros": at,
        }

    def _type_of(self, email: str) -> ContributorType:
        return self._types[email]

    def _read_types(self, contributions: Sequence[Document], deadline: Deadline) -> None:
        people = self.connection.contributors
        references = {
            email: people.document(contributor_document_id(email))
            for one in contributions
            for email in _addresses(one.fields)
            if email not in self._types
        }
        if not references:
            return
        wanted = list(references.values())
        read = self.connection.patiently(
            lambda d: self.connection.read(wanted, d, fields=("contributor_type",)), deadline
        )
        for email, reference in references.items():
            self._types[email] = contributor_type_from(read[reference.path].fields)


def _addresses(contribution: dict[str, Any]) -> Iterator[str]:
    yield contribution["contributor_email"]
    for credit in contribution.get("credits", ()):
        yield credit["email"]
