"""GitHub's push event: the captured one, what is left out and why, and the people of a commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.domain.errors import InvalidInput
from shared.domain.push import Push, clean_name, read_push
from shared.domain.push import co_authors as people_in
from shared.domain.trailers import trailers

CAPTURED = Path(__file__).parents[1] / "data" / "webhooks"
HASH = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"


def captured(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((CAPTURED / f"{name}.json").read_text(encoding="utf-8"))
    return payload


def pushed(*commits: object, **changes: Any) -> dict[str, Any]:
    """The captured push with other commits, each given by what differs from the captured one."""
    payload = captured("push-first-commit")
    [first] = payload["commits"]
    payload["commits"] = [{**first, **c} if isinstance(c, dict) else c for c in commits]
    return {**payload, **changes}


def read(payload: Any, *branches: str) -> Push:
    return read_push(payload, branches=branches)


class TestReadPush:
    def test_reports_the_commits_of_a_captured_push(self) -> None:
        push = read(captured("push-first-commit"))
        assert push.repository.full_name == "Codertocat/Hello-World"
        assert push.ignored is None
        assert push.merges == ()
        assert push.cut is False
        assert push.commits == (
            {
                "contributor_email": "21031067+Codertocat@users.noreply.github.com",
                "contributor_name": "Codertocat",
                "commit_hash": HASH,
                "timestamp": "2019-05-15T15:19:25Z",
                "url": f"https://github.com/Codertocat/Hello-World/commit/{HASH}",
                "co_authors": [],
                "metadata": {"files_changed": 1, "has_tests": False, "has_docs": True},
            },
        )

    @pytest.mark.parametrize(
        ("name", "reason"),
        [("push-tag", "not a branch"), ("push-tag-deleted", "not a branch")],
    )
    def test_ignores_captured_pushes_of_tags(self, name: str, reason: str) -> None:
        assert read(captured(name)).ignored == reason

    def test_ignores_a_deleted_branch(self) -> None:
        payload = captured("push-tag-deleted") | {"ref": "refs/heads/master"}
        assert read(payload).ignored == "the branch was deleted, or holds no new commit"

    def test_ignores_a_branch_whose_deletion_only_the_missing_head_tells(self) -> None:
        assert read(pushed({}, head_commit=None)).ignored is not None

    @pytest.mark.parametrize(
        ("ref", "branches", "recorded"),
        [
            ("refs/heads/master", (), True),
            ("refs/heads/main", (), False),
            ("refs/heads/Master", (), False),
            ("refs/heads/feature/master", (), False),
            ("refs/heads/main", ("main", "release/1"), True),
            ("refs/heads/release/1", ("main", "release/1"), True),
            # The default branch is tracked where nothing else is named.
            ("refs/heads/master", ("main",), False),
            ("refs/tags/master", (), False),
            ("refs/heads/refs/heads/master", (), False),
        ],
    )
    def test_records_tracked_branches_only(
        self, ref: str, branches: tuple[str, ...], recorded: bool
    ) -> None:
        assert (read(pushed({}, ref=ref), *branches).ignored is None) is recorded

    def test_a_commit_that_other_branches_have_is_no_reason_to_skip(self) -> None:
        assert len(read(pushed({"distinct": False})).commits) == 1

    @pytest.mark.parametrize(
        "subject",
        [
            "Merge pull request #12 from octo/feature",
            "Merge branch 'feature'",
            "Merge branch 'main' of github.com:octo/repo",
            "Merge branches 'a' and 'b'",
            "Merge remote-tracking branch 'origin/main'",
            "Merge tag 'v1.0' into main",
            "Merge commit 'abc123' into main",
            "Merge commits 'abc123' and 'def456'",
            "Merge tags 'v1.0' and 'v1.1'",
            "Merge branch 'fix-(#12)'",
            "\nMerge branch 'feature'",
        ],
    )
    def test_leaves_out_merges_by_their_default_subjects(self, subject: str) -> None:
        push = read(pushed({"message": f"{subject}\n\nMore"}, {"id": "b" * 40}))
        assert push.merges == (HASH,)
        assert [commit["commit_hash"] for commit in push.commits] == ["b" * 40]

    @pytest.mark.parametrize(
        "subject",
        [
            "Merge the two parsers",
            "Merge pull requests faster",
            "merge branch 'feature'",
            "Fix: Merge branch 'feature'",
            "Merged branch 'feature'",
            # A squash merge is the contribution itself.
            "Add the parser (#12)",
            "Merge branch 'develop' into main (#12)",
            "Merge pull request #11 from octo/backport (#12)\r",
            "Merge tag 'v1.0' into main (#9) ",
            "Revert \"Merge branch 'feature'\"",
            # `git cherry-pick -x -m 1` makes one parent of two.
            "Merge pull request #12 from octo/feature\n\nFix\n\n(cherry picked from commit abc1)",
        ],
    )
    def test_keeps_commits_that_only_speak_of_merging(self, subject: str) -> None:
        message = f"{subject}\n\n* add parser\n* fix parser\n"
        push = read(pushed({"message": message}))
        assert push.merges == ()
        assert len(push.commits) == 1

    @pytest.mark.parametrize(
        "message",
        [
            "Merge branch 'x'\n\nUpdates (#12)",
            "Merge branch 'x' (#12) again",
            "Merge branch 'x'\n\nsays (cherry picked from commit abc1) somewhere",
        ],
    )
    def test_takes_a_merge_for_one_whatever_stands_below(self, message: str) -> None:
        assert read(pushed({"message": message})).merges == (HASH,)

    @pytest.mark.parametrize("given", [None, 5, "\ud800", {"id": 1}])
    def test_names_a_merge_whose_hash_is_none_by_plain_text(self, given: object) -> None:
        assert read(pushed({"message": "Merge branch 'x'", "id": given})).merges == ("",)

    @pytest.mark.parametrize(("listed", "cut"), [(2047, False), (2048, True), (2049, True)])
    def test_notices_where_github_cut_the_list(self, listed: int, cut: bool) -> None:
        push = read(pushed(*({"id": f"{number:040x}"} for number in range(listed))))
        assert push.cut is cut
        assert len(push.commits) == listed

    def test_counts_merges_among_what_github_listed(self) -> None:
        merge = {"message": "Merge branch 'x'"}
        push = read(pushed(merge, *({"id": f"{number:040x}"} for number in range(2047))))
        assert push.cut is True

    @pytest.mark.parametrize("author", [None, {}, "Somebody", {"email": None}, {"email": ""}])
    def test_reports_an_author_without_an_address_as_such(self, author: object) -> None:
        [commit] = read(pushed({"author": author})).commits
        assert commit["contributor_email"] == ""
        assert "contributor_name" not in commit

    def test_leaves_out_what_a_commit_does_not_say(self) -> None:
        missing = {"timestamp": None, "url": None, "message": None, "added": None}
        [commit] = read(pushed(missing)).commits
        assert commit == {
            "contributor_email": "21031067+Codertocat@users.noreply.github.com",
            "contributor_name": "Codertocat",
            "commit_hash": HASH,
            "co_authors": [],
            "metadata": {"files_changed": 0, "has_tests": False, "has_docs": False},
        }

    @pytest.mark.parametrize("paths", [5, "README.md", {"README.md": 1}, [None, 5]])
    def test_counts_no_files_where_there_is_no_list_of_paths(self, paths: object) -> None:
        [commit] = read(pushed({"added": paths})).commits
        assert commit["metadata"]["files_changed"] == 0

    def test_counts_each_file_once(self) -> None:
        paths = {"added": ["a", "b"], "modified": ["b", "c"], "removed": ["a"]}
        [commit] = read(pushed(paths)).commits
        assert commit["metadata"]["files_changed"] == 3

    @pytest.mark.parametrize(
        ("path", "tests", "docs"),
        [
            ("src/app.py", False, False),
            ("tests/app.py", True, False),
            ("src/Tests/data.json", True, False),
            ("test_app.py", True, False),
            ("src/conftest.py", True, False),
            ("src/app_test.go", True, False),
            ("src/app.spec.ts", True, False),
            ("src/AppTest.java", True, False),
            ("latest/app.py", False, False),
            ("tests", False, False),
            ("src/contest.py", False, False),
            ("test_.py", False, False),
            ("docs/guide.txt", False, True),
            ("guide.md", False, True),
            ("src/README", False, True),
            ("CHANGELOG.txt", False, True),
            ("readme_parser.py", False, False),
            ("docs/test_guide.md", False, True),
            ("docs/test_guide.py", True, True),
        ],
    )
    def test_tells_tests_and_documentation_by_path(
        self, path: str, tests: bool, docs: bool
    ) -> None:
        [commit] = read(pushed({"added": [], "removed": [path]})).commits
        assert commit["metadata"] == {"files_changed": 1, "has_tests": tests, "has_docs": docs}

    @pytest.mark.parametrize(
        "payload",
        [
            None,
            [],
            "push",
            {},
            {"repository": None},
            {"repository": {"full_name": None}},
            {"repository": {"full_name": "nobody"}},
            captured("ping"),
            pushed({}, ref=None),
            pushed({}, commits=None),
            pushed({}, commits={}),
        ],
    )
    def test_refuses_what_is_no_push(self, payload: object) -> None:
        with pytest.raises(InvalidInput):
            read(payload)

    def test_leaves_out_items_that_are_no_commits(self) -> None:
        assert len(read(pushed(None, "x", {})).commits) == 1


ANN = {"email": "ann@example.com", "name": "Ann"}


def co_authors(message: str) -> list[dict[str, str | None]]:
    return people_in(trailers(message), author="Dev@example.com")


class TestCoAuthors:
    @pytest.mark.parametrize(
        "message",
        [
            "Subject\n\nCo-authored-by: Ann <ann@example.com>",
            "Subject\n\nBody\n\nCo-authored-by: Ann <ann@example.com>\n",
            "Subject\r\n\r\nBody\r\n\r\nco-authored-by: Ann <Ann@Example.com>\r\n",
            "Subject\n\nCO-AUTHORED-BY:Ann<ann@example.com>",
            "Subject\n\nCo-authored-by: Ann\n <ann@example.com>",
            "Subject\n\nSigned-off-by: Bob <b@c.d>\nCo-authored-by: Ann <ann@example.com>",
            "S\n\nA remark\nSigned-off-by: Bob <b@c.d>\nCo-authored-by: Ann <ann@example.com>",
            "Subject\n\nCo-authored-by: Ann <ann@example.com>\n(cherry picked from commit abc)",
            "Subject\n \nCo-authored-by: Ann <ann@example.com> (pairing)",
            "Subject\n\nCo-authored-by: nobody\nCo-authored-by: x <y>\n"
            "Co-authored-by: Ann <ann@example.com>",
        ],
    )
    def test_are_found_among_the_trailers(self, message: str) -> None:
        assert co_authors(message) == [ANN]

    @pytest.mark.parametrize(
        "message",
        [
            "",
            "Subject",
            "Co-authored-by: Ann <ann@example.com>",
            "Subject\nCo-authored-by: Ann <ann@example.com>",
            # Not the last paragraph.
            "Subject\n\nCo-authored-by: Ann <ann@example.com>\n\nMore text",
            # Not a paragraph of trailers.
            "Subject\n\nWritten with\nCo-authored-by: Ann <ann@example.com>",
            "Subject\n\nSigned-off-by: Bob <b@c.d>\n\nWith\nCo-authored-by: Ann <ann@example.com>",
            "Subject\n\n> Co-authored-by: Ann <ann@example.com>",
            "Subject\n\nNot-co-authored-by: Ann <ann@example.com>",
        ],
    )
    def test_are_nowhere_else(self, message: str) -> None:
        assert co_authors(message) == []

    def test_keep_their_order(self) -> None:
        message = "S\n\nCo-authored-by: B <b@x.y>\nCo-authored-by: A <a@x.y>"
        assert [person["email"] for person in co_authors(message)] == ["b@x.y", "a@x.y"]

    def test_may_have_no_name(self) -> None:
        assert co_authors("S\n\nCo-authored-by: <a@x.y>") == [{"email": "a@x.y", "name": None}]

    def test_are_fifty_people_at_most(self) -> None:
        lines = [f"Co-authored-by: P <p{number}@x.y>" for number in range(60)]
        found = co_authors("S\n\n" + "\n".join(["Co-authored-by: Dev <dev@example.com>", *lines]))
        assert [person["email"] for person in found] == [f"p{number}@x.y" for number in range(50)]

    @pytest.mark.parametrize(
        "again", ["Ann <ann@example.com>", "A. <Ann@Example.com>", "<ann@example.com>"]
    )
    def test_are_named_once_by_their_first_name(self, again: str) -> None:
        lines = ["Co-authored-by: Ann <ann@example.com>", *[f"Co-authored-by: {again}"] * 60]
        message = "S\n\n" + "\n".join([*lines, "Co-authored-by: Al <al@example.com>"])
        assert co_authors(message) == [ANN, {"email": "al@example.com", "name": "Al"}]


class TestCleanName:
    @pytest.mark.parametrize(
        ("name", "clean"),
        [
            ("Ann", "Ann"),
            ("  Ann\tB.\n", "Ann B."),
            ("A\x00\x1bB\x7f", "A B"),
            ("A\ud83dB", "A B"),
            ("安全 ü", "安全 ü"),
            ("", None),
            (" \n", None),
            (None, None),
            (5, None),
            ("x" * 300, "x" * 256),
            ("x" * 255 + " y", "x" * 255),
        ],
    )
    def test_fits_the_ledger(self, name: object, clean: str | None) -> None:
        assert clean_name(name) == clean
