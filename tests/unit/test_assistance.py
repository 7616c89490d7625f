"""Which tools helped: what is told of them in public, and what the ledger keeps."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from shared.domain.assistance import Assistance, assistance_of
from shared.domain.contribution import CommitReport, StoredContribution
from shared.domain.contributor import ContributorType
from shared.domain.errors import InvalidInput
from shared.domain.fields import parse
from shared.domain.identity import Classifier
from shared.domain.place import Place
from shared.domain.push import read_push
from shared.domain.report import reports_of
from shared.domain.tool import tool_of_trailer
from tests.literals import NOW, REPORT

TABLE = Path(__file__).parents[1] / "data" / "assistance.tsv"
CLAUDE = {"email": "noreply@anthropic.com", "name": "Claude Opus 4.6 (1M context)"}
OPUS = Assistance(agent="Claude", model="claude-opus-4.6")


def spellings() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def kept(*told: Any, **changes: Any) -> StoredContribution:
    """The contribution that a report of this assistance becomes."""
    given = REPORT | ({"assistance": list(told)} if told else {}) | changes
    commit = parse(CommitReport, given)
    place = Place(commit.repository, commit.repository)
    [report] = reports_of(place, [commit], recorded_by="ci", request_nonce="1", now=NOW)
    return report.contribution(Classifier())


def of_message(message: str) -> StoredContribution:
    """The contribution that a pushed commit with this message becomes."""
    pushed = {"id": "abc123", "message": message, "author": {"email": "ada@example.com"}}
    event = {
        "ref": "refs/heads/main",
        "head_commit": {},
        "repository": {"full_name": "octo/demo", "default_branch": "main"},
        "commits": [pushed],
    }
    [commit] = read_push(event, branches=()).commits
    return kept(**{"repository": "octo/demo"} | commit)


def faults(*told: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        kept(*told)
    return [(fault.pointer, fault.message) for fault in refused.value.faults]


class TestSpellings:
    def test_are_many(self) -> None:
        assert len({row["trailer"] for row in spellings()}) >= 200

    @pytest.mark.parametrize("row", spellings(), ids=lambda row: str(row["trailer"]))
    def test_have_one_name_each(self, row: dict[str, str]) -> None:
        contribution = of_message(f"Subject\n\n{row['trailer']}\n")
        expected = Assistance(agent=row["agent"], model=row["model"] or None)
        assert contribution.assistance == ((expected,) if row["agent"] else ())

    @pytest.mark.parametrize("row", spellings(), ids=lambda row: str(row["trailer"]))
    def test_are_the_same_once_folded(self, row: dict[str, str]) -> None:
        if row["agent"]:
            folded = {"agent": row["agent"], "model": row["model"] or None}
            assert kept(folded).assistance == (Assistance(**folded),)


class TestTrailer:
    @pytest.mark.parametrize("value", ["", " ", ":", "Claude" * 40, "<" * 256, "a:" * 128, "@"])
    def test_of_any_text_is_read_or_nobody_s(self, value: str) -> None:
        tool = tool_of_trailer(value)
        assert tool is None or tool.agent


class TestReport:
    def test_may_name_agent_and_model_in_any_spelling(self) -> None:
        told = {"agent": "claude-code", "model": "Claude Opus 4.6 (1M context)"}
        assert kept(told).assistance == (OPUS,)

    def test_may_name_what_nobody_knows_and_that_stays_as_it_is(self) -> None:
        told = {"agent": "Our own helper", "model": "Large One[2]"}
        assert kept(told).assistance == (Assistance(agent="Our own helper", model="large-one"),)

    @pytest.mark.parametrize("model", [None, "unknown", "unspecified"])
    def test_need_not_tell_the_model(self, model: str | None) -> None:
        assert kept({"agent": "Cursor", "model": model}).assistance == (Assistance(agent="Cursor"),)

    def test_may_hold_trailers_as_they_stand_and_leaves_out_people(self) -> None:
        told = ["Ada Example <ada@example.com>", {"agent": "Amp"}, "Claude:claude-opus-4-6"]
        assert kept(*told).assistance == (Assistance(agent="Amp"), OPUS)

    @pytest.mark.parametrize(
        ("told", "pointer", "message"),
        [
            ({}, "/assistance/0/agent", "Field required"),
            ({"agent": " "}, "/assistance/0/agent", "must not be empty"),
            ({"agent": "x" * 257}, "/assistance/0/agent", "must have at most 256 characters"),
            ({"agent": "x", "model": ""}, "/assistance/0/model", "must not be empty"),
            ({"agent": "x", "who": 1}, "/assistance/0/who", "Extra inputs are not permitted"),
            ("x" * 257, "/assistance/0", "must have at most 256 characters"),
            ("a\nb", "/assistance/0", "must hold no control characters"),
            (5, "/assistance/0", "must be a JSON object"),
            (None, "/assistance/0", "must be a JSON object"),
        ],
    )
    def test_says_what_is_wrong(self, told: Any, pointer: str, message: str) -> None:
        assert faults(told) == [(pointer, message)]

    def test_has_ten_at_most_people_too(self) -> None:
        assert kept(*["Ada Example"] * 10).assistance == ()
        assert faults(*["Ada Example"] * 11) == [("/assistance", "must have at most 10 items")]


class TestAssistance:
    def test_is_told_by_a_co_author_that_is_an_agent_who_stays_one_with_nothing(self) -> None:
        contribution = kept(co_authors=[CLAUDE, {"email": "grace@example.com"}])
        assert contribution.assistance == (OPUS,)
        assert [credit.share_amount for credit in contribution.credits] == [
            50_000_000,
            0,
            50_000_000,
        ]

    def test_is_not_told_by_an_author_that_is_an_agent(self) -> None:
        contribution = kept(contributor_email=CLAUDE["email"], contributor_name=CLAUDE["name"])
        assert contribution.assistance == ()

    def test_goes_by_the_type_that_the_ledger_has_of_an_address(self) -> None:
        co_authors = {"helper@example.com": "Our helper", "noreply@anthropic.com": "Claude"}

        def type_of(email: str) -> ContributorType:
            return ContributorType.AGENT if "helper" in email else ContributorType.BOT

        assert assistance_of((), co_authors, type_of) == (Assistance(agent="Our helper"),)

    def test_names_each_tool_once_and_with_its_model_where_that_is_told(self) -> None:
        told = ["Claude", "Claude Code:claude-opus-4-6", "Codex", "Claude Sonnet 5", "Codex"]
        assert kept(*told, co_authors=[CLAUDE]).assistance == (
            OPUS,
            Assistance(agent="Codex"),
            Assistance(agent="Claude", model="claude-sonnet-5"),
        )

    def test_is_ten_tools_at_most(self) -> None:
        told = [{"agent": f"helper {number}"} for number in range(10)]
        assert len(kept(*told, co_authors=[CLAUDE]).assistance) == 10


class TestDifferences:
    @pytest.mark.parametrize(
        ("first", "again"),
        [
            (["Claude Opus 4.6"], ["Claude Code (claude-opus-4-6)"]),
            (["Claude", "Claude Opus 4.6"], ["Claude Opus 4.6", "Claude"]),
            ([], []),
        ],
    )
    def test_are_none_where_the_same_tools_are_told_of(
        self, first: list[str], again: list[str]
    ) -> None:
        for co_authors in ([], [CLAUDE], [{"email": "grace@example.com"}]):
            report = REPORT | {"assistance": again, "co_authors": co_authors}
            kept_one = kept(assistance=first, co_authors=co_authors)
            assert kept_one.differences(parse(CommitReport, report)) == ()

    @pytest.mark.parametrize(
        ("first", "again"),
        [
            (["Claude Opus 4.6"], ["Claude Opus 4.7"]),
            (["Claude Opus 4.6"], []),
            ([], ["Claude Opus 4.6"]),
            (["Claude"], ["Claude Opus 4.6"]),
            (["Claude", "Codex"], ["Claude"]),
        ],
    )
    def test_are_named(self, first: list[str], again: list[str]) -> None:
        report = parse(CommitReport, REPORT | {"assistance": again})
        assert kept(assistance=first).differences(report) == ("assistance",)

    def test_are_none_where_a_report_does_not_tell(self) -> None:
        report = parse(CommitReport, REPORT)
        assert kept("Claude Opus 4.6").differences(report) == ()
