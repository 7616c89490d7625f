"""Commits that no ledger takes: named once, with what mends them, and no reason to fail."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from tests.github.repositories import Repository
from tests.github.runner import Backfill, Run, Runner
from tests.github.stub_ledger import StubLedger

RunnerFor = Callable[..., Runner]

MENDED = "ada@example.com"

ADDRESSES = [
    "(no author)@13f79535-47bb-0310-9956-ffa450edef68",
    "nobody",
    "",
    "root",
    "a@b@c",
    "Ada Lovelace",
    "@",
    "é" * 260,
    "ada lovelace@example.com",
    "<ada at example dot com",
    "tab\there",
    " ",
    "a" * 1000,
    "##[error]x",
    "\u202enobody",
    "\u200b\ufe0f@example.com",
]


def author(email: str, name: str = "Somebody") -> bytes:
    return f"{name} <{email}> 1700000000 +0000".encode()


def remedy(text: str) -> str:
    """Return the one remedy in it: a line for .mailmap, or the command that writes one."""
    (line,) = set(re.findall(r"(?:mends it|that mends it): (.*)$", text, re.MULTILINE))
    return str(line)


def mend(repository: Repository, line: str) -> None:
    """Do as the remedy says, and commit."""
    line = line.replace("Name <name@example.com>", f"Ada <{MENDED}>")
    if line.startswith("git log"):
        subprocess.run(["bash", "-c", line], cwd=repository.path, check=True)
        repository.commit("Mend", files={})
    else:
        repository.commit("Mend", files={".mailmap": f"{line}\n"})


class TestTheBackfill:
    @pytest.mark.parametrize("email", ADDRESSES)
    def test_ends_with_0_and_with_a_remedy_that_works(
        self, origin: Repository, backfill: Backfill, ledger: StubLedger, email: str
    ) -> None:
        bad = [origin.commit_object(author(email)) for _ in range(2)]

        done = backfill.run()

        assert done.returncode == 0
        assert done.stdout == "Done. 1 recorded, 0 replayed, 0 rejected, 2 unreportable.\n"
        assert done.stderr.count("Unreportable: 2 commits") == 1
        assert f"as in {bad[1][:10]}." in done.stderr
        assert "lovelace@example" not in done.stderr
        assert not re.search("[\x1b\u202e]|##\\[", done.stderr)

        mend(origin, remedy(done.stderr))
        again = backfill.run()

        assert again.stdout == "Done. 3 recorded, 1 replayed, 0 rejected.\n"
        assert {ledger.entries[made]["contributor_email"] for made in bad} == {MENDED}

    def test_names_each_author_once(self, origin: Repository, backfill: Backfill) -> None:
        for email, name in (("a", "One"), ("a", "Two"), ("b", "One"), ("", "One"), ("", "Two")):
            origin.commit_object(author(email, name))

        done = backfill.run()

        assert sorted(re.findall(r"<name@example\.com> (.*)", done.stderr)) == [
            *("<a>", "<b>", "One <>", "Two <>"),
        ]

    def test_does_not_count_who_a_mailmap_knows(
        self, origin: Repository, backfill: Backfill
    ) -> None:
        origin.commit_object(author("nobody"))
        origin.commit(files={".mailmap": f"Ada <{MENDED}> <nobody>\n"})

        assert backfill.run().stdout == "Done. 3 recorded, 0 replayed, 0 rejected.\n"


class TestTheAction:
    @pytest.fixture
    def run(self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger) -> Run:
        before = origin.head
        for email in ("(no author)@uuid", "(no author)@uuid", "first last@example.com"):
            pushed = origin.commit_object(author(email))
        inputs = ledger.inputs | {"fail-on-error": "true"}
        return runner_for(pushed).push(before, pushed, inputs=inputs)

    def test_warns_of_each_author_once_and_fails_nothing(self, run: Run) -> None:
        first, second = run.annotations("warning")

        assert run.status == 0
        assert run.outputs["unreportable"] == "3"
        assert run.counts == (0, 0, 0, 0)
        assert first.endswith(
            "This line in .mailmap mends it: Name <name@example.com> <(no author)@uuid>"
        )
        assert re.search(r"git log -1 --format='Name <.*> <%25ae>' \w{10} >> \.mailmap$", second)
        assert "last@" not in run.log

    def test_shows_the_remedies_in_the_summary(self, run: Run) -> None:
        assert "- Unreportable: 2 commits by an author without a usable address" in run.summary
        assert "&#60;(no author)&#64;uuid&#62;" in run.summary
        assert "0 recorded, 0 replayed, 0 rejected, 3 unreportable" in run.summary
