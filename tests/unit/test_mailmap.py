"""A mailmap's addresses, as git itself reads them."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from shared.domain.mailmap import Mailmap

MAILMAP = """\
# <ada@x.org> <comment@x.org>
Ada Lovelace <ada@x.org>
<ada@x.org> <home@x.org>
  Ada Lovelace <Ada@X.org>   <WORK@x.org> # and a comment

Ada <ada@x.org> Build <bugs@x.org>
Bea <bea@x.org> <bea@old.org>
Bea <bea@x.org> <bea@x.org>
<no address> <bea@other.org>
<bea@x.org
"""


class TestParsing:
    def test_gives_the_proper_address_of_each_other_one(self) -> None:
        mailmap = Mailmap.parse(MAILMAP)
        assert mailmap.proper == {
            "home@x.org": "ada@x.org",
            "work@x.org": "ada@x.org",
            "bea@old.org": "bea@x.org",
        }
        assert mailmap.lines == {"home@x.org": 3, "work@x.org": 4, "bea@old.org": 7}

    def test_keeps_lines_that_need_a_name_or_cannot_be_used_apart(self) -> None:
        mailmap = Mailmap.parse(MAILMAP)
        assert mailmap.needing_a_name == {6: "Ada <ada@x.org> Build <bugs@x.org>"}
        assert mailmap.unusable == {9: "<no address> <bea@other.org>"}

    def test_takes_the_last_line_about_an_address(self) -> None:
        mailmap = Mailmap.parse("<a@x> <c@x>\n<b@x> <C@x>\n<d@x> <e@x>\n<e@x> <e@x>")
        assert mailmap.proper == {"c@x": "b@x"}


class TestPeople:
    def test_have_the_proper_address_first(self) -> None:
        assert Mailmap.parse(MAILMAP).people() == [
            ("ada@x.org", "home@x.org", "work@x.org"),
            ("bea@x.org", "bea@old.org"),
        ]

    def test_are_followed_to_the_last_one_and_in_no_circle(self) -> None:
        for lines in ("<b@x> <a@x>\n<c@x> <b@x>", "<c@x> <b@x>\n<b@x> <a@x>"):
            assert Mailmap.parse(lines).people() == [("c@x", "b@x", "a@x")]
        [circle] = Mailmap.parse("<b@x> <a@x>\n<c@x> <b@x>\n<a@x> <c@x>").people()
        assert sorted(circle) == ["a@x", "b@x", "c@x"]


def test_it_agrees_with_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    dice = random.Random(1)
    pieces = ["A B", "", " ", "#", "<a@x>", "<A@x>", "<b@x>", "<c@x> ", "<d@x", "e@x>", "<>", "\t"]
    emails = [f"{letter}@x" for letter in "abcde"]
    compared = 0
    for _ in range(60):
        lines = ["".join(dice.choices(pieces, k=dice.randint(1, 5))) for _ in range(6)]
        (tmp_path / ".mailmap").write_text("\n".join(lines) + "\n")
        mailmap = Mailmap.parse("\n".join(lines))
        told = subprocess.run(
            ["git", "check-mailmap", *(f"<{email}>" for email in emails)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        for email, shown in zip(emails, told.stdout.splitlines(), strict=True):
            proper = shown.partition("<")[2].partition(">")[0].lower()
            # Git takes any text between the brackets.
            if proper in emails:
                assert mailmap.proper.get(email, email) == proper, lines
                compared += proper != email
    assert compared > 20
