"""Every combination of filters gives what going through all contributions would, page by page."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.contribution import Commit, StoredContribution
from shared.domain.fields import parse
from shared.domain.repository import Repository
from shared.store.ledger import Ledger
from shared.store.listing import ContributionFilter
from tests.contract.at_once import at_once
from tests.contract.by_hand import new_contribution
from tests.contract.reports import report

MAY = datetime(2024, 5, 1, tzinfo=UTC)
PEOPLE = [f"person-{number}@example.com" for number in range(4)]
REPOSITORIES = ["octo/one", "octo/two", "octo/one-more"]


@pytest.fixture
def contributions(ledger: Ledger) -> list[StoredContribution]:
    """A hundred contributions of few people, repositories and times, so that most times tie."""
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
        ledger.commits.record_all(Repository.parse(name), commits, recorded_by="ci")
    for number in range(10):
        person = ledger.find.contributor(PEOPLE[number % 4]).stored.id
        asset = ledger.find.asset(REPOSITORIES[number % 3]).stored.id
        moment = (MAY + timedelta(hours=number % 6)).isoformat()
        new_contribution(ledger, person, asset, timestamp=moment)
    everything = ledger.lists.contributions(
        ContributionFilter(include_voided=True), limit=1000
    ).items
    for contribution in dice.sample(everything, 20):
        ledger.voids.void(contribution.id, voided_by="ops", reason=None)
    return list(
        ledger.lists.contributions(ContributionFilter(include_voided=True), limit=1000).items
    )


def choices(ledger: Ledger) -> Iterator[ContributionFilter]:
    """Each filter, alone and with each other one."""
    one, two = ([ledger.find.contributor(email).stored.id] for email in PEOPLE[1:3])
    asset = ledger.find.asset(REPOSITORIES[0]).stored.id
    since, until = MAY + timedelta(hours=1), MAY + timedelta(hours=4)
    for values in itertools.product(
        ((), (*one,), (*one, *two)), (None, asset), (None, since), (None, until), (False, True)
    ):
        yield ContributionFilter(*values)


def chosen_from(contributions: list[StoredContribution], chosen: ContributionFilter) -> set[str]:
    """The ids that a filter chooses, by looking at every contribution."""
    return {
        contribution.id
        for contribution in contributions
        if (chosen.include_voided or not contribution.voided)
        and (chosen.asset_id is None or contribution.asset_id == chosen.asset_id)
        and (
            not chosen.contributor_ids
            or {credit.contributor_id for credit in contribution.credits}
            & set(chosen.contributor_ids)
        )
        and (chosen.since is None or contribution.timestamp >= chosen.since)
        and (chosen.until is None or contribution.timestamp < chosen.until)
    }


def test_every_combination_agrees_with_a_look_at_every_contribution(
    ledger: Ledger, contributions: list[StoredContribution]
) -> None:
    assert len(contributions) == 100
    met: set[frozenset[str]] = set()
    for chosen in choices(ledger):
        expected = chosen_from(contributions, chosen)
        page = ledger.lists.contributions(chosen, limit=1000)
        assert [contribution.id for contribution in page.items] == [
            e.id for e in contributions if e.id in expected
        ]
        assert page.next is None
        met.add(frozenset(expected))
    # Each combination chose something of its own, or the comparison would say little.
    assert len(met) == 48
    assert frozenset() not in met


def test_filtered_pages_leave_no_gap_while_others_write(
    ledger: Ledger, contributions: list[StoredContribution]
) -> None:
    person = ledger.find.contributor(PEOPLE[1]).stored.id
    asset = ledger.find.asset(REPOSITORIES[0]).stored.id
    # Before the page that was read, among its times, and behind everything.
    hours = itertools.cycle((9, 2, -1))
    for chosen in (
        ContributionFilter(contributor_ids=(person,)),
        ContributionFilter(asset_id=asset, until=MAY + timedelta(hours=5)),
        ContributionFilter(contributor_ids=(person,), asset_id=asset, include_voided=True),
    ):
        at_first = [
            contribution.id for contribution in ledger.lists.contributions(chosen, limit=1000).items
        ]
        seen: list[str] = []
        page = ledger.lists.contributions(chosen, limit=6)
        while page.next:
            seen += [contribution.id for contribution in page.items]
            moment = (MAY + timedelta(hours=next(hours))).isoformat()
            new_contribution(ledger, person, asset, timestamp=moment)
            page = ledger.lists.contributions(chosen, limit=6, after=page.next)
        seen += [contribution.id for contribution in page.items]
        assert [the_id for the_id in seen if the_id in set(at_first)] == at_first
        assert len(seen) == len(set(seen))


def test_since_is_included_and_until_is_not_to_the_microsecond(ledger: Ledger) -> None:
    instant = timedelta(microseconds=1)
    for number, moment in enumerate((MAY - instant, MAY, MAY + instant)):
        one = report(f"{number:06x}", timestamp=moment.isoformat())
        ledger.commits.record(one, recorded_by="ci")

    def hashes(since: datetime | None, until: datetime | None) -> list[str | None]:
        chosen = ContributionFilter(since=since, until=until)
        return [
            contribution.commit_hash
            for contribution in ledger.lists.contributions(chosen, limit=9).items
        ]

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
    everything = ledger.lists.contributions(ContributionFilter(since=first), limit=9).items
    but_the_last = ledger.lists.contributions(
        ContributionFilter(since=first, until=last), limit=9
    ).items
    assert [contribution.timestamp for contribution in everything] == [last, first]
    assert [contribution.timestamp for contribution in but_the_last] == [first]


def test_pages_read_at_once_by_many_are_the_same(
    ledger: Ledger, contributions: list[StoredContribution]
) -> None:
    def walk() -> list[str]:
        seen: list[str] = []
        page = ledger.lists.contributions(ContributionFilter(), limit=9)
        while True:
            seen += [contribution.id for contribution in page.items]
            if page.next is None:
                return seen
            page = ledger.lists.contributions(ContributionFilter(), limit=9, after=page.next)

    expected = [contribution.id for contribution in contributions if not contribution.voided]
    assert at_once([walk] * 8) == [expected] * 8
