"""A report: one commit that a request says was made, with what goes into the ledger beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.assistance import Assistance, assistance_of
from shared.domain.contribution import Commit, StoredContribution, contribution_of_commit
from shared.domain.contributor import ContributorType
from shared.domain.errors import AuthorConflict, Conflict, WasVoided
from shared.domain.identifiers import commit_document_id
from shared.domain.place import Place
from shared.domain.timestamps import counted_at_micros, month_of

# The most that a character of a commit's JSON takes in Firestore: `-1,` takes 13 bytes.
_BYTES_A_CHARACTER = 5
# What the ledger adds to a commit, for each credit in it, and for each person in a Commit.
_BYTES_A_CONTRIBUTION = 1536
_BYTES_A_CREDIT = 512
_BYTES_A_PERSON = 2048


@dataclass(frozen=True, slots=True)
class Report:
    """A commit of a repository, reported by somebody in one request; `place` is where it goes.

    `request_nonce` is the request's own, `co_authors` are names by address, and `length` is that
    of the commit's JSON in characters.
    """

    place: Place
    commit: Commit
    recorded_by: str
    request_nonce: str
    now: datetime
    # What two reports of one commit have in common.
    document_id: str
    co_authors: Mapping[str, str | None]
    length: int

    @property
    def people(self) -> tuple[str, ...]:
        """The addresses of everybody credited, author first."""
        return (self.commit.contributor_email, *self.co_authors)

    @property
    def names(self) -> dict[str, str | None]:
        """The names of everybody credited, by address, author first."""
        return {self.commit.contributor_email: self.commit.contributor_name, **self.co_authors}

    def refused_by(
        self,
        kept: StoredContribution,
        are_one_person: Callable[[Iterable[str], Iterable[str]], bool],
    ) -> Conflict | None:
        """Why it is no replay of what is kept of its commit; None where it is one.

        `are_one_person` is asked where the addresses of the authors differ.
        """
        name = f"Commit {kept.commit_hash} of {kept.repository}"
        if not kept.same_author(self.commit) and not are_one_person(
            self.commit.addresses(), kept.addresses()
        ):
            return AuthorConflict(f"{name} is recorded for another author")
        if not kept.voided:
            return None
        instead = (
            f"contribution {kept.corrected_by} has the right figures"
            if kept.corrected_by
            else f'the right figures come with POST /v1/contributions and "corrects": "{kept.id}"'
        )
        return WasVoided(f"{name} was voided; {instead}", contribution_id=kept.id)

    @property
    def month(self) -> str:
        """The month that it counts in."""
        return month_of(counted_at_micros(self.commit.timestamp or self.now, now=self.now))

    def contribution(self, type_of: Callable[[str], ContributorType]) -> StoredContribution:
        """What it becomes; `type_of` is asked for everybody credited."""
        return contribution_of_commit(
            self.commit,
            self.place,
            type_of=type_of,
            assistance=self._assistance(type_of),
            recorded_by=self.recorded_by,
            request_nonce=self.request_nonce,
            now=self.now,
        )

    def _assistance(self, type_of: Callable[[str], ContributorType]) -> tuple[Assistance, ...]:
        # Most reports tell of none, and have no one who could.
        if not (self.commit.assistance or self.co_authors):
            return ()
        return assistance_of(self.commit.assistance, self.co_authors, type_of)


def reports_of(
    place: Place,
    commits: Iterable[Commit],
    *,
    recorded_by: str,
    request_nonce: str,
    now: datetime,
) -> list[Report]:
    """The reports of one request."""
    return [
        Report(
            place=place,
            commit=commit,
            recorded_by=recorded_by,
            request_nonce=request_nonce,
            now=now,
            document_id=commit_document_id(place.account, commit.commit_hash),
            co_authors=commit.distinct_co_authors(),
            length=len(commit.model_dump_json()),
        )
        for commit in commits
    ]


def that_fit(reports: Sequence[Report], *, most_bytes: int, most_months: int) -> Sequence[Report]:
    """As many as are written together, from the first on: at least one."""
    size = 0
    credited: set[str] = set()
    months: set[str] = set()
    for number, report in enumerate(reports):
        size += _BYTES_A_CONTRIBUTION + _BYTES_A_CREDIT * len(report.people)
        size += _BYTES_A_CHARACTER * report.length
        size += _BYTES_A_PERSON * len(set(report.people) - credited)
        months.add(report.month)
        if number and (size > most_bytes or len(months) > most_months):
            return reports[:number]
        credited.update(report.people)
    return reports
