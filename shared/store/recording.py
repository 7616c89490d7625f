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

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from google.cloud.firestore import DocumentReference

from shared.domain.contribution import StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.email import name_from_email
from shared.domain.errors import Conflict
from shared.domain.github_account import GitHubAccount
from shared.domain.identifiers import contributor_document_id, repository_document_id
from shared.domain.report import Report, that_fit
from shared.store.connection import OVERTAKEN, TRANSIENT, Connection, Moved
from shared.store.deadline import Deadline
from shared.store.documents import (
    contribution_from,
    contributor_type_from,
    name_is_guess,
    to_fields,
)
from shared.store.posting import MAX_BYTES, MAX_MONTHS, Posting
from shared.store.registration import Registration

if TYPE_CHECKING:
    from shared.store.aliases import Aliases


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report: a contribution, and whether it was there before.

    `differs` names the fields in which a replay says something else than the contribution.
    """

    contribution: StoredContribution
    replayed: bool
    differs: tuple[str, ...] = ()


class KnownPeople:
    """What this instance has seen of contributors, so that they need no read.

    A type may be corrected, so it is used for less than a minute. `named` are those whose name is
    surely no guess, for good. Bounded: when full, it begins anew. Safe to share between threads.
    """

    CAPACITY = 4096
    # Seconds; with those that a request has, a minute.
    KEPT_S = 50.0

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.named: set[str] = set()
        # Each type with the time at which it surely was that one.
        self._types: dict[str, tuple[ContributorType, float]] = {}

    def types(self, emails: Iterable[str]) -> dict[str, ContributorType] | None:
        """The type of each, or None where one of them is not known."""
        known, oldest = self._types, self.now() - self.KEPT_S
        try:
            found = {email: known[email] for email in emails}
        except KeyError:
            return None
        if any(seen_at < oldest for _, seen_at in found.values()):
            return None
        return {email: contributor_type for email, (contributor_type, _) in found.items()}

    def learn(
        self, types: Mapping[str, ContributorType], named: Collection[str], seen_at: float
    ) -> None:
        """Remember people as they stood in the ledger: read from it, or just recorded."""
        if len(self._types) + len(types) > self.CAPACITY:
            self._types, self.named = {}, set()
        self._types.update({email: (kind, seen_at) for email, kind in types.items()})
        self.named.update(named)


@dataclass(frozen=True)
class Recorder:
    """Records commits over one connection.

    `classify` tells what kind of contributor an address belongs to when it is first seen.
    """

    connection: Connection
    classify: Callable[[str], ContributorType]
    # Asked for only where it matters who is one person.
    aliases: Callable[[], Aliases]

    @cached_property
    def known(self) -> KnownPeople:
        """What was seen of contributors."""
        return KnownPeople(self.connection.timing.monotonic)

    def record(
        self,
        reports: Sequence[Report],
        deadline: Deadline,
        registration: Registration | None = None,
    ) -> list[Recorded | Conflict]:
        """Record what is reported; what became of each, in order.

        A commit that stands there twice is recorded once. What is to be registered goes with the
        first one that is new. Raises `Moved` where a name may lead elsewhere by now, and
        `Unavailable` when Firestore does not answer in time; what was recorded until then is a
        replay when it comes again.
        """
        kept = _Course(self, deadline, registration).carry_out(reports)
        told: set[tuple[str, str]] = set()
        results: list[Recorded | Conflict] = []
        for report in reports:
            contribution = kept[report.document_id]
            claim = (report.document_id, report.request_nonce)
            if contribution.request_nonce == report.request_nonce and claim not in told:
                results.append(Recorded(contribution, replayed=False))
            else:
                refusal = report.refused_by(contribution, self._are_one_person)
                differs = contribution.differences(report.commit)
                results.append(refusal or Recorded(contribution, replayed=True, differs=differs))
            told.add(claim)
        return results

    def _are_one_person(self, some: Iterable[str], others: Iterable[str]) -> bool:
        return self.aliases().joined().same_person(some, others)


class _Course:
    """Reports in the course of being recorded."""

    def __init__(
        self, recorder: Recorder, deadline: Deadline, registration: Registration | None
    ) -> None:
        self.connection = recorder.connection
        self.classify = recorder.classify
        self.aliases = recorder.aliases
        self.known = recorder.known
        self.deadline = deadline
        # Until it is written.
        self.registration = registration
        # Of people who are in the ledger, as far as it matters for what they are credited with.
        self.types: dict[str, ContributorType] = {}
        # The paths of accounts that are not there.
        self.missing: set[str] = set()
        # What is in the ledger, by document id.
        self.kept: dict[str, StoredContribution] = {}
        # New addresses that tell an account's number, with who reported them.
        self.newcomers: dict[str, str] = {}
        # Names that were reported of people whose name may be only a guess.
        self.names: dict[str, str] = {}

    def carry_out(self, reports: Sequence[Report]) -> Mapping[str, StoredContribution]:
        """See to it that each is in the ledger; gives all of them as they are kept there."""
        distinct = {report.document_id: report for report in reversed(reports)}
        pending = list(reversed(distinct.values()))
        types = self.known.types({email for report in pending for email in report.people})
        # What is to be registered is not tried twice, so that nothing else may be in its way.
        if types is None or (pending and self.registration):
            self._read(pending)
            pending = [report for report in pending if report.document_id not in self.kept]
        else:
            self.types = types
        while pending:
            chunk = that_fit(pending, most_bytes=MAX_BYTES, most_months=MAX_MONTHS)
            self._post(chunk)
            pending = pending[len(chunk) :]
        if self.registration and self.registration.read_at:
            self.registration.carry_out(self.connection, self.deadline)
        if self.newcomers or self.names:
            self._introduce()
        return self.kept

    def _read(self, reports: Sequence[Report]) -> None:
        connection, seen_at = self.connection, self.known.now()
        reporters = {email: report.recorded_by for report in reports for email in report.people}
        people = {email: self._account(email) for email in reporters}
        document = connection.contributions.document
        contributions = {r.document_id: document(r.document_id) for r in reports}
        assets = {repository_document_id(report.place.account) for report in reports}
        references = [*contributions.values(), *people.values()]
        references += [connection.assets.document(asset) for asset in assets]
        found = connection.patiently(lambda d: connection.read(references, d), self.deadline)
        self.missing -= found.keys()
        self.missing |= {path for path, document in found.items() if not document.exists}
        new = self.registration
        if new and (new.read_at is None) != (new.asset.path in self.missing):
            raise Moved
        for document_id, reference in contributions.items():
            if reference.path not in self.missing:
                self.kept[document_id] = contribution_from(found[reference.path].fields)
        there: dict[str, ContributorType] = {}
        named: list[str] = []
        for email, reference in people.items():
            fields = found[reference.path].fields
            if reference.path not in self.missing:
                there[email] = contributor_type_from(fields)
                named += [] if name_is_guess(fields) else [email]
            elif (account := GitHubAccount.of(email)) and account.number is not None:
                self.newcomers[email] = reporters[email]
        self.types |= there
        self.known.learn(there, named, seen_at)

    def _post(self, reports: Sequence[Report]) -> None:
        """Record what goes into one Commit, or find that it is recorded."""
        overtaken = False
        while reports:
            began = self.known.now()
            names = self._names(reports)
            contributions = [report.contribution(self._type_of) for report in reports]
            posting = Posting(self.connection, self.classify, registration=self.registration)
            for report, new in zip(reports, contributions, strict=True):
                reference = self.connection.contributions.document(report.document_id)
                posting.add(reference, to_fields(new), names=report.co_authors)
            try:
                recorded_at = self.connection.commit(posting.writes(self.missing), self.deadline)
            except OVERTAKEN:
                if self.registration:
                    raise Moved from None
                if overtaken:
                    self.deadline.pause()
                overtaken = True
                lacking = self.missing & posting.accounts.keys()
                self._read(reports)
                if any(path.startswith("assets/") for path in lacking & self.missing):
                    raise Moved from None
                reports = [report for report in reports if report.document_id not in self.kept]
            except TRANSIENT:
                self.deadline.pause()
            else:
                created = self.missing & posting.accounts.keys()
                self.missing -= created
                self.registration = None
                self.names |= names
                if created:
                    self._learn(reports, created, names, began)
                for report, contribution in zip(reports, contributions, strict=True):
                    when = {"recorded_at": recorded_at}
                    self.kept[report.document_id] = contribution.model_copy(update=when)
                return

    def _type_of(self, email: str) -> ContributorType:
        return self.types.get(email) or self.classify(email)

    def _names(self, reports: Iterable[Report]) -> dict[str, str]:
        """Names that are reported of people of whom it is not known that they have one."""
        names: dict[str, str] = {}
        for report in reports:
            for email, name in report.names.items():
                if name and email not in self.known.named and name != name_from_email(email):
                    names.setdefault(email, name)
        return names

    def _learn(
        self,
        reports: Iterable[Report],
        created: Collection[str],
        names: Mapping[str, str],
        seen_at: float,
    ) -> None:
        """Remember whom a Commit has created: with the type that was assumed and the first name."""
        first: dict[str, str | None] = {}
        for report in reports:
            for email, name in report.names.items():
                first.setdefault(email, name)
        new = {e: self._type_of(e) for e in first if self._account(e).path in created}
        self.known.learn(new, [e for e in new if e in names and first[e] == names[e]], seen_at)

    def _introduce(self) -> None:
        """Do what is done once for people, now that everything is recorded."""
        newcomers = [e for e in self.newcomers if self._account(e).path not in self.missing]
        names = {e: name for e, name in self.names.items() if e not in self.known.named}
        if newcomers or names:
            # Imported here: an instance does it seldom.
            from shared.store.newcomers import fill_in_names, join_by_number

            for email in newcomers:
                by = self.newcomers[email]
                join_by_number(self.connection, self.aliases, email, joined_by=by)
            self.known.named.update(fill_in_names(self.connection, names))

    def _account(self, email: str) -> DocumentReference:
        return self.connection.contributors.document(contributor_document_id(email))
