"""Every combination of filters gives what going through all entries would, page by page."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.contribution import Commit, Entry
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.store.ledger import Ledger
from shared.store.listing import EntryFilter
from tests.contract.at_once import at_once
from tests.contract.by_hand import new_entry
from tests.contract.reports import report

MAY = datetime(2024, 5, 1, tzinfo=UTC)
PEOPLE = [f"person-{number}@example.com" for number in range(4)]
REPOSITORIES = ["octo/one", "octo/two", "octo/one-more"]


@pytest.fixture
def entries(ledger: Ledger) -> list[Entry]:
    """A hundred entries of few people, repositories and times, so that most times tie."""
    dice = random.Random(20240501)
    for index, name in enumerate(REPOSITORIES):
        commits = []
        for number in range(30):
            author, *co_authors = dice.sample(PEOPLE, dice.choice([1, 1, 2, 3]))
            fields = {
                "contributor_email": author,
                "commit_hash": f"{index:03x}{number:03x}",
                "cost_amount": dice.randrange(10),
                "timestamp": (MAY + timedelta(hours=dice.randrange(6))).isoformat(),
                "co_authors": [{"email": email} for email in co_authors],
            }
            commits.append(parse(Commit, fields))
        ledger.batches.record(Repository.parse(name), commits, recorded_by="ci")
    for number in range(10):
        person = ledger.find.contributor(PEOPLE[number % 4]).record.id
        asset = ledger.find.asset(REPOSITORIES[number % 3]).record.id
        moment = (MAY + timedelta(hours=number % 6)).isoformat()
        new_entry(ledger, person, asset, timestamp=moment)
    everything = ledger.lists.entries(EntryFilter(include_voided=True), limit=1000).records
    for entry in dice.sample(everything, 20):
        ledger.voids.void(entry.id, voided_by="ops", reason=None)
    return list(ledger.lists.entries(EntryFilter(include_voided=True), limit=1000).records)


def choices(ledger: Ledger) -> Iterator[EntryFilter]:
    """Each filter, alone and with each other one."""
    person = ledger.find.contributor(PEOPLE[1]).record.id
    asset = ledger.find.asset(REPOSITORIES[0]).record.id
    since, until = MAY + timedelta(hours=1), MAY + timedelta(hours=4)
    for values in itertools.product(
        (None, person), (None, asset), (None, since), (None, until), (False, True)
    ):
        yield EntryFilter(*values)


def chosen_from(entries: list[Entry], chosen: EntryFilter) -> set[str]:
    """The ids that a filter chooses, by looking at every entry."""
    return {
        entry.id
        for entry in entries
        if (chosen.include_voided or not entry.voided)
        and (chosen.asset_id is None or entry.asset_id == chosen.asset_id)
        and (
            chosen.contributor_id is None
            or chosen.contributor_id in {credit.contributor_id for credit in entry.credits}
        )
        and (chosen.since is None or entry.timestamp >= chosen.since)
        and (chosen.until is None or entry.timestamp < chosen.until)
    }


def test_every_combination_agrees_with_a_look_at_every_entry(
    ledger: Ledger, entries: list[Entry]
) -> None:
    assert len(entries) == 100
    met: set[frozenset[str]] = set()
    for chosen in choices(ledger):
        expected = chosen_from(entries, chosen)
        page = ledger.lists.entries(chosen, limit=1000)
        assert [entry.id for entry in page.records] == [e.id for e in entries if e.id in expected]
        assert page.next is None
        met.add(frozenset(expected))
    # Each combination chose something of its own, or the comparison would say little.
    assert len(met) == 32
    assert frozenset() not in met


def test_filtered_pages_leave_no_gap_while_others_write(
    ledger: Ledger, entries: list[Entry]
) -> None:
    person = ledger.find.contributor(PEOPLE[1]).record.id
    asset = ledger.find.asset(REPOSITORIES[0]).record.id
    # Before the page that was read, among its times, and behind everything.
    hours = itertools.cycle((9, 2, -1))
    for chosen in (
        EntryFilter(contributor_id=person),
        EntryFilter(asset_id=asset, until=MAY + timedelta(hours=5)),
        EntryFilter(contributor_id=person, asset_id=asset, include_voided=True),
    ):
        at_first = [entry.id for entry in ledger.lists.entries(chosen, limit=1000).records]
        seen: list[str] = []
        page = ledger.lists.entries(chosen, limit=6)
        while page.next:
            seen += [entry.id for entry in page.records]
            moment = (MAY + timedelta(hours=next(hours))).isoformat()
            new_entry(ledger, person, asset, timestamp=moment)
            page = ledger.lists.entries(chosen, limit=6, after=page.next)
        seen += [entry.id for entry in page.records]
        assert [entry_id for entry_id in seen if entry_id in set(at_first)] == at_first
        assert len(seen) == len(set(seen))


def test_since_is_included_and_until_is_not_to_the_microsecond(ledger: Ledger) -> None:
    instant = timedelta(microseconds=1)
    for number, moment in enumerate((MAY - instant, MAY, MAY + instant)):
        one = report(f"{number:06x}", timestamp=moment.isoformat())
        ledger.commits.record(one, recorded_by="ci")

    def hashes(since: datetime | None, until: datetime | None) -> list[str | None]:
        chosen = EntryFilter(since=since, until=until)
        return [entry.commit_hash for entry in ledger.lists.entries(chosen, limit=9).records]

    assert hashes(MAY, None) == ["000002", "000001"]
    assert hashes(None, MAY) == ["000000"]
    assert hashes(MAY, MAY + instant) == ["000001"]
    assert hashes(MAY, MAY) == []
    assert hashes(MAY + instant, MAY) == []


def test_the_first_and_the_last_moment_of_time_can_be_asked_for(ledger: Ledger) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for number, moment in enumerate((first, last)):
        one = report(f"{number:06x}", timestamp=moment.isoformat())
        ledger.commits.record(one, recorded_by="ci")
    everything = ledger.lists.entries(EntryFilter(since=first), limit=9).records
    but_the_last = ledger.lists.entries(EntryFilter(since=first, until=last), limit=9).records
    assert [entry.timestamp for entry in everything] == [last, first]
    assert [entry.timestamp for entry in but_the_last] == [first]


def test_pages_read_at_once_by_many_are_the_same(ledger: Ledger, entries: list[Entry]) -> None:
    def walk() -> list[str]:
        seen: list[str] = []
        page = ledger.lists.entries(EntryFilter(), limit=9)
        while True:
            seen += [entry.id for entry in page.records]
            if page.next is None:
                return seen
            page = ledger.lists.entries(EntryFilter(), limit=9, after=page.next)

    expected = [entry.id for entry in entries if not entry.voided]
    assert at_once([walk] * 8) == [expected] * 8
