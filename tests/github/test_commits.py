"""What is reported of a commit: who, when and how much, however odd the commit is."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commits import Person
from shared.domain.email import normalise_email, spelt_as_today
from tests.github.repositories import ADA, GRACE, Repository
from tests.github.runner import Runner
from tests.github.stub_ledger import StubLedger

RunnerFor = Callable[..., Runner]


@pytest.fixture
def report(
    origin: Repository, runner_for: RunnerFor, ledger: StubLedger
) -> Callable[[str], list[dict[str, Any]]]:
    """Return what pushes all after the given commit, and yields what the ledger was sent."""

    def push(before: str) -> list[dict[str, Any]]:
        run = runner_for(origin.head).push(before, origin.head, inputs=ledger.inputs)
        assert run.status == 0
        return ledger.sent

    return push


Report = Callable[[str], list[dict[str, Any]]]


class TestTheReport:
    def test_of_an_ordinary_commit_has_these_members_and_no_others(
        self, origin: Repository, report: Report
    ) -> None:
        origin.commit(files={"src/a.py": "1\n2\n3\n"})
        before = origin.head
        pushed = origin.commit(files={"src/a.py": "1\n4\n5\n6\n", "src/b.py": "1\n"})

        assert report(before) == [
            {
                "contributor_email": "ada@example.com",
                "contributor_name": "Ada Lovelace",
                "commit_hash": pushed,
                "timestamp": "2023-11-14T22:15:20Z",
                "url": f"https://github.com/octo/demo/commit/{pushed}",
                "metadata": {
                    "files_changed": 2,
                    "lines_added": 4,
                    "lines_deleted": 2,
                    "has_tests": False,
                    "has_docs": False,
                },
            }
        ]

    def test_goes_to_the_batch_endpoint_as_json_with_the_key(
        self, origin: Repository, report: Report, ledger: StubLedger
    ) -> None:
        before = origin.head
        origin.commit()

        report(before)

        (request,) = ledger.requests
        assert (request.method, request.path) == ("POST", "/v1/contributions/github/batch")
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["X-Api-Key"] == "stub-key-7f3a"
        assert request.body.startswith(b'{"repository":"octo/demo","commits":[{')


class TestThePeople:
    def test_mailmap_decides_who_the_author_is_and_the_written_address_comes_along(
        self, origin: Repository, report: Report
    ) -> None:
        origin.commit(files={".mailmap": "Ada King <ada@example.com> <lovelace@old.example>\n"})
        before = origin.head
        origin.commit(author=("lovelace", "lovelace@old.example"))
        origin.commit(author=ADA)

        mapped, plain = report(before)

        assert mapped["contributor_email"] == "ada@example.com"
        assert mapped["contributor_name"] == "Ada King"
        assert mapped["author_email"] == "lovelace@old.example"
        assert "author_email" not in plain

    def test_mailmap_of_the_pushed_commit_counts_where_another_one_is_checked_out(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        first = origin.head
        origin.commit(author=("lovelace", "lovelace@old.example"))
        pushed = origin.commit(
            files={".mailmap": "Ada King <ada@example.com> <lovelace@old.example>\n"}
        )
        runner = runner_for(pushed)
        Repository(runner.workspace).git("checkout", "--quiet", first)

        runner.push(first, pushed, inputs=ledger.inputs)

        assert {commit["contributor_email"] for commit in ledger.sent} == {"ada@example.com"}

    def test_co_authors_are_those_of_the_last_paragraph_mailmapped_and_each_once(
        self, origin: Repository, report: Report
    ) -> None:
        origin.commit(files={".mailmap": "Grace Hopper <grace@example.com> <hopper@navy.mil>\n"})
        before = origin.head
        origin.commit(
            "Work together\n\n"
            "Co-authored-by: Not a trailer <quoted@example.com>\n\n"
            "Text in between.\n\n"
            "Reviewed-by: Reviewer <reviewer@example.com>\n"
            "Co-Authored-By: hopper <hopper@navy.mil>\n"
            "co-authored-by: Folded\n Name <folded@example.com>\n"
            "Co-authored-by: Grace again <GRACE@example.com>\n"
            "Co-authored-by: Grace unseen <gr\u200bace@example.com\ufe0f>\n"
            "Co-authored-by: Ada herself <ada@example.com>\n"
            "Co-authored-by: --help <dash@example.com>\n"
            "Co-authored-by: Nobody <not an address>\n"
            "Co-authored-by: No brackets at all\n"
        )

        (commit,) = report(before)

        assert commit["co_authors"] == [
            {"email": "grace@example.com", "name": "Grace Hopper"},
            {"email": "folded@example.com", "name": "Folded Name"},
            {"email": "dash@example.com", "name": "--help"},
        ]

    def test_tools_are_told_of_as_the_trailers_of_the_last_paragraph_do(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        origin.commit(
            "Have it written\n\n"
            "Assisted-by: Not a trailer\n\n"
            "Text in between.\n\n"
            "Assisted-by: Claude:claude-opus-4-6 sparse\n"
            "GENERATED-BY : Folded\n\tTool\n"
            "Assisted-by: Claude:claude-opus-4-6 sparse\n"
            "Assisted-by:\n"
            "Co-authored-by: Cursor <cursoragent@cursor.com>\n"
            "Assisted-by: Grace <grace@example.com>\n"
        )

        (commit,) = report(before)

        assert commit["assistance"] == [
            "Claude:claude-opus-4-6 sparse",
            "Folded Tool",
            "Grace <grace@example.com>",
        ]
        assert commit["co_authors"] == [{"email": "cursoragent@cursor.com", "name": "Cursor"}]

    def test_a_commit_without_trailers_has_no_co_authors(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        origin.commit("Subject\n\nBody that mentions Co-authored-by: A <a@example.com> inline.\n")
        origin.commit_object(b"Ada <ada@example.com> 1700000000 +0000", message=b"")

        for commit in report(before):
            assert commit.keys().isdisjoint({"co_authors", "assistance"})

    def test_at_most_fifty_co_authors_are_reported(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        trailers = [f"Co-authored-by: P{n} <p{n}@example.com>" for n in range(60)]
        origin.commit("All of us\n\n" + "\n".join(trailers) + "\n")

        (commit,) = report(before)

        assert [person["email"] for person in commit["co_authors"]] == [
            f"p{n}@example.com" for n in range(50)
        ]

    def test_a_flood_of_trailers_neither_blocks_nor_breaks_the_report(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        origin.commit(
            "Flood\n\n"
            "Co-authored-by: Grace <grace@example.com>\n"
            f"Co-authored-by: Endless <{'a' * 200_000}@example.com>\n"
            + "".join(f"Co-authored-by: N{n} <no address {n}>\n" for n in range(20_000))
            + "Co-authored-by: Late <late@example.com>\n"
        )

        (commit,) = report(before)

        assert commit["co_authors"] == [{"email": "grace@example.com", "name": "Grace"}]

    @pytest.mark.parametrize(
        "email",
        [
            "49699333+dependabot[bot]@users.noreply.github.com",
            "root@localhost",
            "user@host.(none)",
            "zoë@exämple.org",
            "a" * 242 + "@example.com",
        ],
    )
    def test_addresses_that_git_authors_really_have_are_reported(
        self, origin: Repository, report: Report, email: str
    ) -> None:
        before = origin.head
        origin.commit(author=("Somebody", email))

        assert [commit["contributor_email"] for commit in report(before)] == [email]

    @given(st.text(st.sampled_from("aAÅ\u030a@@. \t\n\xa0\x85\u200b\ufeff\u2028İ"), max_size=9))
    @example("\u200b@example.com")
    @example(" \u200b a@b \ufeff ")
    @example("\u200b" * 300 + "a@b")
    @example("İ" * 126 + "@b")
    @example("İ" * 127 + "@b")
    def test_an_address_is_usable_where_the_ledger_takes_it_and_spelt_as_there(
        self, email: str
    ) -> None:
        person = Person(email, "")
        try:
            spelt = normalise_email(email)
        except ValueError:
            assert not person.usable
        else:
            assert person.usable
            assert person.address == spelt

    def test_the_characters_that_nobody_sees_are_those_of_the_ledger(self) -> None:
        blocks = ((0, 0x3200), (0xFE00, 0x10000), (0x1BC00, 0x1D200), (0xE0000, 0xE1001))
        emails = [f"a{chr(point)}b@x" for block in blocks for point in range(*block)]

        dropped = {email for email in emails if Person(email, "").address == "ab@x"}

        assert dropped == {email for email in emails if spelt_as_today(email) == "ab@x"}
        assert len(dropped) > 4000

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "nobody",
            "@example.com",
            "ada@",
            "a b@example.com",
            "a@b@c",
            "é" * 244 + "@example.com",
        ],
    )
    def test_an_author_without_a_usable_address_is_unreportable_and_never_sent(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger, email: str
    ) -> None:
        before = origin.head
        good = origin.commit()
        bad = origin.commit_object(f"Nobody <{email}> 1700000000 +0000".encode())

        run = runner_for(bad).push(before, bad, inputs=ledger.inputs)

        assert ledger.hashes == [good]
        assert run.counts == (1, 0, 0, 0)
        assert run.outputs["unreportable"] == "1"
        assert run.annotations("error") == []
        assert f"| [`{bad[:10]}`]" in run.summary

    def test_an_unusable_written_address_is_left_out_where_mailmap_knows_a_better_one(
        self, origin: Repository, report: Report
    ) -> None:
        origin.commit(files={".mailmap": "Ada Lovelace <ada@example.com> <ada at home>\n"})
        before = origin.head
        origin.commit_object(b"ada <ada at home> 1700000000 +0000")

        (commit,) = report(before)

        assert commit["contributor_email"] == "ada@example.com"
        assert "author_email" not in commit


class TestHostileText:
    @pytest.mark.parametrize(
        ("written", "reported"),
        [
            (b"$(touch pwned) `id` \"'; rm -rf", "$(touch pwned) `id` \"'; rm -rf"),
            (b"M\xfcller", "M\N{REPLACEMENT CHARACTER}ller"),
            (b"\xed\xa0\x80", "\N{REPLACEMENT CHARACTER}" * 3),
            (b"a\x01b\x1b[31mc\x7fd\re\tf\xc2\x85g", "a b [31mc d e f g"),
            (b"x" * 400, "x" * 256),
            (b"commit 0123456789012345678901234567890123456789", "commit " + "0123456789" * 4),
            ("Zoë 👩🏽‍💻".encode(), "Zoë 👩🏽‍💻"),
        ],
    )
    def test_in_a_name_is_reported_as_plain_text(
        self, origin: Repository, report: Report, written: bytes, reported: str
    ) -> None:
        before = origin.head
        origin.commit_object(written + b" <eve@example.com> 1700000000 +0000")

        assert [commit["contributor_name"] for commit in report(before)] == [reported]

    def test_a_name_of_nothing_is_left_out(self, origin: Repository, report: Report) -> None:
        before = origin.head
        origin.commit_object(b"<eve@example.com> 1700000000 +0000")

        assert "contributor_name" not in report(before)[0]

    def test_a_commit_in_another_encoding_is_reported_in_utf_8(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        origin.git("config", "i18n.commitEncoding", "ISO-8859-1")
        tree, parent = origin.git("rev-parse", "HEAD^{tree}"), origin.head
        identity = "Müller <m@example.com> 1700000000 +0000"
        text = (
            f"tree {tree}\nparent {parent}\nauthor {identity}\ncommitter {identity}\n"
            "encoding ISO-8859-1\n\nGrüße\n\nCo-authored-by: Jörg <j@example.com>\n"
        )
        made = origin.git(
            "hash-object", "-t", "commit", "-w", "--stdin", given=text.encode("iso-8859-1")
        )
        origin.git("reset", "--quiet", "--hard", made)

        (commit,) = report(before)

        assert commit["contributor_name"] == "Müller"
        assert commit["co_authors"] == [{"email": "j@example.com", "name": "Jörg"}]

    @pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16", "UTF-32", "UTF-7", "IBM037", "x"])
    @pytest.mark.parametrize("subject", ["Odd", "Odd!"])
    def test_the_encoding_of_a_message_is_not_believed_of_the_header(
        self, origin: Repository, report: Report, encoding: str, subject: str
    ) -> None:
        before = origin.head
        origin.commit_object(
            b"Adam+ <a+b@example.com> 1700000000 +0000",
            message=f"{subject}\n\nCo-authored-by: J\xf6rg <j+k@example.com>\n".encode(),
            encoding=encoding,
        )

        (commit,) = report(before)

        assert commit["contributor_email"] == "a+b@example.com"
        assert commit["contributor_name"] == "Adam+"
        assert commit["timestamp"] == "2023-11-14T22:13:20Z"
        assert commit["co_authors"] == [{"email": "j+k@example.com", "name": "J\xf6rg"}]

    @pytest.mark.parametrize(
        ("encoding", "name"),
        [
            ("ISO-2022-JP", "ゼロ・ダックス"),
            ("EUC-JP", "日本 太郎"),
            ("Shift_JIS", "表 ソ"),
            ("GB18030", "张三"),
            ("KOI8-R", "Иван"),
            ("windows-1252", "Zoë “Z”"),
        ],
    )
    def test_a_name_is_read_in_the_commits_encoding(
        self, origin: Repository, report: Report, encoding: str, name: str
    ) -> None:
        before = origin.head
        origin.commit_object(
            name.encode(encoding) + b" <z@example.com> 1700000000 +0000",
            message=f"Odd\n\nCo-authored-by: {name} <c@example.com>\n".encode(encoding),
            encoding=encoding,
        )

        (commit,) = report(before)

        assert commit["contributor_name"] == name
        assert commit["co_authors"] == [{"email": "c@example.com", "name": name}]

    def test_in_file_names_changes_no_count_and_starts_no_program(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        names: list[str | bytes] = [
            "with space and 'quotes\".txt",
            "$(touch pwned);`touch pwned`",
            "line\nbreak\n\n.txt",
            "9\t9\ttabs",
            "-n",
            "--output=pwned",
            ":(exclude)magic",
            f"commit {'0' * 40}",
            os.fsencode("latin-") + b"\xff\xfe.txt",
            "日本語/ファイル.txt",
        ]
        before = origin.head
        origin.commit(files=dict.fromkeys(names, "1\n2\n"))
        pushed = origin.commit()

        runner = runner_for(pushed)

        run = runner.push(before, pushed, inputs=ledger.inputs)

        hostile, _ = ledger.sent
        assert hostile["metadata"]["files_changed"] == len(names)
        assert hostile["metadata"]["lines_added"] == 2 * len(names)
        assert run.counts == (2, 0, 0, 0)
        assert not (runner.workspace / "pwned").exists()

    def test_in_a_branch_name_starts_no_program(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        branch = "$(touch${IFS}pwned)`touch${IFS}pwned`'\";touch"
        origin.branch(branch)
        pushed = origin.commit()
        runner = runner_for(pushed, branch=branch)

        runner.push("0" * 40, pushed, branch=branch, inputs=ledger.inputs)

        assert ledger.hashes == [pushed]
        assert not (runner.workspace / "pwned").exists()


class TestTheTime:
    @pytest.mark.parametrize(
        ("written", "reported"),
        [
            (b"1700000000 +0530", "2023-11-14T22:13:20Z"),
            (b"0 +0000", "1970-01-01T00:00:00Z"),
            (b"253402300799 +0000", "9999-12-31T23:59:59Z"),
            (b"253402300800 +0000", "2023-11-14T22:14:20Z"),
            (b"99999999999999999999999 +0000", "2023-11-14T22:14:20Z"),
            (b"", "2023-11-14T22:14:20Z"),
        ],
    )
    def test_is_when_the_commit_was_written_or_committed_where_that_is_no_time(
        self, origin: Repository, report: Report, written: bytes, reported: str
    ) -> None:
        before = origin.head
        origin.commit_object(b"Ada <ada@example.com> " + written)

        assert [commit["timestamp"] for commit in report(before)] == [reported]


class TestTheSize:
    def test_a_binary_file_counts_as_a_file_without_lines(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        origin.commit(files={"image.png": b"\x89PNG\0\0\n\n\n", "a.txt": "1\n"})

        metadata = report(before)[0]["metadata"]

        assert (metadata["files_changed"], metadata["lines_added"]) == (2, 1)

    def test_a_rename_counts_as_one_file_and_its_new_name_counts(
        self, origin: Repository, report: Report
    ) -> None:
        origin.commit(files={"src/old name.py": "line\n" * 20})
        before = origin.head
        origin.rename("src/old name.py", "tests/new\tname.py")

        metadata = report(before)[0]["metadata"]

        assert metadata == {
            "files_changed": 1,
            "lines_added": 0,
            "lines_deleted": 0,
            "has_tests": True,
            "has_docs": False,
        }

    def test_a_commit_that_changes_nothing_has_zeros(
        self, origin: Repository, report: Report
    ) -> None:
        before = origin.head
        origin.commit(files={})
        origin.commit(author=GRACE)

        empty, other = report(before)

        assert empty["metadata"]["files_changed"] == 0
        assert empty["metadata"]["lines_added"] == 0
        assert other["metadata"]["files_changed"] == 1

    def test_nobodys_git_configuration_changes_it(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        origin.commit(files={"a.txt": "line\n" * 20})
        before = origin.head
        origin.rename("a.txt", "b.txt")
        runner = runner_for(origin.head)
        workspace = Repository(runner.workspace)
        for name, value in {
            "diff.renames": "false",
            "color.ui": "always",
            "log.showSignature": "true",
            "log.showRoot": "false",
            "diff.external": "touch pwned",
            "log.mailmap": "false",
            "core.quotePath": "true",
            "i18n.logOutputEncoding": "UTF-16",
        }.items():
            workspace.git("config", name, value)

        runner.push(before, origin.head, inputs=ledger.inputs)

        assert [commit["metadata"]["files_changed"] for commit in ledger.sent] == [1]
        assert not (runner.workspace / "pwned").exists()

    def test_a_first_commit_counts_all_its_lines(
        self, origin: Repository, runner_for: RunnerFor, ledger: StubLedger
    ) -> None:
        runner = runner_for(origin.head)
        Repository(runner.workspace).git("config", "log.showRoot", "false")

        runner.push("0" * 40, origin.head, inputs=ledger.inputs)

        assert ledger.sent[0]["metadata"]["lines_added"] == 1
