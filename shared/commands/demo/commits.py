"""Commits that nobody wrote, as the action would report them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from shared.commands.demo.cast import (
    FIRMWARE,
    FORECAST,
    HANDBOOK,
    MAP,
    PEOPLE,
    RELEASES,
    SALINITY,
    TOOLS,
    UPDATES,
    WEBSITE,
    WORKER,
    Member,
)


@dataclass(frozen=True)
class Project:
    """A repository: its pushes a week, its first week, and how likely commits have tests, docs."""

    name: str
    number: int
    about: str
    pace: float
    since: int
    tests: float
    docs: float


PROJECTS = (
    Project(
        FORECAST,
        518_022_741,
        "Tide and surge forecasts for small harbours, every hour",
        pace=4.2,
        since=0,
        tests=0.6,
        docs=0.2,
    ),
    Project(
        FIRMWARE,
        518_039_902,
        "What runs on the buoys that measure",
        pace=2.6,
        since=0,
        tests=0.4,
        docs=0.1,
    ),
    Project(
        MAP,
        531_870_155,
        "A map of harbours and their water levels",
        pace=2.2,
        since=3,
        tests=0.3,
        docs=0.1,
    ),
    Project(
        HANDBOOK,
        518_101_337,
        "How we measure, forecast and publish",
        pace=1.3,
        since=0,
        tests=0,
        docs=1,
    ),
    Project(
        SALINITY,
        529_448_610,
        "Salinity of the fjords since 1961, with the code that checks it",
        pace=1.6,
        since=2,
        tests=0.5,
        docs=0.3,
    ),
    Project(WEBSITE, 902_215_084, "What visitors see", pace=2.4, since=48, tests=0.3, docs=0.1),
)

# Agents come into use from this week on, more with every week.
_FIRST_ASSISTED = 52
_OF_WORKER = 0.16


class Author:
    """Makes up the commits of a project in a week, always the same with the same `random`."""

    def __init__(self, project: Project, week: int, random: Random) -> None:
        self.project = project
        self.week = week
        self._random = random
        self.members = [m for m in PEOPLE if project.name in m.repositories and week in m.weeks]
        self._assisted = min(0.5, max(0, week - _FIRST_ASSISTED) / 90)

    def somebody(self) -> Member:
        """One of those who work on it then, or the agent that does so by itself."""
        if self._assisted and self.week in WORKER.weeks and self._random.random() < _OF_WORKER:
            return WORKER
        [member] = self._random.choices(self.members, [m.share for m in self.members])
        return member

    def work(self, member: Member, at: datetime) -> dict[str, Any]:
        """A commit of theirs, some with others or with a tool."""
        files = 1 + min(int(self._random.expovariate(0.45)), 30)
        commit = self._commit(
            member,
            at,
            files_changed=files,
            lines_added=int(files * self._random.expovariate(1 / 26)),
            lines_deleted=int(files * self._random.expovariate(1 / 12)),
            has_tests=self._random.random() < self.project.tests,
            has_docs=self._random.random() < self.project.docs,
        )
        others = [m for m in self.members if m.name != member.name]
        if others and (member is WORKER or self._random.random() < 0.13):
            together = self._random.sample(
                others, k=min(len(others), self._random.choice((1, 1, 1, 2)))
            )
            commit["co_authors"] = [{"email": m.email, "name": m.name} for m in together]
        if member is not WORKER and self._random.random() < self._assisted:
            tool = self._random.choice(TOOLS)
            if self._random.random() < 0.6:
                beside = {"email": tool.email, "name": tool.name}
                commit["co_authors"] = [*commit.get("co_authors", ()), beside]
            else:
                commit["assistance"] = [tool.trailer]
        return commit

    def update(self, at: datetime) -> dict[str, Any]:
        """A dependency's new version."""
        return self._commit(UPDATES, at, files_changed=2, lines_added=14, lines_deleted=14)

    def release(self, at: datetime) -> dict[str, Any]:
        """A release's notes, written by a workflow."""
        return self._commit(RELEASES, at, files_changed=2, lines_added=31, has_docs=True)

    def _commit(self, member: Member, at: datetime, **metadata: int | bool) -> dict[str, Any]:
        text = f"{self.project.name} {self.week} {member.email} {self._random.random()}"
        name = hashlib.sha256(text.encode()).hexdigest()[:40]
        return {
            "contributor_email": member.email,
            **({"contributor_name": member.name} if member.name else {}),
            "commit_hash": name,
            "timestamp": at.isoformat(),
            "metadata": metadata,
            "url": f"https://github.example.com/{self.project.name}/commit/{name}",
        }
