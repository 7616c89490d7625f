"""The two years of the made-up ledger: what happened when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from shared.commands.demo.cast import FIRMWARE, FORECAST, HANDBOOK, MAP, PEOPLE, PIER_MAP, WEBSITE
from shared.commands.demo.commits import PROJECTS, Author
from shared.commands.demo.events import Description, Event, Join, Push, Refusal, Void

WEEKS = 104
_SEED = 20
_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
# How likely a push is on which day, from Monday on, and in which hour.
_DAYS = (9, 10, 10, 10, 8, 3, 2)
_HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 9, 11, 11, 9, 7, 10, 11, 10, 9, 7, 5, 5, 6, 5, 4, 2)
_QUIET_WEEKS = {5, 6, 30, 31, 32, 57, 58, 82, 83, 84}
_JOINED_IN, _RENAMED_IN = 43, 58
_DESCRIBED_AFTER = 8
# What is voided on the next day: in which week, where, what was reported, why, and the right cost.
_MISTAKES: tuple[tuple[int, str, dict[str, Any], str, str | None], ...] = (
    (33, FORECAST, {"cost_amount": "480"}, "The decimal point is missing", "48"),
    (54, FIRMWARE, {"metadata": {"files_changed": 212, "lines_added": 18400}}, "Vendored", None),
    (77, HANDBOOK, {}, "Written by somebody else at this laptop", None),
    (98, WEBSITE, {"metadata": {"files_changed": 2, "lines_added": 9731}}, "A lock file", None),
)


def history(now: datetime) -> list[Event]:
    """All that happened until `now`, in order: the same whenever it is told.

    Its weeks begin on Mondays and the last one is that of `now`, so its end is not told yet.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = midnight - midnight.weekday() * _DAY - WEEKS * _WEEK
    random = Random(_SEED)  # noqa: S311 - it makes up a story
    events = [*_changes(begin)]
    for week in range(WEEKS + 1):
        for project in PROJECTS:
            if week >= project.since:
                author = Author(project, week, random)
                events += _pushes(author, begin + week * _WEEK, random)
                events += _mistake(author, begin + week * _WEEK)
    events = [event for event in events if event.at < now - timedelta(hours=1)]
    # Whatever day it is, somebody was at it only now.
    latest, author = now - timedelta(minutes=40), Author(PROJECTS[0], WEEKS, random)
    commit = author.work(PEOPLE[1], latest)
    events.append(Push(latest, FORECAST, author.project.number, [commit]))
    return sorted(events, key=lambda event: event.at)


def _pushes(author: Author, begin: datetime, random: Random) -> Iterator[Push]:
    project, week = author.project, author.week
    name = PIER_MAP if project.name == MAP and week < _RENAMED_IN else project.name
    pace = project.pace * (0.4 + 0.5 * week / WEEKS) * (0.4 if week in _QUIET_WEEKS else 1)
    for _ in range(int(pace + random.random())):
        [day], [hour] = random.choices(range(7), _DAYS), random.choices(range(24), _HOURS)
        at = begin + day * _DAY + timedelta(hours=hour, seconds=random.randrange(3600))
        member = author.somebody()
        yield Push(
            at, name, project.number, [author.work(member, when) for when in _before(at, random)]
        )
    turn = PROJECTS.index(project)
    if week % 3 == turn % 3:
        at = begin + timedelta(hours=5, seconds=random.randrange(3600))
        yield Push(at, name, project.number, [author.update(at)])
    if week % 9 == turn:
        at = begin + 3 * _DAY + timedelta(hours=15, seconds=random.randrange(3600))
        yield Push(at, name, project.number, [author.release(at)])


def _before(at: datetime, random: Random) -> list[datetime]:
    """When the commits of a push were written, the last one just before it."""
    times = [at - timedelta(seconds=random.randrange(20, 240))]
    for _ in range(min(int(random.expovariate(0.7)), 6)):
        times.insert(0, times[0] - timedelta(seconds=random.randrange(400, 5000)))
    return times


def _mistake(author: Author, begin: datetime) -> Iterator[Event]:
    for week, repository, reported, reason, instead in _MISTAKES:
        if (week, repository) == (author.week, author.project.name):
            at = begin + 2 * _DAY + timedelta(hours=11)
            commit = author.work(author.members[0], at) | reported
            yield Push(at, repository, author.project.number, [commit])
            yield Void(at + _DAY, repository, commit["commit_hash"], reason, instead)


def _changes(begin: datetime) -> Iterator[Event]:
    for project in PROJECTS:
        name = PIER_MAP if project.name == MAP else project.name
        at = begin + (project.since + _DESCRIBED_AFTER) * _WEEK
        yield Description(at, name, project.about)
    ana, still_ana = PEOPLE[0].email, PEOPLE[1].email
    yield Join(begin + _JOINED_IN * _WEEK, ana, still_ana, "Told us herself")
    yield Refusal(
        begin + (WEEKS - 1) * _WEEK + 3 * _DAY,
        code="forbidden",
        reason="This key may not record for nordlys-lab/salinity-paper",
        repository="nordlys-lab/salinity-paper",
    )
