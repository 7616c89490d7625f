"""What is made up for `make demo`: always the same, about nobody, and alive whenever one looks."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.commands.demo.__main__ import _FOLDER, demo
from shared.commands.demo.cast import PEOPLE
from shared.commands.demo.events import Push
from shared.commands.demo.history import history
from shared.commands.errors import CommandError
from shared.commands.local.signals import stop_signals
from shared.web.settings import Settings

NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
# https://www.rfc-editor.org/rfc/rfc2606#section-3
NOBODY = re.compile(r".*@((.*\.)?example\.(com|org)|users\.noreply\.github\.com)")


def pushes(now: datetime) -> list[Push]:
    return [event for event in history(now) if isinstance(event, Push)]


def hashes(now: datetime) -> list[str]:
    return [commit["commit_hash"] for push in pushes(now) for commit in push.commits]


class TestHistory:
    def test_is_the_same_whenever_it_is_told(self) -> None:
        assert hashes(NOW) == hashes(NOW)
        # A week begins on Monday; what was told on Thursday is told on Saturday too, and goes on.
        earlier, later = hashes(NOW), hashes(NOW + timedelta(days=2))
        assert set(earlier[:-1]) < set(later)

    def test_has_each_commit_once_with_a_whole_hash(self) -> None:
        told = hashes(NOW)
        assert len(told) > 1500
        assert len(set(told)) == len(told)
        assert all(re.fullmatch("[0-9a-f]{40}", each) for each in told)

    @pytest.mark.parametrize("days", range(7))
    def test_goes_back_two_years_and_on_until_now(self, days: int) -> None:
        now = NOW + timedelta(days=days)
        events = history(now)
        assert events == sorted(events, key=lambda event: event.at)
        assert timedelta(0) < now - events[-1].at < timedelta(hours=1)
        assert timedelta(days=720) < now - events[0].at < timedelta(days=740)

    def test_has_everybody_in_it_on_the_first_day_of_a_week_too(self) -> None:
        monday = datetime(2026, 11, 23, 0, 1, tzinfo=UTC)
        commits = [commit for push in pushes(monday) for commit in push.commits]
        credited = {c["contributor_email"] for c in commits}
        credited |= {person["email"] for c in commits for person in c.get("co_authors", ())}
        assert {member.email for member in PEOPLE} - credited == set()


class TestDemo:
    def test_is_what_a_taken_port_is_changed_for(self, tmp_path: Path) -> None:
        (tmp_path / "embedded").mkdir()
        with (
            socket.create_server(("127.0.0.1", 0)) as taken,
            stop_signals() as signals,
            pytest.raises(CommandError, match=r"Choose another one: PORT=\d+ make demo$"),
        ):
            demo({"PORT": str(taken.getsockname()[1])}, tmp_path, signals)


class TestCast:
    def test_is_forty_people_whom_nobody_is(self) -> None:
        assert len({member.name for member in PEOPLE}) == 40
        assert [member.email for member in PEOPLE if not NOBODY.fullmatch(member.email)] == []

    def test_is_kept_where_nothing_else_is(self) -> None:
        assert Settings.from_environment({}).data_dir != _FOLDER
