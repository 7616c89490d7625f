"""Trailers: what is found in a message is what the git of this machine finds in it."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.trailers import trailers

BOB = "Co-authored-by: Bob <bob@example.com>"
FOUND = [("Co-authored-by", "Bob <bob@example.com>")]
SIGNED = "Signed-off-by: S <s@x.y>"
SCISSORS = "# ------------------------ >8 ------------------------"

# Lines of which each means something to git, wherever it stands.
LINES = [
    "",
    " ",
    "\t",
    "\r",
    "text",
    " folded",
    "\tfolded",
    "Key: value",
    "Key:",
    "key :\tvalue ",
    "a b: c",
    "é: no key",
    "-: dash",
    "#",
    "# comment",
    "#Key: value",
    "#\tsrc/a.py",
    "# Conflicts:",
    "Conflicts:",
    "Conflicts:\r",
    "\tsrc/a.py",
    "---",
    "--- a/file",
    "\f",
    "\x0bx",
    "\xa0",
    SCISSORS,
    f"{SCISSORS}\r",
    SIGNED,
    "Signed-off-by:S",
    "(cherry picked from commit abc)",
    BOB,
]
lines = st.sampled_from(LINES)
messages = st.lists(lines, max_size=14).map("\n".join)


def of_git(message: str) -> list[tuple[str, str]]:
    """What `git interpret-trailers` finds, on a machine without any configuration."""
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse", "--no-divider"],
        input=message.encode(),
        capture_output=True,
        check=True,
        cwd="/",
        env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    pairs = (line.split(": ", 1) for line in done.stdout.decode().split("\n")[:-1])
    return [(key, value) for key, value in pairs]


class TestTrailers:
    @pytest.mark.parametrize(
        ("paragraph", "found"),
        [
            ("Key: value", [("Key", "value")]),
            ("key : value", [("key", "value")]),
            ("key:value", [("key", "value")]),
            ("Key:", [("Key", "")]),
            ("Key:\n  folded\n\ttwice", [("Key", "folded twice")]),
            ("a b: c", []),
            ("https://example.com", [("https", "//example.com")]),
            ("Key: value\nother", []),
            ("  folded\nKey: value", []),
            (f"one\ntwo\nthree\n{SIGNED}", [("Signed-off-by", "S <s@x.y>")]),
            (f"one\ntwo\nthree\nfour\n{SIGNED}", []),
            (f"one\n  of it\n  more\n  yet\n{SIGNED}", []),
            ("(cherry picked from commit abc)\nKey: v", [("Key", "v")]),
            ("(cherry picked from commit abc)\n  folded\nKey: v", [("Key", "v")]),
            # What git and editors write below.
            (f"{BOB}\n\n# Conflicts:\n#\tsrc/a.py", FOUND),
            (f"{BOB}\n# Please enter the commit message for your changes.", FOUND),
            (f"# Before\n{BOB}", FOUND),
            (f"{BOB}\n# Between\nKey: v", [*FOUND, ("Key", "v")]),
            (f"{BOB}\n\nConflicts:\n\tsrc/a.py\n\tsrc/b.py", FOUND),
            (f"{BOB}\n\nConflicts:\n\tsrc/a.py\nMore text", []),
            (f"{BOB}\n{SCISSORS}\n# Do not modify the line above.\ndiff --git a/x b/x", FOUND),
            # A patch's divider means nothing in a commit.
            (f"{BOB}\n---\n a.py | 2 +-", []),
            (f"---\n\n{BOB}", FOUND),
            # What goes on below a comment belongs to nothing.
            ("Key: a\n# comment\n b", []),
            (f"{SIGNED}\nKey: a\n# comment\n b", [("Signed-off-by", "S <s@x.y>"), ("Key", "a")]),
            # Only git's own white space is white.
            (f"text\n\xa0\n{BOB}", []),
            (f"text\n\t \r\n{BOB}", FOUND),
            (f"{BOB}\n \n# c\n \n", FOUND),
        ],
    )
    def test_are_found_as_git_finds_them(
        self, paragraph: str, found: list[tuple[str, str]]
    ) -> None:
        message = f"Subject\n\n{paragraph}\n"
        assert trailers(message) == found
        assert of_git(message) == found

    @given(messages)
    @example("")
    @example("#\n\nKey: v")
    @settings(max_examples=1000)
    def test_are_git_s_in_any_message(self, rest: str) -> None:
        message = f"Subject\n{rest}"
        assert trailers(message) == of_git(message)

    def test_of_a_message_with_a_nul_stand_before_it_as_for_git_log(self) -> None:
        assert trailers(f"Subject\n\n{BOB}\n\0\n\nKey: v\n") == FOUND
        assert trailers(f"Subject\0\n\n{BOB}\n") == []

    def test_are_never_in_the_subject_that_blank_lines_stand_before(self) -> None:
        assert trailers(f"\n \n{BOB}\n") == []
        assert trailers(f"\n \nSubject\n\n{BOB}\n") == FOUND

    def test_of_a_value_on_very_many_lines_are_found_in_a_moment(self) -> None:
        [(_, value)] = trailers("S\n\nKey:" + "\n x" * 200_000)
        assert len(value) == 2 * 200_000 - 1
