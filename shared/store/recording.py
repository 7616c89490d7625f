"""Recording commits: each exactly once, with exact totals, as a rule in one round trip.

Whether it is one commit or five hundred: the Commit is sent as if they were new and their people
and repositories known, which is the common case. A failed precondition says otherwise: then their
documents are read at once, and what is left to do is decided on what stands there. No transaction
reads, so nothing is locked.

What is too much for one Commit is several. Each carries its own contributions with their own sums,
so it stands by itself: where a later one fails, the earlier ones are recorded, and are replays when
the same is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.domain.contribution import Commit, StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.errors import AuthorConflict, Conflict, WasVoided
from shared.domain.identifiers import contributor_document_id, repository_document_id
from shared.domain.report import Report
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection
from shared.store.deadline import Deadline
from shared.store.documents import contribution_from, contributor_type_from
from shared.store.posting import MAX_BYTES, Posting

# The most that a character of a commit's JSON takes in the request: `-1,` takes 13 bytes.
_BYTES_A_CHARACTER = 5
# What the ledger adds to a commit, and for each person that is credited in a Commit.
_BYTES_A_CONTRIBUTION = 1024
_BYTES_A_PERSON = 1024


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report: a contribution, and whether it was there before.

    `differs` names the fields in which a replay says something else than the contribution.
    """

    contribution: StoredContribution
    replayed: bool
    differs: tuple[str, ...] = ()


class KnownTypes:
    """The types of contributors seen by this instance, so that co-authors need no read.

    A type is fixed when a contributor is first recorded, so what was read once stays right.
    Bounded: when full, it begins anew. Safe to share between threads.
    """

    CAPACITY = 4096

    def __init__(self) -> None:
        self._types: dict[str, ContributorType] = {}

    def of(self, emails: Iterable[str]) -> dict[str, ContributorType] | None:
        """The type of each, or None where one of them is not known."""
        types = self._types
        try:
            return {email: types[email] for email in emails}
        except KeyError:
            return None

    def learn(self, types: Mapping[str, ContributorType]) -> None:
        """Remember types as they stand in the ledger now: read from it, or just recorded."""
        if len(self._types) + len(types) > self.CAPACITY:
            self._types = {}
        self._types.update(types)


@dataclass(frozen=True)
class Recorder:
    """Records commits over one connection.

    `classify` tells what kind of contributor an address belongs to when it is first seen.
    """

    connection: Connection
    classify: Callable[[str], ContributorType]
    known: KnownTypes = field(default_factory=KnownTypes)

    def record(self, reports: Sequence[Report], deadline: Deadline) -> list[Recorded | Conflict]:
        """Record what is reported; what became of each, in order.

        A commit that stands there twice is recorded once. Raises `Unavailable` when Firestore does
        not answer in time; what was recorded until then is a replay when it comes again.
        """
        kept = _Course(self, deadline).carry_out(reports)
        told: set[tuple[str, str]] = set()
        results: list[Recorded | Conflict] = []
        for report in reports:
            contribution = kept[report.document_id]
            claim = (report.document_id, report.request_nonce)
            if contribution.request_nonce == report.request_nonce and claim not in told:
                results.append(Recorded(contribution, replayed=False))
            else:
                results.append(_replay(contribution, report.commit))
            told.add(claim)
        return results


class _Course:
    """Reports in the course of being recorded."""

    def __init__(self, recorder: Recorder, deadline: Deadline) -> None:
        self.connection = recorder.connection
        self.classify = recorder.classify
        self.known = recorder.known
        self.deadline = deadline
        # Of people who are in the ledger, as far as it matters for what they are credited with.
        self.types: dict[str, ContributorType] = {}
        # The paths of accounts that are not there.
        self.missing: set[str] = set()
        # What is in the ledger, by document id.
        self.kept: dict[str, StoredContribution] = {}

    def carry_out(self, reports: Sequence[Report]) -> Mapping[str, StoredContribution]:
        """See to it that each is in the ledger; gives all of them as they are kept there."""
        distinct = {report.document_id: report for report in reversed(reports)}
        pending = list(reversed(distinct.values()))
        types = self.known.of({email for report in pending for email in report.co_authors})
        if types is None:
            self._read(pending)
            pending = [report for report in pending if report.document_id not in self.kept]
        else:
            self.types = types
        while pending:
            chunk = _that_fit(pending)
            self._post(chunk)
            pending = pending[len(chunk) :]
        return self.kept

    def _read(self, reports: Iterable[Report]) -> None:
        connection = self.connection
        people = {
            email: connection.contributors.document(contributor_document_id(email))
            for report in reports
            for email in report.people
        }
        contributions = {
            report.document_id: connection.contributions.document(report.document_id)
            for report in reports
        }
        assets = {repository_document_id(report.repository) for report in reports}
        references = [*contributions.values(), *people.values()]
        references += [connection.assets.document(asset) for asset in assets]
        found = connection.patiently(lambda d: connection.read(references, d), self.deadline)
        self.missing -= found.keys()
        self.missing |= {path for path, document in found.items() if not document.exists}
        for document_id, reference in contributions.items():
            if reference.path not in self.missing:
                fields = found[reference.path].fields
                self.kept[document_id] = contribution_from(fields)
        for email, reference in people.items():
            if reference.path not in self.missing:
                fields = found[reference.path].fields
                self.types[email] = contributor_type_from(fields)

    def _post(self, reports: Sequence[Report]) -> None:
        """Record what goes into one Commit, or find that it is recorded."""
        overtaken = False
        while reports:
            posting = self._posting(reports)
            try:
                recorded_at = self.connection.commit(posting.writes(self.missing), self.deadline)
            except OVERTAKEN:
                if overtaken:
                    self.deadline.pause()
                overtaken = True
                self._read(reports)
                reports = [report for report in reports if report.document_id not in self.kept]
            except TRANSIENT:
                self.deadline.pause()
            else:
                self.missing -= posting.accounts.keys()
                for report, (_, contribution) in zip(reports, posting.contributions, strict=True):
                    when = {"recorded_at": recorded_at}
                    self.kept[report.document_id] = contribution.model_copy(update=when)
                    if report.co_authors:
                        self._learn(report)
                return

    def _posting(self, reports: Iterable[Report]) -> Posting:
        posting = Posting(self.connection, self.classify)
        contributions, assets = self.connection.contributions, self.connection.assets
        for report in reports:
            posting.add(
                contributions.document(report.document_id),
                report.contribution(self._type_of),
                asset=assets.document(repository_document_id(report.repository)),
                names=report.co_authors,
            )
        return posting

    def _type_of(self, email: str) -> ContributorType:
        return self.types.get(email) or self.classify(email)

    def _learn(self, report: Report) -> None:
        # Only now are they surely in the ledger, with the types that were assumed.
        types = {email: self._type_of(email) for email in report.co_authors}
        self.types.update(types)
        self.known.learn(types)


def _that_fit(reports: Sequence[Report]) -> Sequence[Report]:
    """As many as go into one Commit, from the first on."""
    size = 0
    credited: set[str] = set()
    for number, report in enumerate(reports):
        size += _BYTES_A_CONTRIBUTION + _BYTES_A_CHARACTER * report.length
        size += _BYTES_A_PERSON * len(set(report.people) - credited)
        if number and size > MAX_BYTES:
            return reports[:number]
        credited.update(report.people)
    return reports


def _replay(kept: StoredContribution, commit: Commit) -> Recorded | Conflict:
    """What a report comes to whose commit was `kept` before."""
    name = f"Commit {kept.commit_hash} of {kept.repository}"
    if not kept.same_author(commit):
        return AuthorConflict(f"{name} is recorded for another author")
    if kept.voided:
        instead = (
            f"contribution {kept.corrected_by} has the right figures"
            if kept.corrected_by
            else f'the right figures come with POST /v1/contributions and "corrects": "{kept.id}"'
        )
        return WasVoided(f"{name} was voided; {instead}", contribution_id=kept.id)
    return Recorded(kept, replayed=True, differs=kept.differences(commit))
